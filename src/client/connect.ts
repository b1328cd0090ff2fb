import { systemClock } from '../link/clock.ts';
import { type DialFailure, isDialFailure } from '../link/dial-failure.ts';
import type { Pipe } from '../link/pipe.ts';
import { webSocketPipe } from '../link/web-socket.ts';
import { type Failure, failure } from '../protocol/errors.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { chooseEnvironment, type Environment, listEnvironments, refusalCode } from './environments.ts';
import { asks, type Fetch } from './http.ts';
import { textOf } from './loose.ts';
import type { DeviceSeen } from './state.ts';

/** Opens one WebSocket. Failures that a server explains have `kind: 'status'`. */
export type OpenSocket = (
  url: string,
  options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly protocols?: readonly string[];
  },
) => Promise<Pipe | DialFailure>;

export type ConnectOptions = Omit<ClientOptions, 'open' | 'fatal'> & {
  /** A broker, `http(s)://…`, or an app-server, `ws(s)://…` (without a path: `/ws`). */
  readonly url: string;
  /** Default: none. */
  readonly token?: string | null;
  /** Of a broker: a connection id, id, device id or exact name. Default: the only one online, else the only one. */
  readonly environment?: string | undefined;
  /** Hear of no other agent, of no other conversation. */
  readonly agentId?: string;
  readonly conversationId?: string;
  /** Default: the platform's `WebSocket`, which can set no headers. */
  readonly openSocket?: OpenSocket;
  /** Show a single-use ticket instead of the token where headers cannot be set. Default: exactly with the default `openSocket`. */
  readonly tickets?: boolean;
  /** Default: the platform's. */
  readonly fetch?: Fetch;
  /** What somebody who is refused should do about the token, as the last sentence they are told. */
  readonly hint?: string;
};

/** A failure that trying again would not mend. */
type Refusal = DialFailure & { readonly final: Failure };

const ownSocket: OpenSocket = (url, { protocols }) => webSocketPipe(url, { protocols });

/**
 * A client of a broker or an app-server. It connects for ever, and finds the environment anew each time; only a refusal before the first
 * success is final (401, 403, an environment that is not there), and then everybody is told so.
 */
export function connect(options: ConnectOptions): Client {
  const { token = null, openSocket = ownSocket, tickets = openSocket === ownSocket, hint } = options;
  let accepted = false;

  /** What a failure means, as long as nothing ever succeeded. */
  const final = (failed: DialFailure, why: Failure): DialFailure | Refusal =>
    accepted ? failed : { ...failed, final: why };

  function judged(dialled: Pipe | DialFailure): Pipe | DialFailure {
    if (!isDialFailure(dialled)) {
      accepted = true;
      return dialled;
    }
    const code = refusalCode(dialled);
    const message = hint === undefined ? dialled.message : `${dialled.message.replace(/\.$/, '')}. ${hint}`;
    return code ? final(dialled, failure(code, message)) : dialled;
  }

  const way = wayTo({ ...options, token, openSocket, tickets });
  return createClient({
    ...options,
    async open(seen) {
      if ('code' in way) return final({ kind: 'error', message: way.message }, way);
      const opened = await way(seen);
      return 'code' in opened ? final({ kind: 'error', message: opened.message }, opened) : judged(opened);
    },
    fatal: (failed) => ('final' in failed ? (failed as Refusal).final : null),
  });
}

type Settled = ConnectOptions & Required<Pick<ConnectOptions, 'token' | 'openSocket' | 'tickets'>>;
/** One attempt; a `Failure` is about what was asked for rather than about the way there. */
type Way = (seen: (device: DeviceSeen) => void) => Promise<Pipe | DialFailure | Failure>;

function wayTo(options: Settled): Way | Failure {
  const { url } = options;
  const protocol = URL.canParse(url) ? new URL(url).protocol : null;
  if (protocol === 'http:' || protocol === 'https:') return toBroker(options);
  if (protocol === 'ws:' || protocol === 'wss:') return toAppServer(options);
  return failure(
    'input_invalid',
    'The URL must be that of a broker, http(s)://…, or of an app-server, ws(s)://….',
  );
}

function toAppServer({ url, token, openSocket, tickets }: Settled): Way | Failure {
  const why = 'A page cannot show its token to an app-server. Connect through a broker (farhand serve).';
  if (tickets && token !== null) return failure('unauthorized', why);
  const place = new URL(url);
  if (place.pathname === '/') place.pathname = '/ws';
  return () => openSocket(place.href, { headers: bearer(token) });
}

function toBroker(options: Settled): Way {
  const { token, openSocket, tickets, environment, clock = systemClock } = options;
  const base = options.url.replace(/\/+$/, '');
  const ask = asks(base, token, clock, options.fetch ?? globalThis.fetch);
  /** Once connected, it stays with that machine. */
  let pinned: string | null = null;

  return async (seen) => {
    const environments = await listEnvironments(ask, clock.now);
    if ('kind' in environments) return environments;
    const chosen = chooseEnvironment(environments, pinned ?? environment);
    if ('code' in chosen) return chosen;
    const { online, connectedAt, lastSeen, connectionName: name, defaultAgentId: agentId } = chosen;
    seen({ online, lastSeen, name, agentId, ...(online && { since: connectedAt }) });
    const query = new URLSearchParams({ farhand: '1' });
    if (options.agentId !== undefined) query.set('agentId', options.agentId);
    if (options.conversationId !== undefined) query.set('conversationId', options.conversationId);
    if (tickets && token !== null) {
      const issued = await ask('POST', '/v1/tickets');
      if ('kind' in issued) return issued;
      query.set('ticket', textOf(issued.body.ticket));
    }
    const place = addressOf(chosen, environments);
    const path = `/v1/environments/${encodeURIComponent(place)}/status/ws?${query}`;
    const opened = await openSocket(`${base.replace(/^http/, 'ws')}${path}`, { headers: bearer(token) });
    if (!isDialFailure(opened)) pinned = place;
    return opened;
  };
}

/** A device is known by its id, whatever its connection; where several installations share one, by the installation's. */
function addressOf({ id, deviceId }: Environment, all: readonly Environment[]): string {
  const shared = all.some((other) => other.deviceId === deviceId && other.id !== id);
  return shared && id !== '' ? id : deviceId;
}

const bearer = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` };
