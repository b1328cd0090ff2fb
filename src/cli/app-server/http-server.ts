import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopbackName } from '../../broker/access/hosts.ts';
import { acceptUpgrades, refuseUpgrade } from '../../link/node/upgrade.ts';
import type { Pipe } from '../../link/pipe.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { CheckToken } from './capability-token.ts';
import type { ListenUrl } from './listen-url.ts';

export type AppServerDoor = {
  readonly listen: ListenUrl;
  /** Null: nobody has to show a token. */
  readonly checkToken: CheckToken | null;
  /** What `/app-server-info` answers. */
  info(): Promise<Record<string, unknown> | Failure>;
  /** A client has come in; `query` is that of its URL. */
  accept(pipe: Pipe, query: URLSearchParams): void;
};

export type Listening = {
  readonly url: string;
  readonly wsUrl: string;
  /** Lets nobody in any more; who is in stays. */
  close(): void;
};

/** A request that does not come, or comes in drops, holds nothing up but itself (LINK-3). */
const timeouts = { headersTimeout: 15_000, requestTimeout: 60_000 };

/** Opens the door. Requests and upgrades are checked in the order of stock programs (protocol reference 1.3.1), after their Host. */
export async function listenAppServer(door: AppServerDoor): Promise<Listening | Failure> {
  const { listen, checkToken } = door;
  const accept = acceptUpgrades({ maxPayload: limits.frameFromClient });
  const server = createServer(timeouts);

  server.on('request', async (request, response) => {
    if (!isNamed(request) || request.headers.origin !== undefined) return answer(response, 403);
    const path = urlOf(request)?.pathname;
    if (path === '/readyz' || path === '/healthz') return answer(response, 200, 'text/plain', 'ok\n');
    if (path !== '/app-server-info') return answer(response, 404);
    const refused = checkToken?.(request.headers.authorization);
    if (refused) return answerJson(response, 401, { error: refused });
    const info = await door.info();
    if ('code' in info) return answerJson(response, 503, { error: info.message });
    answerJson(response, 200, info);
  });

  server.on('upgrade', (request, socket, head) => {
    const refuse = (status: number, phrase?: string) => refuseUpgrade(socket, status, phrase);
    const url = urlOf(request);
    if (!isNamed(request)) return refuse(403);
    if (!url || (url.pathname !== listen.path && url.pathname !== '/')) return refuse(404);
    if (url.searchParams.has('channel')) return refuse(426);
    const refused = checkToken?.(request.headers.authorization);
    if (refused) return refuse(401, refused);
    // With a token a page has shown that it was let in; without one nothing else tells it from a program of this machine.
    if (!checkToken && request.headers.origin !== undefined) return refuse(403);
    accept(request, socket, head, (pipe) => door.accept(pipe, url.searchParams));
  });

  /** [SEC-10] A page whose name was made to lead to this machine shows itself by its Host. A token says more than any name. */
  const isNamed = ({ headers }: IncomingMessage): boolean =>
    checkToken !== null || isLoopbackName(hostName(headers.host));

  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, listen.host.replace(/^\[|\]$/g, ''), () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    return failure('address_in_use', whyNot(error, listen));
  }
  const { port } = server.address() as AddressInfo;
  const authority = `${listen.host}:${port}`;
  return {
    url: `http://${authority}`,
    wsUrl: `ws://${authority}${listen.path}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function urlOf({ url = '' }: IncomingMessage): URL | null {
  return URL.canParse(url, 'http://app-server') ? new URL(url, 'http://app-server') : null;
}

const hostName = (host: string | undefined): string => host?.toLowerCase().replace(/:\d*$/, '') ?? '';

function answer(response: ServerResponse, status: number, type?: string, body = ''): void {
  response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body);
}

const answerJson = (response: ServerResponse, status: number, body: object): void =>
  answer(response, status, 'application/json', JSON.stringify(body));

function whyNot(error: unknown, { host, port }: ListenUrl): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is taken, by another app-server or another program. End that one, or listen at port 0, which takes any that is free.`;
  if (code === 'EACCES') return `Port ${port} may only be used by an administrator. Choose one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine. Listen at 127.0.0.1, or at 0.0.0.0 for every network.`;
  return `Nothing can listen at ${host}, port ${port}: ${error instanceof Error ? error.message : error}.`;
}
