import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../link/clock.ts';
import { acceptUpgrades, refuseUpgrade } from '../link/node/upgrade.ts';
import { limits } from '../protocol/limits.ts';
import { answerRegistration, type RegistrationDesk } from './registration.ts';
import type { OnPipe } from './socket-server.ts';

export type HttpDoor = RegistrationDesk & { readonly server: Server; readonly clock: Clock };

/** The paths of a server that are taken. */
const places = new WeakMap<Server, Set<string>>();

/**
 * Takes part in somebody's HTTP server: WebSockets at `path`, registrations below it, and nothing else. Returns what stops it. Who may
 * connect is for `onPipe` to say.
 * @throws TypeError when that path of the server is taken already.
 */
export function pipesOfHttp(door: HttpDoor, onPipe: OnPipe): () => void {
  const { server, path, clock } = door;
  const acceptUpgrade = acceptUpgrades({ maxPayload: limits.frameFromDevice, clock });
  const registerPath = `${path}/v1/environments/register`;
  let stopped = false;
  const taken = places.get(server) ?? new Set();
  if (taken.has(path))
    throw new TypeError(
      `This server already has a place for a runtime at ${path || '/'}. Give each its own path.`,
    );
  places.set(server, taken.add(path));

  function upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (pathOf(request) === path)
      return acceptUpgrade(request, socket, head, (pipe) => onPipe(pipe, request));
    // Node leaves an upgrade to its listeners: where there are none but ours, the first of ours answers for all.
    const onlyOurs = server.listenerCount('upgrade') === taken.size;
    const [first] = taken;
    if (onlyOurs && first === path && !taken.has(pathOf(request))) refuseUpgrade(socket, 404);
  }

  // A listener cannot keep a request from the others, which would answer it a second time.
  const emit = server.emit;
  function emitRest(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'request' && !stopped) {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (request.method === 'POST' && pathOf(request) === registerPath) {
        void answerRegistration(door, request, response);
        return true;
      }
    }
    return Reflect.apply(emit, server, [event, ...args]);
  }
  server.emit = emitRest;
  server.on('upgrade', upgraded);
  return () => {
    stopped = true;
    taken.delete(path);
    server.off('upgrade', upgraded);
    // Who has wrapped it after us still calls us.
    if (server.emit === emitRest) server.emit = emit;
  };
}

/** Without a slash at its end. A stock program whose base URL has one asks for `//v1/…`. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return path.replace(/\/+/g, '/').replace(/\/$/, '');
}
