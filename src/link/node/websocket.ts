import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { type Clock, systemClock } from '../clock.ts';
import { FRAME_TOO_LARGE, tooLarge } from '../close-code.ts';
import type { DialFailure } from '../dial-failure.ts';
import type { Pipe } from '../pipe.ts';
import { type OnThrow, SocketPipe } from './socket-pipe.ts';

export const DEFAULT_MAX_PAYLOAD = 16 * 1024 * 1024;

export type WebSocketOptions = {
  /** Bytes of the largest frame the peer may send. Default 16 MiB. */
  readonly maxPayload?: number | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
};

export type ServerOptions = WebSocketOptions & { readonly threw?: OnThrow | undefined };

export type DialOptions = WebSocketOptions & {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the handshake may take. Default 15 s. */
  readonly timeoutMs?: number | undefined;
};

export type AcceptOptions = ServerOptions & {
  /** The stream under the socket, as `upgrade` hands it over (or `request.socket` of `connection`). */
  readonly raw: Duplex;
};

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
        resolve(new SocketPipe(socket, { raw, clock, maxPayload, side: 'client' }));
      });
    });
  });
  return dialling.catch((error: Error) => failureOf(error, place));
}

/** A pipe over an open WebSocket; deflate and the limit on what is received are set where the socket is made, as by `acceptUpgrades`. */
export function accept(socket: WebSocket, options: AcceptOptions): Pipe {
  const { raw, clock = systemClock, maxPayload = DEFAULT_MAX_PAYLOAD, threw } = options;
  return new SocketPipe(socket, { raw, clock, maxPayload, side: 'server', threw });
}

/** A class that tells the peer why its frame was too large; `ws` itself closes with the bare code. */
export function webSocketClass(maxPayload: number): typeof WebSocket {
  return class extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, reason ?? (code === FRAME_TOO_LARGE ? tooLarge(maxPayload).reason : undefined));
    }
  };
}

type CodedError = Error & { readonly code?: string };

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
