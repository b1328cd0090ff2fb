import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type RawData, WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { maySend, tooLarge, VANISHED } from '../close-code.ts';
import { delivery, type Guard } from '../delivery.ts';
import { type KeepAlive, type KeepAliveOptions, keepAlive } from '../keep-alive.ts';
import type { Closed, Pipe, PipeListener } from '../pipe.ts';
import { corkPerTurn } from './cork.ts';
import { SharedWriter } from './shared-writes.ts';

export type SocketPipeOptions = {
  /** The stream under the socket. */
  readonly raw: Duplex;
  readonly clock: Clock;
  /** Bytes of the largest frame the peer may send, as the socket was told when it was made. */
  readonly maxPayload: number;
  readonly side: 'server' | 'client';
  readonly threw?: OnThrow | undefined;
};

/** What a listener of `pipe` has thrown; default: it is thrown on. */
export type OnThrow = (error: unknown, pipe: Pipe) => void;

/** So much of one peer is worked in a turn of the event loop; then it is the turn of the others (LINK-3). */
const TURN_BYTES = 64 * 1024;

/** A peer that does not answer our close, say because it is dead, is cut off after this. */
const CLOSE_WITHIN_MS = 10_000;

/** RFC 6455 5.5: a control frame has 125 bytes, two of them are the close code. */
const MAX_REASON_BYTES = 123;

/**
 * A pipe over an open WebSocket. Nothing is read before `listen`. Binary messages are taken for text, as stock peers do. A broker has ten
 * thousands of them: hence a class, and the options by which it watches over its peer are its own.
 */
export class SocketPipe implements Pipe, KeepAliveOptions, Guard {
  readonly clock: Clock;
  readonly #socket: WebSocket;
  readonly #told = delivery(this);
  readonly #life: KeepAlive;
  readonly #writer: SharedWriter | null;
  readonly #cork: (() => void) | null;
  readonly #threw: OnThrow | undefined;
  readonly #written = (error?: Error | null): void => this.#wrote(error);
  #own: Closed | undefined;
  #owesDrained = false;
  #worked = 0;

  constructor(socket: WebSocket, { raw, clock, maxPayload, side, threw }: SocketPipeOptions) {
    this.clock = clock;
    this.#socket = socket;
    this.#threw = threw;
    this.#life = keepAlive(this);
    // A client masks each frame by a key of its own (RFC 6455 5.3), so only a server's frames can be shared.
    this.#writer = side === 'server' ? new SharedWriter(raw, this.#written) : null;
    this.#cork = side === 'server' ? null : corkPerTurn(raw);
    let failure: Error | undefined;
    socket.pause();
    raw.on('data', () => this.#life.heard());
    socket.on('message', (data) => this.#hear(textOf(data)));
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', (code, reason) => {
      this.#life.stop();
      this.#told.end(this.#own ?? endOf(failure, maxPayload) ?? { code, reason: reason.toString() });
    });
  }

  get open(): boolean {
    return !this.#own && this.#socket.readyState === WebSocket.OPEN;
  }

  get unsent(): number {
    return this.#socket.bufferedAmount + (this.#writer?.bytes ?? 0);
  }

  send(text: string): void {
    if (!this.open) return;
    this.#owesDrained = true;
    if (this.#writer) return this.#writer.send(text);
    this.#cork?.();
    this.#socket.send(Buffer.from(text), { binary: false }, this.#written);
  }

  listen(listener: PipeListener): void {
    this.#told.listen(listener);
    this.#socket.resume();
  }

  whenEnded(told: (why: Closed) => void): void {
    this.#told.whenEnded(told);
  }

  close(code = 1000, reason = ''): void {
    if (!this.open) return;
    const socket = this.#socket;
    this.#own = { code, reason };
    this.#told.seal();
    this.#life.stop();
    socket.resume();
    this.#writer?.flush();
    if (!maySend(code)) return socket.terminate();
    socket.close(code, clip(reason));
    const timer = this.clock.after(CLOSE_WITHIN_MS, () => socket.terminate());
    socket.once('close', () => timer.cancel());
  }

  probe(): void {
    this.#socket.ping();
  }

  dead(silentMs: number): void {
    this.close(VANISHED, `no byte from the peer for ${Math.round(silentMs / 1000)} s`);
  }

  threw(error: unknown): void {
    if (!this.#threw) throw error;
    this.#threw(error, this);
  }

  #hear(text: string): void {
    this.#told.message(text);
    this.#worked += text.length;
    const socket = this.#socket;
    if (this.#worked < TURN_BYTES || socket.isPaused) return;
    socket.pause();
    setImmediate(() => {
      this.#worked = 0;
      socket.resume();
    });
  }

  #wrote(error: Error | null | undefined): void {
    // A failed write is told by the end of the socket.
    if (error || !this.#owesDrained || this.unsent > 0) return;
    this.#owesDrained = false;
    this.#told.drained();
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString();
}

/** As much of `reason` as a close frame holds, without cutting a character in two. */
function clip(reason: string): string {
  return new StringDecoder('utf8').write(Buffer.from(reason).subarray(0, MAX_REASON_BYTES));
}

/** The end that an error of the socket means; the codes are those of RFC 6455 7.4.1. */
function endOf(
  error: (Error & { readonly code?: string }) | undefined,
  maxPayload: number,
): Closed | undefined {
  if (!error) return undefined;
  switch (error.code) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return tooLarge(maxPayload);
    case 'WS_ERR_INVALID_UTF8':
      return { code: 1007, reason: 'a message of the peer is not UTF-8' };
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return { code: 1008, reason: 'a message of the peer came in too many pieces' };
    default:
      return { code: error.code?.startsWith('WS_ERR_') ? 1002 : VANISHED, reason: error.message };
  }
}
