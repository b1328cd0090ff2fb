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
    [402, 'model_refused', false, ''],
    [403, 'model_refused', false, 'Check the key in LMSTUDIO_API_KEY'],
    [404, 'model_refused', false, 'a model "m1", and the address in LMSTUDIO_BASE_URL'],
    [408, 'model_unavailable', true, 'Try again'],
    [409, 'model_unavailable', true, 'Try again'],
    [413, 'model_refused', false, ''],
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

  it.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '150', 'retry-after': '1' }, 150],
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

describe('an error inside the stream', () => {
  it.each([
    [{ message: 'busy', code: 429 }, 'model_unavailable', true],
    [{ message: 'busy', code: '503' }, 'model_unavailable', true],
    [{ message: 'busy', code: 'rate_limit_exceeded' }, 'model_unavailable', true],
    [{ message: 'too long', code: 'context_length_exceeded' }, 'model_refused', false],
    [{ message: 'wrong', type: 'invalid_request_error', code: null }, 'model_refused', false],
    [{ message: 'crashed' }, 'model_unavailable', true],
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
