import { addressOf, type Endpoint } from './endpoint.ts';
import type { ModelPart } from './model.ts';
import { isOverflow, isUsedUp, type Report, reportIn } from './report.ts';
import { retryAfter } from './retry-after.ts';

/** How a stream ends that brought no sound answer. */
export type Failed = Extract<ModelPart, { kind: 'failed' }>;

/** An answer with a status of 300 or more. `modelId` as the endpoint knows it, `now` in milliseconds. */
export function refusedByStatus(
  endpoint: Endpoint,
  modelId: string,
  response: { readonly status: number; readonly headers: Headers; readonly body: string },
  now: number,
): Failed {
  const { status, headers, body } = response;
  const report = reportIn(body);
  // Google answers a wrong key with 400.
  const meant = status === 400 && report.status === 401 ? 401 : status;
  const base = failureOf(endpoint, modelId, meant, report, `answered with HTTP ${status}`);
  const retryAfterMs = base.retryable ? retryAfter(headers, body, now) : undefined;
  return retryAfterMs === undefined ? base : { ...base, retryAfterMs };
}

/** An error that the endpoint reported inside a stream that began well, as it stood in the event. */
export function reportedInStream(endpoint: Endpoint, modelId: string, error: unknown): Failed {
  const report = reportIn(error);
  const base = failureOf(endpoint, modelId, report.status ?? 500, report, 'reported an error in its answer');
  const retryAfterMs = base.retryable ? retryAfter(new Headers(), error, 0) : undefined;
  return retryAfterMs === undefined ? base : { ...base, retryAfterMs };
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
      `Try again; if it happens again, check that ${endpoint.baseVariable} points to ${endpoint.api ?? 'an OpenAI-compatible API'}.`,
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

/** `did`: what the endpoint did, from after its name up to what it said. */
function failureOf(endpoint: Endpoint, modelId: string, status: number, report: Report, did: string): Failed {
  const failed = (code: Failed['code'], next: string, retryable = false): Failed => ({
    kind: 'failed',
    code,
    message: `${endpointSaid(endpoint, report, did)} ${next}`,
    retryable,
  });
  if (isOverflow(report, status)) {
    return failed(
      'context_overflow',
      'The conversation is too long for this model: shorten it (/compact), or use a model that can read more.',
    );
  }
  if (isUsedUp(report, status)) {
    return failed(
      'model_refused',
      `Add credit or raise the limit at ${endpoint.name}, or use another model.`,
    );
  }
  if (status === 401 || status === 403) return failed('model_refused', keyHint(endpoint));
  if (status === 404) {
    return failed(
      'model_refused',
      `Check that it has a model "${modelId}", and the address in ${endpoint.baseVariable}.`,
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

function keyHint({ key, keyVariable, provider }: Endpoint): string {
  const connect = provider && `farhand connect ${provider}`;
  if (key === '') return `No key was sent: ${connect ? `run \`${connect}\`, or ` : ''}set ${keyVariable}.`;
  return `Check the key in ${keyVariable}${connect ? `, or give another one with \`${connect}\`` : ''}.`;
}

function endpointSaid(endpoint: Endpoint, { message }: Report, did: string): string {
  const excerpt = foreign(endpoint, message);
  const sentence = `${endpoint.name} at ${addressOf(endpoint)} ${did}${excerpt === '' ? '' : `: ${excerpt}`}`;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
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
