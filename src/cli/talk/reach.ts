import type { ArgsDef } from 'citty';
import type { Failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import { exposed, readBase, socketUrl } from '../remote/endpoint.ts';
import { chooseToken } from '../remote/token.ts';
import { savedToken } from './saved-tokens.ts';

/** How a command says that it is about another machine. */
export const reachArgs = {
  url: {
    type: 'string',
    valueHint: 'url',
    description: 'Through that broker, or ws:// app-server (else FARHAND_URL; without either: this machine)',
  },
  token: {
    type: 'string',
    valueHint: 'token',
    description:
      'Its client token; better in FARHAND_TOKEN or LETTA_API_KEY (default: the one saved for the URL)',
  },
  environment: {
    type: 'string',
    alias: 'e',
    valueHint: 'name or id',
    description: 'Which machine there (default: the only one online, else the only one)',
  },
  insecure: { type: 'boolean', description: 'Let the token cross the network unencrypted' },
} as const satisfies ArgsDef;

export type ReachFlags = {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly environment?: string | undefined;
  readonly insecure?: boolean | undefined;
};

/** Where a command goes that is not about this machine. */
export type Reach = {
  readonly kind: 'broker' | 'app-server';
  /** Of a broker `http(s)://…` without a slash at its end, of an app-server `ws(s)://…`. */
  readonly url: string;
  readonly token: string | null;
  readonly environment: string | undefined;
};

/** Whether a command is about another machine. */
export const isElsewhere = ({ url }: ReachFlags, env: Variables): boolean => Boolean(url || env.FARHAND_URL);

/** What another command needs besides, to be about the same machine. */
export function wayFlags({ url, environment }: ReachFlags): string {
  return [url && ` --url ${url}`, environment && ` --environment "${environment}"`].filter(Boolean).join('');
}

/** Said to whoever is refused. */
export const tokenHint =
  'Give a client token with --token, FARHAND_TOKEN or LETTA_API_KEY; farhand tokens create, on the machine of the broker, makes one.';

/** Null: this machine. Only `--url` and `FARHAND_URL` lead elsewhere; `LETTA_BASE_URL` says where this machine offers itself. */
export function readReach(flags: ReachFlags, env: Variables): Reach | null | Failure | Misuse {
  const given = flags.url || env.FARHAND_URL;
  if (!given) return pointless(flags);
  const kind = /^\s*wss?:/i.test(given) ? 'app-server' : 'broker';
  const base = readBase(given);
  if (typeof base !== 'string') return base;
  if (kind === 'app-server' && flags.environment !== undefined)
    return misuse('--environment chooses among the machines of a broker; an app-server has only its own.');
  const token = chooseToken('client', flags.token, env, () => savedToken(env, base, 'client'));
  if (token !== null && typeof token !== 'string') return token;
  const { insecure = false, environment } = flags;
  const url = kind === 'broker' ? base : socketUrl(base);
  return exposed(base, { token, insecure }) ?? { kind, url, token, environment };
}

function pointless({ token, environment, insecure }: ReachFlags): null | Misuse {
  const flag = token !== undefined ? 'token' : environment !== undefined ? 'environment' : null;
  if (flag === null && !insecure) return null;
  return misuse(`--${flag ?? 'insecure'} is about a broker: say which with --url or FARHAND_URL.`);
}
