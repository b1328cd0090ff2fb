import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type RawData, WebSocket } from 'ws';
import { type Clock, systemClock } from '../clock.ts';
import { FRAME_TOO_LARGE, maySend, tooLarge, VANISHED } from '../close-code.ts';
import { delivery } from '../delivery.ts';
import type { DialFailure } from '../dial-failure.ts';
import { keepAlive } from '../keep-alive.ts';
import type { Closed, Pipe } from '../pipe.ts';
import { corkPerTurn } from './cork.ts';
import { SharedWriter } from './shared-writes.ts';

export const DEFAULT_MAX_PAYLOAD = 16 * 1024 * 1024;

export type WebSocketOptions = {
  /** Bytes of the largest frame the peer may send. Default 16 MiB. */
  readonly maxPayload?: number | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
};

export type DialOptions = WebSocketOptions & {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the handshake may take. Default 15 s. */
  readonly timeoutMs?: number | undefined;
};

export type AcceptOptions = WebSocketOptions & {
  /** The stream under the socket, as `upgrade` hands it over (or `request.socket` of `connection`). */
  readonly raw: Duplex;
};

/** So much of one peer is worked in a turn of the event loop; then it is the turn of the others (LINK-3). */
const TURN_BYTES = 64 * 1024;

/** A peer that does not answer our close, say because it is dead, is cut off after this. */
const CLOSE_WITHIN_MS = 10_000;

/** RFC 6455 5.5: a control frame has 125 bytes, two of them are the close code. */
const MAX_REASON_BYTES = 123;

/** How much of the body of a refused upgrade is repeated. */
const MAX_EXPLANATION = 200;

/**
 * Connects to a `ws:` or `wss:` URL (`http:` and `https:` mean the same). Redirects are not followed. Messages of failures
 * name the address without user and query, where tokens travel.
 */
export function dial(url: string, options: DialOptions = {}): Promise<Pipe | DialFailure> {
  const { headers = {}, timeoutMs = 15_000, clock = systemClock, maxPayload = DEFAULT_MAX_PAYLOAD } = options;
  const place = placeOf(url);
  if (!place)
    return Promise.resolve({ kind: 'error', message: 'not a URL; write it like ws://127.0.0.1:8283' });

  const dialling = new Promise<Pipe | DialFailure>((resolve) => {
    const socket = new (webSocketClass(maxPayload))(url, {
      headers: { ...headers },
      maxPayload,
      perMessageDeflate: false,
    });
    const fail = (failure: DialFailure): void => {
      timer.cancel();
      resolve(failure);
      socket.terminate();
    };
    const failed = (error: Error): void => fail(failureOf(error, place));
    const timer = clock.after(timeoutMs, () =>
      fail({ kind: 'timeout', message: `${place} did not answer within ${timeoutMs / 1000} s` }),
    );
    socket.on('error', failed);
    socket.on('unexpected-response', (_request, response) => refusalOf(response, place).then(fail));
    socket.on('upgrade', ({ socket: raw }) => {
      socket.once('open', () => {
        timer.cancel();
        socket.off('error', failed);
        resolve(pipeOver(socket, { ...options, raw }, 'client'));
      });
    });
  });
  return dialling.catch((error: Error) => failureOf(error, place));
}

/**
 * A pipe over an open WebSocket. Nothing is read before `listen`. Binary messages are taken for text, as stock peers do.
 * Deflate and the limit on what is received are set where the socket is made, by `dial` and `acceptUpgrades`.
 */
export const accept = (socket: WebSocket, options: AcceptOptions): Pipe =>
  pipeOver(socket, options, 'server');

