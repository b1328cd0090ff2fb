import { type Failure, failure } from '../../protocol/errors.ts';

/** Where a request came from and to, as its socket tells. */
export type Peer = {
  readonly address: string;
  /** This side's end of the socket; null where there is none. */
  readonly localAddress: string | null;
  readonly localPort: number | null;
  readonly encrypted: boolean;
};

export type HostOptions = {
  readonly publicUrl?: string | undefined;
  readonly allowHosts?: readonly string[] | undefined;
  readonly allowOrigins?: readonly string[] | undefined;
};

export type Asked = { readonly host: string | null; readonly origin: string | null; readonly peer: Peer };

/** `base`: the URL under which the broker was reached, or wants to be, without a slash at its end. */
export type Place = { readonly base: string };
export type Misplaced = Failure & { readonly why: 'host' | 'origin' };

/**
 * [SEC-10] Which names and which pages are let in. A page whose name was made to lead to this machine shows itself by its Host, and one of
 * another site by its Origin.
 */
export function hostPolicy({ publicUrl, allowHosts = [], allowOrigins = [] }: HostOptions) {
  const own = publicUrl === undefined ? null : new URL(publicUrl);
  const base = publicUrl?.replace(/\/+$/, '');
  const allowed = allowHosts.map((host) => host.toLowerCase());
  const origins = new Set([
    ...allowOrigins.map((origin) => origin.toLowerCase()),
    ...(own ? [own.origin] : []),
  ]);

  function isOurs({ name, port }: Host, { localAddress, localPort, encrypted }: Peer): boolean {
    const at = port ?? (encrypted ? 443 : 80);
    if (own && own.hostname === name && own.port === (port === null ? '' : portText(port, own.protocol)))
      return true;
    if (allowed.includes(name) || allowed.includes(`${name}:${at}`)) return true;
    if (localPort !== null && localPort !== at) return false;
    // No page can make its own name read as a number, so the number that was dialled is good.
    return isLoopbackName(name) || (localAddress !== null && name === asHostName(localAddress));
  }

  return ({ host, origin, peer }: Asked): Place | Misplaced => {
    const read = readHost(host);
    if (!read || !isOurs(read, peer)) {
      const message = `This broker is not known under the Host of the request. Use its own address, or start it with --allow-host <name> or --public-url <url>.`;
      return { ...failure('forbidden', message), why: 'host' };
    }
    const here = `${peer.encrypted ? 'https' : 'http'}://${host?.toLowerCase()}`;
    if (origin !== null && origin.toLowerCase() !== here && !origins.has(origin.toLowerCase())) {
      const message = `Pages of that origin are not let in. Start the broker with --allow-origin <origin> if they should be.`;
      return { ...failure('forbidden', message), why: 'origin' };
    }
    return { base: base ?? here };
  };
}

type Host = { readonly name: string; readonly port: number | null };

function readHost(host: string | null): Host | null {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host?.toLowerCase() ?? '');
  return found?.[1] === undefined
    ? null
    : { name: found[1], port: found[2] === undefined ? null : Number(found[2]) };
}

/** As `URL` writes a port: not at all where it is the scheme's own. */
const portText = (port: number, protocol: string): string =>
  port === (protocol === 'https:' ? 443 : 80) ? '' : String(port);

export const isLoopbackName = (name: string): boolean =>
  /^(localhost|[a-z0-9.-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(name);

function asHostName(address: string): string {
  const plain = address.replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}
