import type { Failure, Problem } from './model-wire.ts';

/** What OpenAI-style models hold at most, as said when a prompt is too long. */
const LIMIT = 128_000;

export type ErrorBody = { message: string; type: string; param: string | null; code: string | null };

/** An error as both OpenAI APIs word it; `input` names the field that holds the prompt. */
export function openaiFailure(problem: Problem, input: 'messages' | 'input'): Failure {
  const { status, error } = openaiError(problem, input);
  const wait = problem.kind === 'status' && problem.retryAfter !== undefined ? problem.retryAfter : undefined;
  return {
    status,
    headers: wait === undefined ? {} : { 'retry-after': `${wait}` },
    body: JSON.stringify({ error }, null, 2),
    error,
  };
}

/** The error object alone, for the events of a stream. */
export function openaiError(
  problem: Problem,
  input: 'messages' | 'input',
): { status: number; error: ErrorBody } {
  switch (problem.kind) {
    case 'refused': {
      const { message, status = 400, param = null, code = null } = problem;
      return { status, error: { message, type: 'invalid_request_error', param, code } };
    }
    case 'overflow': {
      const tokens = Math.max(problem.tokens, LIMIT + 1);
      const message =
        input === 'messages'
          ? `This model's maximum context length is ${LIMIT} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`
          : 'Your input exceeds the context window of this model. Please adjust your input and try again.';
      const error = { message, type: 'invalid_request_error', param: input, code: 'context_length_exceeded' };
      return { status: 400, error };
    }
    case 'key': {
      const wrong = { message: 'Incorrect API key provided.', code: 'invalid_api_key' };
      const none = { message: "You didn't provide an API key. Send it as a bearer token.", code: null };
      const error = { type: 'invalid_request_error', param: null, ...(problem.given ? wrong : none) };
      return { status: 401, error };
    }
    case 'status':
      return { status: problem.status, error: statusBody(problem.status) };
  }
}

const BY_STATUS: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  401: [
    'invalid_request_error',
    'invalid_api_key',
    'Incorrect API key provided. Send the key of your account.',
  ],
  403: ['permission_error', null, 'You do not have access to this resource.'],
  404: [
    'invalid_request_error',
    'model_not_found',
    'The model does not exist or you do not have access to it.',
  ],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for requests. Please try again later.'],
  503: ['server_error', null, 'The server is overloaded or not ready yet.'],
};

function statusBody(status: number): ErrorBody {
  const otherwise =
    status >= 500
      ? (['server_error', null, 'The server had an error while processing your request.'] as const)
      : (['invalid_request_error', null, `The request was refused with status ${status}.`] as const);
  const [type, code, message] = BY_STATUS[status] ?? otherwise;
  return { message, type, param: null, code };
}
