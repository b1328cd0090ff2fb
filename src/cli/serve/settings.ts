import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import { isLoopback } from '../remote/endpoint.ts';

export type ServeFlags = {
  readonly host: string;
  readonly port: string;
  readonly publicUrl?: string | undefined;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly runtime: boolean;
  readonly name?: string | undefined;
  readonly json?: boolean | undefined;
};

export type Tls = { readonly cert: Buffer; readonly key: Buffer };

export type ServeSettings = {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly tls: Tls | null;
  /** Offer the agents of this machine. */
  readonly runtime: boolean;
  readonly name: string;
  /** What a person who starts it so should know (SEC-1, SEC-5). */
  readonly warnings: readonly string[];
};

/** What the flags of `farhand serve` mean; relative files lie in `cwd`. */
export function readSettings(flags: Omit<ServeFlags, 'json'>, cwd: string): ServeSettings | Failure | Misuse {
  const { host, allowHosts } = flags;
  const port = Number(flags.port);
  if (!/^\d+$/.test(flags.port) || port > 65535)
    return misuse(`--port must be a number from 0 to 65535, not "${flags.port}".`);
  if (!/^[A-Za-z0-9.:_-]+$/.test(host))
    return misuse(`--host must be an address of this machine, not "${host}".`);
  const strange = allowHosts.find((one) => !/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d+)?$/.test(one));
  if (strange !== undefined)
    return misuse(`--allow-host "${strange}" is no name. Write it without a scheme: agents.example.org.`);
  const origins = flags.allowOrigins.map(originOf);
  const wrong = origins.indexOf(null);
  if (wrong >= 0)
    return misuse(
      `--allow-origin "${flags.allowOrigins[wrong]}" is none. Write it like https://app.example.org.`,
    );
  const publicUrl = readPublicUrl(flags.publicUrl);
  if (typeof publicUrl === 'object') return publicUrl;
  const tls = readTls(flags, cwd);
  if (tls && 'code' in tls) return tls;
  return {
    host,
    port,
    publicUrl,
    allowHosts,
    allowOrigins: origins.filter((origin) => origin !== null),
    tls,
    runtime: flags.runtime,
    name: flags.name?.trim() || hostname(),
    warnings: warningsOf(host, tls, publicUrl),
  };
}

function readPublicUrl(given: string | undefined): string | undefined | Misuse {
  if (given === undefined) return undefined;
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    return misuse(`--public-url "${given}" cannot be used. Write it like https://agents.example.org.`);
  return url.href.replace(/\/+$/, '');
}

function originOf(given: string): string | null {
  const origin = URL.canParse(given) ? new URL(given).origin : 'null';
  return origin === 'null' || given.replace(/\/$/, '').toLowerCase() !== origin ? null : origin;
}

function readTls(
  { tlsCert, tlsKey }: Pick<ServeFlags, 'tlsCert' | 'tlsKey'>,
  cwd: string,
): Tls | null | Failure | Misuse {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined)
    return misuse('--tls-cert and --tls-key belong together: give both, or neither.');
  try {
    return { cert: readFileSync(resolve(cwd, tlsCert)), key: readFileSync(resolve(cwd, tlsKey)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('input_invalid', `The certificate or its key cannot be read: ${why}.`);
  }
}

function warningsOf(host: string, tls: Tls | null, publicUrl: string | undefined): readonly string[] {
  if (tls || isLoopback(`http://${inUrl(host)}`)) return [];
  const why = publicUrl?.startsWith('https:')
    ? 'Make sure that only your proxy reaches it'
    : 'Use --tls-cert and --tls-key, or a proxy with TLS and --public-url https://…';
  return [
    `This broker listens on the network without TLS: whoever is on the way reads tokens and conversations. ${why}.`,
  ];
}

/** An address as a URL writes it. */
export const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);
