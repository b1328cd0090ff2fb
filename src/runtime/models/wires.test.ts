import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import type { ModelPart } from './model.ts';
import { type At, KEY, modelAt, partsOf, request } from './wire-test-client.ts';
import type { WireName } from './wires.ts';

const failing = (status: number, more: object = {}) => [{ fault: { status, ...more } }];
const inside = (status: number) => [
  { text: 'one two three four', pieces: 4, fault: { status }, faultAfter: 2 },
];
const spoken = { text: 'one two three four', pieces: 4 };
const calling = { calls: [{ id: 'call_a', name: 'Bash', arguments: { command: 'ls' } }] };

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    scripts: {
      text: [{ ...spoken, pingEvery: 1 }],
      parallel: [
        {
          text: 'Two.',
          argumentPieces: 3,
          calls: [...calling.calls, { id: 'call_b', name: 'Read', arguments: { file_path: 'x' } }],
        },
      ],
      invalid: [{ calls: [{ id: 'call_a', name: 'Bash', arguments: { raw: '{"command": "ls' } }] }],
      usage: [
        {
          text: 'Cheap.',
          usage: { input: 1000, output: 100, cached: 600, cacheWritten: 300, reasoning: 40 },
        },
      ],
      refusal: [{ text: 'I will not.', finish: 'refusal' }],
      long: [{ text: 'and so', finish: 'length' }],
      overflow: [{ fault: 'overflow' }],
      'overflow-inside': [{ ...spoken, fault: 'overflow', faultAfter: 0 }],
      held: [{ ...spoken, hold: 'never', holdAfter: 2 }],
      cut: [{ ...spoken, ...calling, fault: 'truncate' }],
      unfinished: [{ ...spoken, ...calling, fault: 'unfinished' }],
      reset: [{ text: 'never', fault: 'reset' }],
      garbage: [{ ...spoken, fault: 'garbage' }],
      'garbage-first': [{ ...spoken, fault: 'garbage', faultAfter: 0 }],
      empty: [{ text: 'x', fault: 'empty' }],
      stall: [{ ...spoken, fault: 'stall' }],
      'http-400': failing(400),
      'http-401': failing(401),
      'http-402': failing(402),
      'http-404': failing(404),
      'http-413': failing(413),
      'http-429': failing(429),
      'http-429-later': failing(429, { retryAfter: 3 }),
      'http-500': failing(500),
      'http-529': failing(529),
      'inside-500': inside(500),
      'inside-429': inside(429),
      'inside-529': inside(529),
      'first-529': [{ fault: { status: 529 }, faultAfter: 0 }],
    },
  });
});
afterAll(() => server.close());

