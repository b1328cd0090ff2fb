import { addressOf, type Endpoint } from './endpoint.ts';
import type { ModelPart } from './model.ts';

/** How a stream ends that brought no sound answer. */
export type Failed = Extract<ModelPart, { kind: 'failed' }>;

/** An answer with a status of 300 or more. `modelId` as the endpoint knows it, `now` in milliseconds. */
export function refusedByStatus(
  endpoint: Endpoint,
  modelId: string,
  response: { readonly status: number; readonly headers: Headers; readonly body: string },
  now: number,
): Failed {
  const { status, headers } = response;
  const said = endpointSaid(endpoint, response.body, `answered with HTTP ${status}`);
  const base = failureOf(endpoint, modelId, status, said);
  const retryAfterMs = base.retryable ? retryAfter(headers, now) : undefined;
  return retryAfterMs === undefined ? base : { ...base, retryAfterMs };
}

/** An error that the endpoint reported inside a stream that began well, as it stood in the event. */
export function reportedInStream(endpoint: Endpoint, modelId: string, error: unknown): Failed {
  const { code, type } = fieldsOf(error);
  const said = endpointSaid(endpoint, JSON.stringify({ error }), 'reported an error in its answer');
  return failureOf(endpoint, modelId, statusIn(code) ?? statusIn(type) ?? 500, said);
}

/** The request never got an answer: `error` is what fetch rejected with. */
export function unreachable(endpoint: Endpoint, error: unknown): Failed {
  const code = codeIn(error);
  const reason = foreign(endpoint, reasonIn(error));
  const why = code === undefined ? reason : `${NETWORK[code] ?? reason} (${code})`;
  return {
    kind: 'failed',
    code: 'model_unavailable',
    message:
      `${endpoint.name} does not answer at ${addressOf(endpoint)}: ${why}. ` +
      `Start it or check the network, or set ${endpoint.baseVariable} to the right address.`,
    // Without a code the request itself was impossible, and the next one would be as well.
    retryable: code !== undefined,
  };
}

/** Not a single byte came for `stallMs`. */
export function stalled(endpoint: Endpoint, stallMs: number): Failed {
  return {
    kind: 'failed',
    code: 'model_unavailable',
    message:
      `${endpoint.name} at ${addressOf(endpoint)} sent nothing for ${Math.round(stallMs / 1000)} s, so the request was given up. ` +
      'Try again; if it happens again, look whether the model is loaded and not too large for the machine.',
    retryable: true,
  };
}

/** The answer began and is not whole: cut off, ended early, or not understood. `what` is a clause. */
export function brokenReply(endpoint: Endpoint, what: string): Failed {
  return {
    kind: 'failed',
    code: 'model_reply_invalid',
    message:
      `${endpoint.name} at ${addressOf(endpoint)} gave an answer that is not usable: ${foreign(endpoint, what)}. ` +
      `Try again; if it happens again, check that ${endpoint.baseVariable} points to an OpenAI-compatible API.`,
    retryable: true,
  };
}

/** The provider stopped the answer on purpose. */
export function filtered(endpoint: Endpoint): Failed {
  const message = `${endpoint.name} stopped the answer with its content filter. Say it differently, or use another model.`;
  return { kind: 'failed', code: 'model_refused', message, retryable: false };
}

/** Why a network request failed, in words. Codes of Node and of undici (`UND_ERR_…`). */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'the connection is open, but no answer came',
  UND_ERR_SOCKET: 'the connection was closed before an answer came',
};

const TRANSIENT = new Set([408, 409, 425, 429]);

/** `said`: what the endpoint did and said, from its name up to the full stop. */
function failureOf(endpoint: Endpoint, modelId: string, status: number, said: string): Failed {
  const failed = (code: Failed['code'], next: string, retryable = false): Failed => ({
    kind: 'failed',
    code,
    message: `${said} ${next}`,
    retryable,
  });
  const { key, keyVariable, baseVariable } = endpoint;
  if (status === 401 || status === 403) {
    const next = key === '' ? `No key was sent: set ${keyVariable}.` : `Check the key in ${keyVariable}.`;
    return failed('model_refused', next);
  }
  if (status === 404) {
    return failed(
      'model_refused',
      `Check that it has a model "${modelId}", and the address in ${baseVariable}.`,
    );
  }
  if (status === 429) return failed('model_unavailable', 'Wait a moment, or use another model.', true);
  if (TRANSIENT.has(status) || status >= 500) {
    return failed(
      'model_unavailable',
      'Try again in a moment; if it lasts, look at its own log or status page.',
      true,
    );
  }
  return failed(
    'model_refused',
    'The same request would be refused again: change the model or the conversation.',
  );
}

/** Names of errors inside a stream, as OpenAI and its followers write them. */
const STATUS_OF: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  context_length_exceeded: 400,
  insufficient_quota: 402,
  invalid_api_key: 401,
  authentication_error: 401,
  permission_error: 403,
  model_not_found: 404,
  not_found_error: 404,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
};

function statusIn(code: unknown): number | undefined {
  const number = Number(code);
  if (Number.isInteger(number) && number >= 400 && number < 600) return number;
  return typeof code === 'string' && Object.hasOwn(STATUS_OF, code) ? STATUS_OF[code] : undefined;
}

function endpointSaid(endpoint: Endpoint, body: string, what: string): string {
  // A JSON error holds a message; plain text is one; a web page is none.
  const text = messageIn(parsed(body)) ?? (/^\s*[<{[]/.test(body) ? '' : body);
  const excerpt = foreign(endpoint, text);
  const sentence = `${endpoint.name} at ${addressOf(endpoint)} ${what}${excerpt === '' ? '' : `: ${excerpt}`}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const { error, message, detail } = fieldsOf(value);
  for (const part of [error, message, detail]) {
    const found = part === undefined ? undefined : messageIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfter(headers: Headers, now: number): number | undefined {
  const millis = Number(headers.get('retry-after-ms') || Number.NaN);
  if (millis >= 0) return millis;
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  if (seconds >= 0) return Math.ceil(seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** fetch hides the network's error in `cause`; with several addresses tried, its code is on an AggregateError. */
function codeIn(error: unknown): string | undefined {
  const { code, cause } = fieldsOf(error);
  if (typeof code === 'string') return code;
  return cause instanceof Error ? codeIn(cause) : undefined;
}

function reasonIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? reasonIn(error.cause) : error.message;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Text that others wrote, fit to stand in ours: one line, not long, and without the key (some echo it). */
function foreign({ key }: Endpoint, text: string): string {
  const line = (key === '' ? text : text.replaceAll(key, '<key>')).replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
