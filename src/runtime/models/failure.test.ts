import { describe, expect, it } from 'vitest';
import type { Endpoint } from './endpoint.ts';
import { brokenReply, refusedByStatus, reportedInStream, unreachable } from './failure.ts';

const endpoint: Endpoint = {
  name: 'LM Studio',
  baseUrl: new URL('http://127.0.0.1:1234/v1?token=hidden'),
  baseVariable: 'LMSTUDIO_BASE_URL',
  key: 'sk-secret-key',
  keyVariable: 'LMSTUDIO_API_KEY',
};
const NOW = Date.UTC(2026, 0, 1);
const answered = (status: number, body = '', headers: Record<string, string> = {}) =>
  refusedByStatus(endpoint, 'm1', { status, body, headers: new Headers(headers) }, NOW);

describe('an HTTP status', () => {
  it.each([
    [400, 'model_refused', false, 'change the model or the conversation'],
    [401, 'model_refused', false, 'Check the key in LMSTUDIO_API_KEY'],
    [402, 'model_refused', false, 'Add credit or raise the limit at LM Studio'],
    [403, 'model_refused', false, 'Check the key in LMSTUDIO_API_KEY'],
    [404, 'model_refused', false, 'a model "m1", and the address in LMSTUDIO_BASE_URL'],
    [408, 'model_unavailable', true, 'Try again'],
    [409, 'model_unavailable', true, 'Try again'],
    [413, 'context_overflow', false, 'too long for this model'],
    [429, 'model_unavailable', true, 'Wait a moment'],
    [500, 'model_unavailable', true, 'Try again'],
    [503, 'model_unavailable', true, 'Try again'],
    [529, 'model_unavailable', true, 'Try again'],
  ])('%i is %s, retryable: %s', (status, code, retryable, words) => {
    const failed = answered(status, '{"error":{"message":"as it said"}}');
    expect(failed).toMatchObject({ kind: 'failed', code, retryable });
    expect(failed.message).toContain(
      `LM Studio at http://127.0.0.1:1234/v1 answered with HTTP ${status}: as it said. `,
    );
    expect(failed.message).toContain(words);
  });

  it('asks for a key where none was sent', () => {
    const response = { status: 401, body: '', headers: new Headers() };
    expect(refusedByStatus({ ...endpoint, key: '' }, 'm1', response, NOW).message).toContain(
      'No key was sent: set LMSTUDIO_API_KEY.',
    );
  });

  it('asks for a key in both ways where it can be connected', () => {
    const hint = (key: string) => {
      const response = { status: 403, body: '', headers: new Headers() };
      return refusedByStatus({ ...endpoint, key, provider: 'lmstudio' }, 'm1', response, NOW).message;
    };
    expect(hint('')).toContain('No key was sent: run `farhand connect lmstudio`, or set LMSTUDIO_API_KEY.');
    expect(hint('sk-1')).toContain(
      'Check the key in LMSTUDIO_API_KEY, or give another one with `farhand connect lmstudio`.',
    );
  });

  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '150', 'retry-after': '1' }, 150],
    [{ 'x-ratelimit-reset-requests': '6m0.5s' }, 360_500],
    [{ 'x-ratelimit-reset-requests': '20ms', 'x-ratelimit-reset-tokens': '1s' }, 1000],
    [
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '20ms',
        'x-ratelimit-remaining-tokens': '9',
        'x-ratelimit-reset-tokens': '1s',
      },
      20,
    ],
    [{ 'x-ratelimit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-reset': `${NOW / 1000 + 5}` }, 5000],
    [{ 'x-ratelimit-reset': `${NOW + 5000}` }, 5000],
    [{ 'x-ratelimit-reset': 'tomorrow' }, undefined],
    [{ 'retry-after': '2', 'x-ratelimit-reset': '12' }, 2000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('%j waits %s ms', (headers, ms) => {
    expect(answered(429, '', headers).retryAfterMs).toBe(ms);
    expect(answered(400, '', headers).retryAfterMs).toBeUndefined();
  });

  it.each([
    ['{"error":{"message":"in an object"}}', 'in an object'],
    ['{"error":"a string"}', 'a string'],
    ['{"object":"error","message":"at the top"}', 'at the top'],
    ['{"detail":"a detail"}', 'a detail'],
    ['plain\n  text', 'plain text'],
  ])('reads %j', (body, words) => {
    expect(answered(400, body).message).toContain(`HTTP 400: ${words}. `);
  });

  it.each([['<html><h1>502</h1></html>'], ['{"a":1}'], ['{broken'], ['']])('shows nothing of %j', (body) => {
    expect(answered(502, body).message).toContain('HTTP 502. Try');
  });

  it('keeps a long text short', () => {
    expect(answered(400, 'x'.repeat(5000)).message.length).toBeLessThan(700);
  });
});