const WIRES: readonly [WireName, modelId: string][] = [
  ['openai-compatible', 'm1'],
  ['openai-responses', 'gpt-5.2'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['google', 'gemini-3-pro-preview'],
];

describe.each(WIRES)('%s', (wire, modelId) => {
  const at = (options: At = {}) => {
    const url = wire === 'google' ? `${server.origin}/v1beta` : server.url;
    const facts = { reasoning: true, maxOutput: 64_000, ...options.facts };
    return modelAt(url, { wire, modelId, ...options, facts });
  };
  const play = (script: string, options?: At) => partsOf(at(options), request(`#script=${script}`));
  const joined = (parts: readonly ModelPart[], kind: string) =>
    parts.map((part) => (part.kind === kind && 'text' in part ? part.text : '')).join('');

  it('says its text piece by piece', async () => {
    const parts = await play('text');
    expect(parts.filter(({ kind }) => kind === 'text')).toHaveLength(4);
    expect(joined(parts, 'text')).toBe('one two three four');
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', reason: 'end_turn' });
  });

  it('makes parallel calls', async () => {
    const parts = await play('parallel');
    const calls = parts.filter((part) => part.kind === 'call');
    expect(calls).toMatchObject([
      { id: 'call_a', name: 'Bash', args: '{"command":"ls"}' },
      { id: 'call_b', name: 'Read', args: '{"file_path":"x"}' },
    ]);
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', reason: 'tool_calls' });
  });

  it('gives arguments that are no JSON as the model wrote them', async () => {
    const parts = await play('invalid');
    if (wire === 'google') {
      expect(parts).toMatchObject([{ kind: 'failed', code: 'model_reply_invalid', retryable: true }]);
      return;
    }
    expect(parts).toMatchObject([{ kind: 'call', args: '{"command": "ls' }, { reason: 'tool_calls' }]);
  });

  it('tells what it used and what that costs', async () => {
    const price = { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 };
    const writes = wire === 'google' ? 0 : 300;
    const end = (await play('usage', { facts: { price } })).at(-1);
    expect(end).toEqual({
      kind: 'finish',
      reason: 'end_turn',
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 100,
        total_tokens: 1100,
        cached_input_tokens: 600,
        ...(writes && { cache_write_tokens: writes }),
        reasoning_tokens: 40,
        cost_usd: expect.closeTo(((400 - writes) * 2 + 600 * 0.2 + writes * 2.5 + 100 * 10) / 1_000_000, 9),
      },
    });
  });

  it('may refuse', async () => {
    const parts = await play('refusal');
    expect(joined(parts, 'text')).toBe('I will not.');
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', reason: 'refused' });
    const silent = wire === 'anthropic' || wire === 'google';
    expect(joined(parts, 'notice')).toMatch(silent ? /Server would not let the model answer/ : /^$/);
  });

  it('says when it reached the limit', async () => {
    expect((await play('long')).at(-1)).toMatchObject({ kind: 'finish', reason: 'max_tokens_exceeded' });
  });

  const broken = ['model_reply_invalid', true] as const;
  const absent = ['model_unavailable', true] as const;
  it.each([
    ['overflow', 'context_overflow', false, 'too long for this model'],
    ['overflow-inside', 'context_overflow', false, 'too long for this model'],
    ['http-400', 'model_refused', false, 'HTTP 400'],
    ['http-401', 'model_refused', false, 'Check the key in SERVER_KEY'],
    ['http-402', 'model_refused', false, 'Add credit'],
    ['http-404', 'model_refused', false, `a model "${modelId}"`],
    ['http-413', 'context_overflow', false, 'HTTP 413'],
    ['http-429', ...absent, 'Wait a moment'],
    ['http-500', ...absent, 'Try again'],
    ['http-529', ...absent, 'Try again'],
    ['inside-429', ...absent, 'Wait a moment'],
    ['inside-500', ...absent, 'reported an error in its answer'],
    ['inside-529', ...absent, 'reported an error in its answer'],
    ['first-529', ...absent, 'reported an error in its answer'],
    ['cut', ...broken, 'the connection was cut'],
    ['unfinished', ...broken, 'without a finish reason'],
    ['reset', ...absent, 'does not answer'],
    ['garbage', ...broken, 'something that is not JSON'],
    ['garbage-first', ...broken, 'something that is not JSON'],
    ['empty', ...broken, 'without a finish reason'],
  ])('%s is one part: %s, retryable: %s', async (script, code, retryable, words) => {
    const parts = await play(script);
    const message = expect.stringContaining(words);
    expect(parts.at(-1)).toMatchObject({ kind: 'failed', code, retryable, message });
    expect(parts.slice(0, -1).every((part) => part.kind === 'text' || part.kind === 'kept')).toBe(true);
    expect(JSON.stringify(parts)).not.toContain(KEY);
  });

  it('carries how long to wait', async () => {
    expect((await play('http-429-later')).at(-1)).toMatchObject({ retryAfterMs: 3000 });
  });

  it('is given up after the silence that was asked for', async () => {
    const clock = virtualClock();
    const n = server.requests.length + 1;
    const parts = at({ clock, stallMs: 60_000 }).stream(request('#script=stall'))[Symbol.asyncIterator]();
    for (let i = 0; i < 2; i++) expect(await parts.next()).toMatchObject({ value: { kind: 'text' } });
    let ended: IteratorResult<ModelPart> | undefined;
    void parts.next().then((part) => {
      ended = part;
    });
    await clock.advance(59_999);
    expect(ended).toBeUndefined();
    while (!ended) await clock.advance(1);
    expect(ended.value).toMatchObject({ code: 'model_unavailable', retryable: true });
    expect(ended.value).toMatchObject({ message: expect.stringContaining('sent nothing for 60 s') });
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
    expect(clock.pending).toBe(0);
  });

  it('ends without a failure when it is aborted, and the request with it', async () => {
    const caller = new AbortController();
    const n = server.requests.length + 1;
    const parts = at()
      .stream(request('#script=held', { signal: caller.signal }))
      [Symbol.asyncIterator]();
    for (let i = 0; i < 2; i++) expect(await parts.next()).toMatchObject({ value: { kind: 'text' } });
    const next = parts.next();
    caller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
  });
});
