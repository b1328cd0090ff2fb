import { type Failure, failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';
import { chooseToken } from './token.ts';

/** What the command line of `remote` may say about where to go. */
export type RemoteFlags = {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly envName?: string | undefined;
  readonly computerName?: string | undefined;
  readonly direct?: boolean | undefined;
  readonly insecure?: boolean | undefined;
};

/** What is known without being told. */
export type Known = {
  readonly hostname: string;
  /** Saved by an earlier start. */
  readonly name?: string | undefined;
  /** The device token that was saved for such a URL. */
  readonly token?: (base: string) => string | null | Failure;
};

/** Where a runtime offers itself, and as whom. */
export type Endpoint = {
  /** An `http:` or `https:` URL without a slash at its end. */
  readonly base: string;
  readonly token: string | null;
  readonly name: string;
  /** Dial the base URL itself, without registering. */
  readonly direct: boolean;
  /** The token may cross a network unencrypted. */
  readonly insecure: boolean;
};

const DEFAULT_URL = 'http://127.0.0.1:8283';
const MAX_NAME = 256;

/**
 * The endpoint of `farhand remote`. A flag wins over a `FARHAND_` variable, that over the stock program's, that over what is saved.
 * `IGNORE_SELF_HOSTED_LISTENER_ERROR` needs no reading: any endpoint is welcome here.
 */
export function readEndpoint(flags: RemoteFlags, env: Variables, known: Known): Endpoint | Failure {
  const base = readBase(flags.url || env.FARHAND_URL || env.LETTA_BASE_URL || DEFAULT_URL);
  if (typeof base !== 'string') return base;
  const token = chooseToken('device', flags.token, env, () => known.token?.(base) ?? null);
  if (token !== null && typeof token !== 'string') return token;
  const name = readName(flags.computerName || flags.envName || known.name || known.hostname);
  if (typeof name !== 'string') return name;
  const { direct = false, insecure = false } = flags;
  const endpoint = { base, token, name, direct, insecure };
  return exposed(base, endpoint) ?? endpoint;
}

/** [SEC-5] Why the token must not be sent to that URL, if so: it never crosses a network unencrypted without leave. */
export function exposed(
  url: string,
  { token, insecure }: Pick<Endpoint, 'token' | 'insecure'>,
): Failure | null {
  if (token === null || insecure || isEncrypted(url) || isLoopback(url)) return null;
  return failure(
    'forbidden',
    `The token would cross the network unencrypted to ${new URL(url).host}. Use https:// (or wss://), or pass --insecure if you trust every network on the way.`,
  );
}

export const isEncrypted = (url: string): boolean => /^(https|wss):/.test(url);

/** Whether the URL leads to this very machine, by its name alone. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The WebSocket twin of an HTTP URL. */
export const socketUrl = (base: string): string => base.replace(/^http/, 'ws');

/** As an `http:` or `https:` URL without a slash at its end. */
export function readBase(given: string): string | Failure {
  const text = given.trim();
  const wrong = (why: string) =>
    failure('input_invalid', `The URL of the endpoint ${why}. Write it like ${DEFAULT_URL}.`);
  if (!URL.canParse(text)) return wrong('cannot be read');
  const url = new URL(text);
  if (!/^(https?|wss?):$/.test(url.protocol)) return wrong(`begins with ${url.protocol}`);
  if (url.username || url.password) return wrong('has a user or a password, use --token or FARHAND_TOKEN');
  if (url.search || url.hash) return wrong('has a query or a fragment');
  return `${url.protocol.replace('ws', 'http')}//${url.host}${url.pathname}`.replace(/\/+$/, '');
}

function readName(given: string): string | Failure {
  const name = given.trim();
  if (name !== '' && name.length <= MAX_NAME && !/\p{Cc}/u.test(name)) return name;
  return failure(
    'input_invalid',
    `The name of this computer must have 1 to ${MAX_NAME} characters and no line breaks. Choose another with --env-name.`,
  );
}
