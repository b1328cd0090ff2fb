import type { IncomingMessage, Server } from 'node:http';
import { type Clock, systemClock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { failure } from '../protocol/errors.ts';
import type { Scope } from '../protocol/shapes.ts';
import { type Denial, denialOf } from './credentials.ts';
import { pipesOfHttp } from './http-server.ts';
import { type Remote, type RuntimeInfo, Seat } from './remote.ts';
import { pipesOfSockets, type SocketServer } from './socket-server.ts';

export type HttpPlace = {
  /** Your HTTP server. Stock runtimes need this: they register by HTTP before they connect. */
  readonly server: Server;
  /** Where runtimes connect; their base URL ends in it. Everything else of the server is left alone. Default `/`. */
  readonly path?: string | undefined;
  /** How runtimes reach `path` when a proxy stands between, such as `https://example.org/remote`. Default: the `Host` they ask at. */
  readonly publicUrl?: string | undefined;
};

export type SocketPlace = {
  /** Your `WebSocketServer` of the `ws` package; every connection to it counts as a runtime's. */
  readonly wss: SocketServer;
};

export type AcceptOptions = (HttpPlace | SocketPlace) & {
  /** What the runtime must show as `Authorization: Bearer <token>`. */
  readonly token: string;
  /** Origins of web pages that may connect, such as `https://example.org`. Default none; runtimes send no `Origin`. */
  readonly origins?: readonly string[] | undefined;
  /** Conversations to `sync` whenever a runtime connects. Default none; see also `Remote.follow`. */
  readonly follow?: readonly Scope[] | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
};

/**
 * Gives one runtime, Farhand or stock, a place on your own server: `farhand remote --url http://localhost:8284` connects to it.
 * Whoever has not the token is closed with 1008 before anything is read.
 * @throws TypeError when the token is empty.
 */
export function acceptRemote(options: AcceptOptions): Remote {
  const { token, origins = [], follow = [], clock = systemClock } = options;
  if (token.trim() === '') throw new TypeError('acceptRemote needs a token that is not empty.');
  const credentials = { token, origins };

  function denial(request: IncomingMessage): Denial | null {
    const denied = denialOf(request, credentials);
    if (denied) {
      const code = denied.status === 401 ? 'unauthorized' : 'forbidden';
      const from = request.socket.remoteAddress ?? 'an unknown address';
      seat.problem(failure(code, `Somebody at ${from} was turned away: ${denied.message}.`));
    }
    return denied;
  }
  function onPipe(pipe: Pipe, request: IncomingMessage): void {
    const denied = denial(request);
    if (denied) pipe.close(1008, denied.message);
    else seat.take(pipe, runtimeOf(request));
  }
  const stop =
    'wss' in options
      ? pipesOfSockets(options.wss, clock, onPipe)
      : pipesOfHttp({ ...readPlace(options), server: options.server, denial, clock }, onPipe);
  const seat: Seat = new Seat({ clock, stop, follow });
  return seat;
}

const readPlace = ({ path = '', publicUrl }: HttpPlace) => ({
  path: `/${path}`.replace(/\/+/g, '/').replace(/\/$/, ''),
  publicUrl: publicUrl?.replace(/\/+$/, ''),
});

function runtimeOf({ url = '/' }: IncomingMessage): RuntimeInfo {
  const query = new URLSearchParams(url.split('?')[1]);
  return { deviceId: query.get('deviceId'), name: query.get('connectionName') };
}
