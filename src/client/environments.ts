import { type Clock, systemClock } from '../link/clock.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import { type Failure, failure } from '../protocol/errors.ts';
import { type Answer, type Ask, asks, type Fetch } from './http.ts';
import { listOf, recordOf, textOf } from './loose.ts';

/** A machine that a broker knows, as `GET /v1/environments` tells of it. */
export type Environment = {
  /** Of the installation; empty where a broker of another make tells none. */
  readonly id: string;
  readonly deviceId: string;
  /** Of its present link; null while it is away. */
  readonly connectionId: string | null;
  readonly connectionName: string;
  readonly online: boolean;
  readonly connectedAt: number | null;
  /** Its last sign of life. */
  readonly lastSeen: number | null;
  readonly defaultAgentId: string | null;
  /** All that the broker tells of it, as it does. */
  readonly told: Readonly<Record<string, unknown>>;
};

/** An environment is away when it was silent for so long, whatever else is told of it (protocol reference 1.1.5). */
const AWAY_AFTER_MS = 120_000;
const PAGE = 100;
const MAX_PAGES = 100;

export type EnvironmentsOptions = {
  /** Of the broker, `http(s)://…`. */
  readonly url: string;
  readonly token?: string | null;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
};

/** The environments of a broker that the token reaches, asked once. */
export async function environmentsAt(
  options: EnvironmentsOptions,
): Promise<readonly Environment[] | Failure> {
  const { url, token = null, fetch = globalThis.fetch, clock = systemClock } = options;
  const found = await listEnvironments(asks(url.replace(/\/+$/, ''), token, clock, fetch), clock.now);
  return 'kind' in found ? failure(refusalCode(found) ?? 'unreachable', found.message) : found;
}

/** The code of a failure that says that somebody may not come in; null for any other. */
export const refusalCode = ({ status }: DialFailure): 'unauthorized' | 'forbidden' | null =>
  status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : null;

export async function listEnvironments(
  ask: Ask,
  now: () => number,
): Promise<readonly Environment[] | DialFailure> {
  const found: Environment[] = [];
  let after = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = `limit=${PAGE}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
    const answer = await ask('GET', `/v1/environments?${query}`);
    if ('kind' in answer) return answer;
    found.push(...environmentsIn(answer, now()));
    after = found.at(-1)?.id ?? '';
    if (answer.body.hasNextPage !== true || after === '') break;
  }
  return found;
}

function environmentsIn({ body, date }: Answer, now: number): readonly Environment[] {
  return listOf(body.connections).flatMap((told) => {
    const deviceId = textOf(told.deviceId);
    if (deviceId === '') return [];
    const connectionId = textOf(told.connectionId) || null;
    const heartbeat = numberOf(told.lastHeartbeat);
    const silentMs = heartbeat === null ? 0 : (date ?? now) - heartbeat;
    return {
      id: textOf(told.id),
      deviceId,
      connectionId,
      connectionName: textOf(told.connectionName) || deviceId,
      online: connectionId !== null && silentMs < AWAY_AFTER_MS,
      connectedAt: numberOf(told.connectedAt),
      lastSeen: heartbeat ?? numberOf(told.lastSeenAt),
      defaultAgentId: textOf(recordOf(told.metadata).defaultAgentId) || null,
      told,
    };
  });
}

/**
 * The one environment that is meant: by its connection id, id, device id or exact name; without a selector whichever there is. Those
 * online come first, and more than one device is a question for whoever asks. Of one device's environments the one that was seen last
 * is meant (protocol reference 1.2.1).
 */
export function chooseEnvironment(
  environments: readonly Environment[],
  selector: string | undefined,
): Environment | Failure {
  const matching = selector === undefined ? environments : matchesOf(environments, selector);
  if (matching.length === 0) return missing(environments, selector);
  const online = matching.filter((one) => one.online);
  const likely = online.length > 0 ? online : matching;
  if (new Set(likely.map(({ deviceId }) => deviceId)).size > 1) return ambiguous(likely, selector);
  return likely.reduce((one, other) => ((other.lastSeen ?? 0) > (one.lastSeen ?? 0) ? other : one));
}

/** A name counts only where no id does: a machine may call itself by the id of another. */
function matchesOf(environments: readonly Environment[], selector: string): readonly Environment[] {
  const byId = environments.filter((one) => [one.connectionId, one.id, one.deviceId].includes(selector));
  return byId.length > 0 ? byId : environments.filter((one) => one.connectionName === selector);
}

function missing(environments: readonly Environment[], selector: string | undefined): Failure {
  const known = environments.map(({ connectionName }) => connectionName).join(', ');
  const why =
    known === ''
      ? 'No environment has registered there yet: farhand remote --url <this address> does it'
      : `There is no environment "${selector}". Those there are: ${known}`;
  return failure('environment_not_found', `${why}.`);
}

/** Ids stand where names do not tell them apart. */
function ambiguous(likely: readonly Environment[], selector: string | undefined): Failure {
  const names = likely.map(({ connectionName }) => connectionName);
  const isShared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  const choices = likely.map(({ connectionName: name, deviceId }) =>
    isShared(name) ? `${name} (${deviceId})` : name,
  );
  const list = [...new Set(choices)].join(', ');
  const state = likely.some(({ online }) => online) ? 'online' : 'known there, and none is online';
  return failure(
    'environment_ambiguous',
    selector === undefined
      ? `Several environments are ${state}: ${list}. Choose one by its name or id with -e (in a program: environment).`
      : `"${selector}" may be any of several environments: ${list}. Choose one by its id.`,
  );
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);
