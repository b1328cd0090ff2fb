import { randomUUID } from 'node:crypto';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Endpoint, exposed, isEncrypted, isLoopback, socketUrl } from './endpoint.ts';
import type { Identity } from './identity.ts';
import type { Granted } from './register.ts';

/** What to dial, and as what. */
export type Lease = {
  readonly mode: 'broker' | 'direct';
  readonly connectionId: string;
  readonly url: string;
  /** The broker's end of the link is one that a device itself speaks with; any other peer is served by the home's hub. */
  readonly farhand: boolean;
  readonly sockets: Granted['sockets'];
};

/** What a broker gave. It says where the token goes, but not that it goes there unencrypted (SEC-5). */
export function brokerLease(
  endpoint: Endpoint,
  identity: Identity,
  { connectionId, wsUrl, farhand, sockets }: Granted,
): Lease | Failure {
  const url = introduced(wsUrl, endpoint, identity);
  // A feed has one order, and so one socket.
  const lease = { connectionId, url, farhand, sockets: farhand ? 'one' : sockets };
  return exposed(wsUrl, endpoint) ?? { mode: 'broker', ...lease };
}

/** [REG-4] The endpoint itself, which has nothing but a WebSocket: on this machine or encrypted, else one must have said so. */
export function directLease(endpoint: Endpoint, identity: Identity): Lease | Failure {
  const base = socketUrl(endpoint.base);
  if (!endpoint.direct && !isEncrypted(base) && !isLoopback(base)) {
    return failure(
      'forbidden',
      `${endpoint.base} takes no registrations, only a WebSocket, and it is neither on this machine nor encrypted. Pass --direct to connect to it all the same.`,
    );
  }
  const url = introduced(base, endpoint, identity);
  const lease = { connectionId: `direct-${randomUUID()}`, url, farhand: false, sockets: 'one' } as const;
  return exposed(base, endpoint) ?? { mode: 'direct', ...lease };
}

function introduced(wsUrl: string, { name }: Endpoint, { deviceId }: Identity): string {
  const url = new URL(wsUrl);
  url.searchParams.set('deviceId', deviceId);
  url.searchParams.set('connectionName', name);
  return url.href;
}
