import type { Failure, Problem } from './model-wire.ts';

/** What the API says it takes at most when a prompt is too long. */
const LIMIT = 1_048_576;

type Status = { code: number; message: string; status: string; details?: readonly object[] };

/** An error as the Google APIs word it. When to try again is told in the body, not in a header. */
export function googleFailure(problem: Problem): Failure {
  const error = statusOf(problem);
  return { status: error.code, headers: {}, body: JSON.stringify({ error }, null, 2), error };
}

const BY_CODE: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: [
    'NOT_FOUND',
    'The model is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.',
  ],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.'],
  499: ['CANCELLED', 'The operation was cancelled.'],
  500: ['INTERNAL', 'An internal error has occurred. Please retry.'],
  501: ['UNIMPLEMENTED', 'Operation is not implemented, or supported, or enabled.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};

function statusOf(problem: Problem): Status {
  switch (problem.kind) {
    case 'refused': {
      const { status: code = 400, message, details } = problem;
      return { code, message, status: statusName(code), ...(details && { details }) };
    }
    case 'overflow': {
      const tokens = Math.max(problem.tokens, LIMIT + 1);
      const message = `The input token count (${tokens}) exceeds the maximum number of tokens allowed (${LIMIT}).`;
      return { code: 400, message, status: 'INVALID_ARGUMENT' };
    }
    case 'key': {
      if (!problem.given) {
        const message = "Method doesn't allow unregistered callers (callers without established identity).";
        return { code: 403, message, status: 'PERMISSION_DENIED' };
      }
      const reason = { reason: 'API_KEY_INVALID', domain: 'googleapis.com' };
      const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...reason }];
      const message = 'API key not valid. Please pass a valid API key.';
      return { code: 400, message, status: 'INVALID_ARGUMENT', details };
    }
    case 'status': {
      const { status: code, retryAfter } = problem;
      const message = BY_CODE[code]?.[1] ?? `The request failed with status ${code}.`;
      const wait = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` };
      const details = code === 429 ? [QUOTA, ...(retryAfter === undefined ? [] : [wait])] : [];
      return { code, message, status: statusName(code), ...(details.length > 0 && { details }) };
    }
  }
}

function statusName(code: number): string {
  return BY_CODE[code]?.[0] ?? (code >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT');
}

const QUOTA = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [
    {
      quotaMetric: 'generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count',
      quotaId: 'GenerateContentPaidTierInputTokensPerModelPerMinute',
    },
  ],
};
