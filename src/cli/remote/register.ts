import type { Clock } from '../../link/clock.ts';
import { commandTypes } from '../../protocol/routing.ts';
import type { Endpoint } from './endpoint.ts';
import type { Identity } from './identity.ts';
import { type Posted, post } from './post.ts';

/** A lease as a broker gives it. */
export type Granted = {
  readonly connectionId: string;
  readonly wsUrl: string;
  /** The broker knows the extensions of the device's link. */
  readonly farhand: boolean;
  /** How many sockets it wants: one, two, or two that it acknowledges. */
  readonly sockets: 'one' | 'two' | 'pair';
};

/** What a broker makes of a registration. `refused`: the same request will not do better; `status` is the HTTP status. */
export type Registration =
  | ({ readonly kind: 'registered' } & Granted)
  /** There is only a WebSocket to dial. */
  | { readonly kind: 'direct' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** `afterMs`: how long the broker wants to be left alone, 0 when it does not say. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly message: string };

export type Registrant = {
  readonly identity: Identity;
  readonly version: string;
  /** Null where the device has no agent. */
  readonly defaultAgentId: string | null;
};

const TIMEOUT_MS = 30_000;
/** Longer than any restart; beyond it a wrong clock or a slip is more likely than a wish. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;
/** As much of the body as any answer needs. */
const MAX_BODY_CHARS = 64 * 1024;
/** How much of a reason is shown: one that a broker wrote for people, and any other body. */
const REASON_CHARS = 1_000;
const BODY_CHARS = 200;
/** The link that a broker offers when it knows the same one. */
const linkVersion = 1;
const features = ['feed', 'inbox'];

/** [REG-1] Asks for a lease once. `signal` gives it up. */
export async function register(
  endpoint: Endpoint,
  registrant: Registrant,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Registration> {
  const late = new AbortController();
  const timer = clock.after(TIMEOUT_MS, () => late.abort(new Error(`no answer for ${TIMEOUT_MS / 1000} s`)));
  try {
    const url = `${endpoint.base}/v1/environments/register`;
    const body = JSON.stringify(requestBody(endpoint, registrant));
    const options = { signal: AbortSignal.any([signal, late.signal]), maxBody: MAX_BODY_CHARS };
    return judge(await post(url, headersFor(endpoint), body, options), clock.now());
  } catch (error) {
    return { kind: 'retry', afterMs: 0, message: `${endpoint.base} cannot be reached: ${causeOf(error)}` };
  } finally {
    timer.cancel();
  }
}

const headersFor = ({ token }: Endpoint): Record<string, string> => ({
  'content-type': 'application/json',
  'x-letta-source': 'farhand',
  ...(token !== null && { authorization: `Bearer ${token}` }),
});

const requestBody = ({ name }: Endpoint, registrant: Registrant) => ({
  ...registrant.identity,
  connectionName: name,
  metadata: metadataOf(registrant),
});

/** What this program says of itself at a registration. */
export const metadataOf = ({ version, defaultAgentId }: Omit<Registrant, 'identity'>) => ({
  lettaCodeVersion: version,
  os: process.platform,
  nodeVersion: process.version,
  environmentMessageProtocol: 'v2-input',
  supportsPairedListenerGenerations: true,
  supported_commands: commandTypes,
  ...(defaultAgentId !== null && { defaultAgentId }),
  farhand: { v: linkVersion, features },
});

function judge({ status, body, retryAfter }: Posted, now: number): Registration {
  if (status >= 200 && status < 300)
    return readLease(body) ?? { kind: 'refused', status, message: 'the answer names no lease' };
  if (status === 426) return { kind: 'direct' };
  const message = said(status, body);
  if (status !== 429 && status < 500) return { kind: 'refused', status, message };
  return { kind: 'retry', afterMs: waitOf(retryAfter, now), message };
}

function readLease(body: string): Registration | null {
  const answer = parsed(body);
  const { connectionId, wsUrl } = answer;
  if (typeof connectionId !== 'string' || connectionId === '' || typeof wsUrl !== 'string') return null;
  if (!URL.canParse(wsUrl) || !/^wss?:/.test(wsUrl)) return null;
  const farhand = fieldsOf(answer.farhand).v === linkVersion;
  return { kind: 'registered', connectionId, wsUrl, farhand, sockets: socketsOf(answer) };
}

function socketsOf(answer: Readonly<Record<string, unknown>>): Granted['sockets'] {
  if (answer.supportsSplitStatusChannels !== true) return 'one';
  return answer.supportsPairedListenerGenerations === true ? 'pair' : 'two';
}

/** The reason in the forms that brokers give it (protocol reference 1.1.3), without control characters. */
function said(status: number, body: string): string {
  const { message, error, errorCode } = parsed(body);
  const reason =
    typeof message === 'string'
      ? message
      : typeof error === 'string'
        ? `${error}${typeof errorCode === 'string' ? ` (${errorCode})` : ''}`
        : null;
  const shown = (reason ?? body).replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return `HTTP ${status}${shown ? `: ${shown.slice(0, reason === null ? BODY_CHARS : REASON_CHARS)}` : ''}`;
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(body));
  } catch {
    // Text, then: whoever asks finds no field.
    return {};
  }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** Milliseconds from a number of seconds or an HTTP date. */
function waitOf(header: string | null, now: number): number {
  if (header === null) return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}

/** The abort is only that; why, its cause says. An address that failed in several ways says each of them. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return causeOf(error.cause);
  if (error instanceof AggregateError) return error.errors.map(causeOf).join('; ');
  return error.message || ('code' in error ? String(error.code) : error.name);
}
