import { createServer, IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import type { Broker } from '../../broker/broker.ts';
import { errorTable, type Failure, failure } from '../../protocol/errors.ts';
import { inUrl, type ServeSettings } from './settings.ts';

export type Listening = {
  /** How this machine itself reaches it. */
  readonly url: string;
  /** How others reach it, where it listens to them. */
  readonly farUrl: string;
  /** Lets nobody in any more. */
  close(): void;
};

/** A request that does not come, or comes in drops, holds nothing up but itself (LINK-3). */
const timeouts = { headersTimeout: 15_000, requestTimeout: 60_000 };

/** Puts the broker behind an HTTP server. */
export async function listen(
  broker: Pick<Broker, 'fetch' | 'upgrade'>,
  { host, port, tls }: Pick<ServeSettings, 'host' | 'port' | 'tls'>,
): Promise<Listening | Failure> {
  let server: Server;
  try {
    server = tls ? createTlsServer({ ...timeouts, ...tls }) : createServer(timeouts);
  } catch (error) {
    return failure('input_invalid', `The certificate and its key cannot be used: ${messageOf(error)}.`);
  }
  const answer = getRequestListener(
    (request, { incoming }) =>
      broker.fetch(request, incoming instanceof IncomingMessage ? { incoming } : undefined),
    { overrideGlobalObjects: false, errorHandler: unreadable },
  );
  server.on('request', (request, response) => void answer(request, response));
  server.on('upgrade', (request, socket, head) => broker.upgrade(request, socket, head));
  try {
    await listening(server, host, port);
  } catch (error) {
    return failure('address_in_use', whyNot(error, host, port));
  }
  const bound = server.address() as AddressInfo;
  const urlOf = (name: string) => `${tls ? 'https' : 'http'}://${inUrl(name)}:${bound.port}`;
  const { near, far } = namesOf(host, networkInterfaces());
  return {
    url: urlOf(near),
    farUrl: urlOf(far),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What an address to listen at is called on this machine, and by others: every network at once is no address to dial. */
export function namesOf(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): { readonly near: string; readonly far: string } {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  if (near === host) return { near, far: host };
  const outward = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return { near, far: outward?.address ?? near };
}

/** A request that cannot even be read, such as one with a Host that is none. */
const unreadable = (): Response =>
  Response.json(
    {
      error: 'input_invalid',
      errorCode: 'input_invalid',
      message: 'The request cannot be read: check its URL and its Host.',
    },
    { status: errorTable.input_invalid.http },
  );

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

function whyNot(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${host} is taken, by another farhand serve or another program. End that one, or choose another port with --port.`;
  if (code === 'EACCES')
    return `Port ${port} may only be used by an administrator. Choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine. Choose another with --host, or leave it out.`;
  return `The broker cannot listen at ${host}, port ${port}: ${messageOf(error)}.`;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
