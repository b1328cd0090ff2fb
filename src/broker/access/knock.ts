import type { IncomingMessage } from 'node:http';
import type { Asked, Peer } from './hosts.ts';

/** What a request or an upgrade shows of itself. */
export type Knock = Asked & {
  /** Without the query, where tokens travel. */
  readonly path: string;
  readonly authorization: string | null;
  /** Where a browser may show what no header of its can carry; null where that is not taken. */
  readonly query: URLSearchParams | null;
};

/** `incoming`: the request as Node has it; absent where `fetch` is called without a server. */
export type Bindings = { readonly incoming?: IncomingMessage } | undefined;

export function knockOfRequest({ headers, url }: Request, bindings: Bindings): Knock {
  const { host, port, protocol, pathname } = new URL(url);
  const localPort = Number(port) || (protocol === 'https:' ? 443 : 80);
  return {
    path: plainPath(pathname),
    host: headers.get('host') ?? host,
    origin: headers.get('origin'),
    authorization: headers.get('authorization'),
    query: null,
    peer: bindings?.incoming ? peerOf(bindings.incoming) : { ...nobody, localPort },
  };
}

export function knockOfUpgrade(request: IncomingMessage): Knock {
  const { headers, url = '/' } = request;
  const [path = '/'] = url.split('?', 1);
  return {
    path: plainPath(path),
    host: headers.host ?? null,
    origin: headers.origin ?? null,
    authorization: headers.authorization ?? null,
    query: new URLSearchParams(url.slice(path.length)),
    peer: peerOf(request),
  };
}

/** A stock program whose base URL ends in a slash asks for `//v1/…`. */
export const plainPath = (path: string): string => path.replace(/\/{2,}/g, '/');

const nobody: Peer = { address: 'this process', localAddress: null, localPort: null, encrypted: false };

function peerOf({ socket }: IncomingMessage): Peer {
  const { remoteAddress, localAddress = null, localPort = null } = socket;
  return { address: remoteAddress ?? 'unknown', localAddress, localPort, encrypted: 'encrypted' in socket };
}