function pipeOver(socket: WebSocket, options: AcceptOptions, side: 'server' | 'client'): Pipe {
  const { raw, clock = systemClock, maxPayload = DEFAULT_MAX_PAYLOAD } = options;
  const told = delivery();
  let own: Closed | undefined;
  let failure: Error | undefined;
  let owesDrained = false;

  const isOpen = () => !own && socket.readyState === WebSocket.OPEN;
  const life = keepAlive({
    clock,
    probe: () => socket.ping(),
    dead: (silentMs) => close(VANISHED, `no byte from the peer for ${Math.round(silentMs / 1000)} s`),
  });

  function close(code = 1000, reason = ''): void {
    if (!isOpen()) return;
    own = { code, reason };
    told.seal();
    life.stop();
    socket.resume();
    writer?.flush();
    if (!maySend(code)) return socket.terminate();
    socket.close(code, clip(reason));
    const timer = clock.after(CLOSE_WITHIN_MS, () => socket.terminate());
    socket.once('close', () => timer.cancel());
  }
  function written(error?: Error | null): void {
    // A failed write is told by the end of the socket.
    if (error || !owesDrained || unsent() > 0) return;
    owesDrained = false;
    told.drained();
  }

  // A client masks each frame by a key of its own (RFC 6455 5.3), so only a server's frames can be shared.
  const writer = side === 'server' ? new SharedWriter(raw, written) : null;
  const cork = corkPerTurn(raw);
  function write(text: string): void {
    if (writer) return writer.send(text);
    cork();
    socket.send(Buffer.from(text), { binary: false }, written);
  }
  const unsent = () => socket.bufferedAmount + (writer?.bytes ?? 0);

  let worked = 0;
  function heard(text: string): void {
    told.message(text);
    worked += text.length;
    if (worked < TURN_BYTES || socket.isPaused) return;
    socket.pause();
    setImmediate(() => {
      worked = 0;
      socket.resume();
    });
  }

  socket.pause();
  raw.on('data', life.heard);
  socket.on('message', (data) => heard(textOf(data)));
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', (code, reason) => {
    life.stop();
    told.end(own ?? endOf(failure, maxPayload) ?? { code, reason: reason.toString() });
  });

  return {
    send(text) {
      if (!isOpen()) return;
      owesDrained = true;
      write(text);
    },
    get unsent() {
      return unsent();
    },
    get open() {
      return isOpen();
    },
    close,
    listen(listener) {
      told.listen(listener);
      socket.resume();
    },
  };
}

/** A class that tells the peer why its frame was too large; `ws` itself closes with the bare code. */
export function webSocketClass(maxPayload: number): typeof WebSocket {
  return class extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, reason ?? (code === FRAME_TOO_LARGE ? tooLarge(maxPayload).reason : undefined));
    }
  };
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)).toString();
}

/** As much of `reason` as a close frame holds, without cutting a character in two. */
function clip(reason: string): string {
  return new StringDecoder('utf8').write(Buffer.from(reason).subarray(0, MAX_REASON_BYTES));
}

type CodedError = Error & { readonly code?: string };

/** The end that an error of the socket means; the codes are those of RFC 6455 7.4.1. */
function endOf(error: CodedError | undefined, maxPayload: number): Closed | undefined {
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

/** The address as it may be shown, or nothing for what is no URL. */
function placeOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function failureOf(error: CodedError, place: string): DialFailure {
  if (error.code === 'ECONNREFUSED') {
    return { kind: 'refused', message: `nobody listens at ${place}; start it there or check the address` };
  }
  return { kind: 'error', message: `cannot connect to ${place}: ${error.message}` };
}

/** Keeps the HTTP status of a refused upgrade and the start of what the server said about it. */
async function refusalOf(response: IncomingMessage, place: string): Promise<DialFailure> {
  const status = response.statusCode ?? 0;
  let body = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
      if (body.length > MAX_EXPLANATION) break;
    }
  } catch {
    // A body that breaks off explains less, the status stands.
  }
  const said = [response.statusMessage, body.slice(0, MAX_EXPLANATION)].filter(Boolean).join(': ');
  return {
    kind: 'status',
    status,
    message: `${place} answered ${status} ${said.replace(/\p{Cc}+/gu, ' ')}`.trim(),
  };
}
