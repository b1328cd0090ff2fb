import type { Clock } from '../../link/clock.ts';
import { commandTypes } from '../../protocol/routing.ts';
import type { Endpoint } from './endpoint.ts';
import type { Identity } from './identity.ts';
import { type Posted, post } from './post.ts';

/** What a broker makes of a registration. `refused`: the same request will not do better; `status` is the HTTP status. */
export type Registration =
  | { readonly kind: 'registered'; readonly connectionId: string; readonly wsUrl: string }
  /** There is only a WebSocket to dial. */
  | { readonly kind: 'direct' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** `afterMs`: how long the broker wants to be left alone, 0 when it does not say. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly message: string };

export type Registrant = { readonly identity: Identity; readonly version: string };

const TIMEOUT_MS = 30_000;
/** Longer than any restart; beyond it a wrong clock or a slip is more likely than a wish. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;
/** As much of the body as any answer needs. */
const MAX_BODY_CHARS = 64 * 1024;
const SHOWN_CHARS = 200;

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

const requestBody = ({ name }: Endpoint, { identity, version }: Registrant) => ({
  ...identity,
  connectionName: name,
  metadata: {
    lettaCodeVersion: version,
    os: process.platform,
    nodeVersion: process.version,
    environmentMessageProtocol: 'v2-input',
    supportsPairedListenerGenerations: false,
    supported_commands: commandTypes,
    farhand: { v: 1, features: [] },
  },
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
  const { connectionId, wsUrl } = parsed(body);
  if (typeof connectionId !== 'string' || connectionId === '' || typeof wsUrl !== 'string') return null;
  return URL.canParse(wsUrl) && /^wss?:/.test(wsUrl) ? { kind: 'registered', connectionId, wsUrl } : null;
}

/** The reason in the forms that brokers give it (protocol reference 1.1.3), without control characters. */
function said(status: number, body: string): string {
  const { message, error, errorCode } = parsed(body);
  const text =
    typeof message === 'string'
      ? message
      : typeof error === 'string'
        ? `${error}${typeof errorCode === 'string' ? ` (${errorCode})` : ''}`
        : body;
  const shown = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return `HTTP ${status}${shown ? `: ${shown.slice(0, SHOWN_CHARS)}` : ''}`;
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // Text, then: whoever asks finds no field.
    return {};
  }
}

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
