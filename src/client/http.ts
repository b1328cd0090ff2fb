import type { Clock } from '../link/clock.ts';
import type { DialFailure } from '../link/dial-failure.ts';
import { recordOf, textOf } from './loose.ts';

/** What this client needs of `fetch`. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export type Answer = {
  readonly body: Readonly<Record<string, unknown>>;
  /** The other side's clock, where it tells. */
  readonly date: number | null;
};

export type Ask = (method: 'GET' | 'POST', path: string) => Promise<Answer | DialFailure>;

const TIMEOUT_MS = 15_000;
/** How much of a reason is shown: one that a broker wrote for people, and any other body. */
const REASON_CHARS = 1_000;
const BODY_CHARS = 200;

/** Asks one server for JSON. No redirect is followed: one would carry the token to where nobody sent it. */
export function asks(base: string, token: string | null, clock: Clock, fetch: Fetch): Ask {
  return async (method, path) => {
    const late = new AbortController();
    const timer = clock.after(TIMEOUT_MS, () => late.abort());
    const headers = {
      accept: 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    };
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        headers,
        redirect: 'error',
        signal: late.signal,
      });
      const text = await response.text();
      const { status } = response;
      if (status < 200 || status >= 300)
        return { kind: 'status', status, message: `${base} answered ${status}${said(text)}` };
      const date = Date.parse(response.headers.get('date') ?? '');
      return { body: parsed(text), date: Number.isNaN(date) ? null : date };
    } catch (error) {
      if (late.signal.aborted)
        return { kind: 'timeout', message: `${base} did not answer within ${TIMEOUT_MS / 1000} s` };
      return { kind: 'error', message: `${base} cannot be reached: ${causeOf(error)}` };
    } finally {
      timer.cancel();
    }
  };
}

/** The reason in the forms that brokers give it (protocol reference 1.1.3), without control characters. */
function said(text: string): string {
  const { message, error } = parsed(text);
  const reason = textOf(message) || textOf(error) || textOf(recordOf(error).message);
  const shown = (reason || text)
    .slice(0, reason ? REASON_CHARS : BODY_CHARS)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '');
  return shown === '' ? '' : `: ${shown}`;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    // What is no JSON names nothing; whoever reads the answer finds that missing.
    return {};
  }
}

/** `fetch` hides the reason behind its own "fetch failed". */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  if ('code' in cause && cause.code === 'ECONNREFUSED') return 'nobody listens there';
  return cause.message || error.message;
}
