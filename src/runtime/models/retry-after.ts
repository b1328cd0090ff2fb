import { reportIn } from './report.ts';

/**
 * How long to wait before the next request, in milliseconds; undefined where the endpoint does not say. The first that is there:
 * `retry-after-ms`; `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); Google's RetryInfo; the resets of limits.
 */
export function retryAfter(headers: Headers, body: unknown, now: number): number | undefined {
  const millis = Number(headers.get('retry-after-ms') || Number.NaN);
  if (millis >= 0) return millis;
  return headerOf(headers, now) ?? retryInfo(body) ?? limitReset(headers, now);
}

function headerOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  if (seconds >= 0) return Math.ceil(seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** `google.rpc.RetryInfo`: a duration such as `37.5s` among the details of the error. */
function retryInfo(body: unknown): number | undefined {
  for (const { retryDelay } of reportIn(body).details) {
    const seconds = typeof retryDelay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}

/** `x-ratelimit-reset`, `-requests`, `-tokens`: the longest of those that are used up, or of all where nobody says which are. */
function limitReset(headers: Headers, now: number): number | undefined {
  const limits = ['', '-requests', '-tokens'].flatMap((of) => {
    const ms = resetIn(headers.get(`x-ratelimit-reset${of}`), now);
    return ms === undefined ? [] : [{ ms, isUsedUp: headers.get(`x-ratelimit-remaining${of}`) === '0' }];
  });
  const used = limits.filter(({ isUsedUp }) => isUsedUp);
  const counted = used.length > 0 ? used : limits;
  return counted.length > 0 ? Math.max(...counted.map(({ ms }) => ms)) : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** OpenAI writes `6m0.5s` or `20ms`, others seconds from now, or a time of the clock in seconds or in milliseconds. */
function resetIn(value: string | null, now: number): number | undefined {
  if (!value) return undefined;
  const number = Number(value);
  if (number >= 0) {
    if (number > 1e11) return Math.max(0, number - now);
    return number > 1e8 ? Math.max(0, number * 1000 - now) : Math.ceil(number * 1000);
  }
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(value)) return undefined;
  const parts = value.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return Math.ceil([...parts].reduce((sum, [, n, unit]) => sum + Number(n) * (UNIT_MS[unit ?? ''] ?? 0), 0));
}
