import { type Clock, systemClock } from './clock.ts';
import { delivery } from './delivery.ts';
import type { DialFailure } from './dial-failure.ts';
import type { Closed, Pipe } from './pipe.ts';

export type WebSocketPipeOptions = {
  readonly protocols?: readonly string[] | undefined;
  /** How long the handshake may take. Default 15 s. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
};

/** The standard socket tells nobody when its buffer is empty. */
const LOOK_EVERY_MS = 20;
/** RFC 6455 5.5: a control frame has 125 bytes, two of them are the close code. */
const MAX_REASON_BYTES = 123;

/**
 * Connects over the `WebSocket` of the platform, as browsers have it. It can set no headers, and does not say why a connection failed.
 * Messages of failures name the address without its query, where tickets travel.
 */
export function webSocketPipe(url: string, options: WebSocketPipeOptions = {}): Promise<Pipe | DialFailure> {
  const { protocols = [], timeoutMs = 15_000, clock = systemClock } = options;
  if (!URL.canParse(url))
    return Promise.resolve({ kind: 'error', message: 'not a URL; write it like ws://127.0.0.1:8283' });
  const { protocol, host, pathname } = new URL(url);
  const place = `${protocol}//${host}${pathname}`;
  return new Promise((resolve) => {
    const socket = new WebSocket(url, [...protocols]);
    socket.binaryType = 'arraybuffer';
    const timer = clock.after(timeoutMs, () => {
      resolve({ kind: 'timeout', message: `${place} did not answer within ${timeoutMs / 1000} s` });
      socket.close();
    });
    socket.onopen = () => {
      timer.cancel();
      resolve(pipeOver(socket, clock));
    };
    // Replaced once it is open, so what comes here is that it never was.
    socket.onclose = () => {
      timer.cancel();
      resolve({ kind: 'error', message: `cannot connect to ${place}` });
    };
  });
}

function pipeOver(socket: WebSocket, clock: Clock): Pipe {
  const told = delivery();
  const utf8 = new TextDecoder();
  let own: Closed | undefined;
  let looking = false;

  const isOpen = (): boolean => !own && socket.readyState === WebSocket.OPEN;

  function lookForDrained(): void {
    if (looking) return;
    looking = true;
    clock.after(LOOK_EVERY_MS, () => {
      looking = false;
      if (!isOpen()) return;
      if (socket.bufferedAmount > 0) lookForDrained();
      else told.drained();
    });
  }

  socket.onmessage = ({ data }) => told.message(typeof data === 'string' ? data : utf8.decode(data));
  socket.onclose = ({ code, reason }) => told.end(own ?? { code, reason });

  return {
    send(text) {
      if (!isOpen()) return;
      socket.send(text);
      lookForDrained();
    },
    get unsent() {
      return isOpen() ? socket.bufferedAmount : 0;
    },
    get open() {
      return isOpen();
    },
    close(code = 1000, reason = '') {
      if (!isOpen()) return;
      own = { code, reason };
      told.seal();
      if (maySend(code)) socket.close(code, clip(reason));
      else socket.close();
      // A peer that is gone would keep the closing handshake, and with it the listener, waiting for minutes.
      queueMicrotask(() => told.end({ code, reason }));
    },
    listen: (listener) => told.listen(listener),
  };
}

/** A page may send no other codes (WebSockets standard, `close`). */
const maySend = (code: number): boolean => code === 1000 || (code >= 3000 && code <= 4999);

/** As much as a close frame holds, without cutting a character in two. */
function clip(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  return bytes.length <= MAX_REASON_BYTES
    ? reason
    : new TextDecoder().decode(bytes.subarray(0, MAX_REASON_BYTES)).replace(/\uFFFD$/, '');
}