describe('a conversation that is too long', () => {
  it.each([
    ['OpenAI', 400, '{"error":{"message":"Too long.","code":"context_length_exceeded"}}'],
    [
      'OpenAI',
      400,
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000.",
    ],
    [
      'OpenAI Responses',
      400,
      'Your input exceeds the context window of this model. Please adjust your input.',
    ],
    ['OpenAI by the minute', 429, 'Request too large for model gpt-4o on tokens per min (TPM): Limit 30000'],
    [
      'Anthropic',
      400,
      '{"type":"error","error":{"message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
    ],
    ['Anthropic', 400, 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'],
    [
      'Google',
      400,
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    ],
    ['llama.cpp', 400, '{"error":{"type":"exceed_context_size_error","message":"too many"}}'],
    ['llama.cpp', 500, 'the request exceeds the available context size, try increasing it'],
    ['Ollama', 400, 'input length exceeds the context length'],
    ['Ollama', 400, 'prompt too long; exceeded max context length by 12 tokens'],
    [
      'LM Studio',
      400,
      '{"error":"Trying to keep the first 9000 tokens when context the overflows. However, …"}',
    ],
    ['LM Studio', 400, 'Context size has been exceeded.'],
    ['vLLM', 400, 'The decoder prompt (length 9000) is longer than the maximum model length of 4096.'],
    ['Groq', 400, 'Please reduce the length of the messages or completion.'],
    ['xAI', 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."],
    ['Together', 422, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."],
  ])('%s says it with %i: %s', (_who, status, body) => {
    expect(answered(status, body)).toMatchObject({ code: 'context_overflow', retryable: false });
    if (status === 400) {
      const event = body.startsWith('{') ? body : { message: body, code: 400 };
      expect(reportedInStream(endpoint, 'm1', event)).toMatchObject({ code: 'context_overflow' });
    }
  });

  it.each([
    [429, 'Rate limit reached for gpt-4o on tokens per min: Limit 30000, Used 29000', 'model_unavailable'],
    [400, "Invalid 'max_tokens': must be at most 4096", 'model_refused'],
    [401, 'no access to the model with the maximum context length', 'model_refused'],
    [503, 'The maximum context length is being changed', 'model_unavailable'],
  ])('%i is something else: %s', (status, body, code) => {
    expect(answered(status, body)).toMatchObject({ code });
  });
});

describe('a limit', () => {
  const google = (...details: object[]) =>
    JSON.stringify({
      error: { code: 429, message: 'You exceeded it', status: 'RESOURCE_EXHAUSTED', details },
    });
  const violated = (quotaId: string) => ({ '@type': 'QuotaFailure', violations: [{ quotaId }] });

  it.each([
    ['{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}', 429],
    ['{"error":{"type":"billing_error","message":"no"}}', 403],
    ['{"error":{"message":"Your credit balance is too low to access the API."}}', 400],
    ['{"error":{"message":"Insufficient Balance"}}', 402],
    [google(violated('GenerateRequestsPerDayPerProject')), 429],
  ])('of money or of the day is not waited for: %s', (body, status) => {
    const failed = answered(status, body, { 'retry-after': '1' });
    expect(failed).toMatchObject({ code: 'model_refused', retryable: false });
    expect(failed.message).toContain('Add credit or raise the limit at LM Studio, or use another model.');
  });

  it('of the minute says how long it lasts, also inside the stream', () => {
    const body = google(violated('GenerateRequestsPerMinute'), { '@type': 'RetryInfo', retryDelay: '37.2s' });
    const failed = { code: 'model_unavailable', retryable: true, retryAfterMs: 37_200 };
    expect(answered(429, body)).toMatchObject(failed);
    expect(reportedInStream(endpoint, 'm1', body)).toMatchObject(failed);
  });
});

it('Google answers a wrong key with 400', () => {
  const body = {
    error: {
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: 'API key not valid.',
      details: [{ reason: 'API_KEY_INVALID' }],
    },
  };
  expect(answered(400, JSON.stringify(body)).message).toContain('Check the key in LMSTUDIO_API_KEY');
});

describe('an error inside the stream', () => {
  it.each([
    [{ message: 'busy', code: 429 }, 'model_unavailable', true],
    [{ message: 'busy', code: '503' }, 'model_unavailable', true],
    [{ message: 'busy', code: 'rate_limit_exceeded' }, 'model_unavailable', true],
    [{ message: 'too long', code: 'context_length_exceeded' }, 'context_overflow', false],
    [{ message: 'wrong', type: 'invalid_request_error', code: null }, 'model_refused', false],
    [{ message: 'crashed' }, 'model_unavailable', true],
    [{ type: 'overloaded_error', message: 'Overloaded' }, 'model_unavailable', true],
    [
      { type: 'response.failed', response: { error: { code: 'invalid_api_key', message: 'x' } } },
      'model_refused',
      false,
    ],
    [{ status: 'PERMISSION_DENIED', message: 'x' }, 'model_refused', false],
    ['crashed', 'model_unavailable', true],
    [null, 'model_unavailable', true],
  ])('%j is %s, retryable: %s', (error, code, retryable) => {
    expect(reportedInStream(endpoint, 'm1', error)).toMatchObject({ code, retryable });
  });

  it('says what it said', () => {
    expect(reportedInStream(endpoint, 'm1', { message: 'The model crashed' }).message).toContain(
      'reported an error in its answer: The model crashed. ',
    );
  });
});

describe('no answer', () => {
  const fetchFailed = (code: string, message = '') =>
    new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });

  it.each([
    ['ECONNREFUSED', 'nothing listens there (ECONNREFUSED)'],
    ['ENOTFOUND', 'there is no host of that name (ENOTFOUND)'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)'],
  ])('%s is told in words and may be retried', (code, words) => {
    const failed = unreachable(endpoint, fetchFailed(code, 'self-signed certificate'));
    expect(failed).toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(failed.message).toContain(words);
    expect(failed.message).toContain('LMSTUDIO_BASE_URL');
  });

  it('is not retried where the request itself was impossible', () => {
    const failed = unreachable(endpoint, new TypeError('fetch failed', { cause: new Error('bad port') }));
    expect(failed).toMatchObject({ code: 'model_unavailable', retryable: false });
    expect(failed.message).toContain('bad port');
  });
});

it('never shows the key or the query of the address', () => {
  const echoed = `You sent ${endpoint.key}, which is ${'x'.repeat(380)}${endpoint.key}`;
  for (const failed of [
    answered(401, echoed),
    answered(500, JSON.stringify({ error: { message: echoed } })),
    reportedInStream(endpoint, 'm1', { message: echoed }),
    unreachable(endpoint, new Error(echoed)),
    brokenReply(endpoint, echoed),
  ]) {
    expect(failed.message).toContain('You sent <key>');
    expect(failed.message).not.toMatch(/sk-s|hidden/);
  }
});
