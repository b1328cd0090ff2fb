import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { KEY, modelAt, partsOf, request, user } from './wire-test-client.ts';

const bytes = (n: number) => JSON.stringify({ content: 'x'.repeat(n) });
const pieces = (args: string, size: number) => ({
  calls: [{ name: 'Write', arguments: { raw: args } }],
  argumentPieces: Math.ceil(args.length / size),
});
const failing = (status: number, more: object = {}) => [{ fault: { status, ...more } }];

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    scripts: {
      parallel: [
        {
          reasoning: 'Both are needed.',
          text: 'Two calls.',
          calls: [
            { id: 'a', name: 'Bash', arguments: { command: 'ls' } },
            { id: 'b', name: 'Read', arguments: { file_path: 'x' } },
          ],
          argumentPieces: 3,
          usage: { input: 11, output: 7, cached: 5, reasoning: 3 },
        },
      ],
      spoken: [{ text: 'one two three', pieces: 3, usage: { input: 11, output: 7 } }],
      invalid: [{ calls: [{ id: 'a', name: 'Bash', arguments: { raw: '{"command": "ls' } }] }],
      long: [{ text: 'and so', finish: 'length' }],
      filtered: [{ text: 'It', finish: 'content_filter' }],
      'kb-100': [pieces(bytes(100_000), 10)],
      'kb-200': [pieces(bytes(200_000), 10)],
      held: [{ text: 'one two three four', pieces: 4, hold: 'never', holdAfter: 2 }],
      cut: [
        {
          text: 'one two three four',
          pieces: 4,
          calls: [{ name: 'Bash', arguments: {} }],
          fault: 'truncate',
        },
      ],
      'cut-after-call': [{ calls: [{ name: 'Bash', arguments: {} }], fault: 'truncate', faultAfter: 2 }],
      reset: [{ text: 'never', fault: 'reset' }],
      garbage: [{ text: 'one two three four', pieces: 4, fault: 'garbage' }],
      empty: [{ text: 'x', fault: 'empty' }],
      stall: [{ text: 'one two three four', pieces: 4, fault: 'stall' }],
      'http-401': failing(401, { body: `{"error":{"message":"Incorrect API key: ${KEY}"}}` }),
      'http-403': failing(403),
      'http-404': failing(404),
      'http-408': failing(408),
      'http-409': failing(409),
      'http-429': failing(429, { retryAfter: 3 }),
      'http-500': failing(500),
      'http-503': failing(503, { retryAfter: 1 }),
    },
  });
});
afterAll(() => server.close());

const play = (script: string) => partsOf(modelAt(server.url), request(`#script=${script}`));

describe('a sound answer', () => {
  it('comes piece by piece with its usage', async () => {
    expect(await play('spoken')).toEqual([
      { kind: 'text', text: 'one ' },
      { kind: 'text', text: 'two ' },
      { kind: 'text', text: 'three' },
      {
        kind: 'finish',
        reason: 'end_turn',
        usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
      },
    ]);
  });

  it('gives each piece as soon as it is there', async () => {
    const caller = new AbortController();
    const parts = modelAt(server.url)
      .stream(request('#script=held', { signal: caller.signal }))
      [Symbol.asyncIterator]();
    expect(await parts.next()).toMatchObject({ value: { kind: 'text' } });
    expect(await parts.next()).toMatchObject({ value: { kind: 'text' } });
    caller.abort();
    expect(await parts.next()).toMatchObject({ done: true });
  });

  it('is its own when one model answers several requests at the same time', async () => {
    const model = modelAt(server.url);
    const caller = new AbortController();
    const held = model.stream(request('#script=held', { signal: caller.signal }))[Symbol.asyncIterator]();
    expect(await held.next()).toMatchObject({ value: { kind: 'text' } });
    const failed = await partsOf(model, request('#script=http-403'));
    const whole = await partsOf(model, request('#script=spoken'));
    expect(await held.next()).toMatchObject({ value: { kind: 'text' } });
    caller.abort();
    expect(await held.next()).toMatchObject({ done: true });
    expect(failed).toMatchObject([{ kind: 'failed', code: 'model_refused' }]);
    expect(whole.at(-1)).toMatchObject({ kind: 'finish', reason: 'end_turn' });
  });

  it('has reasoning, parallel calls and all of the usage', async () => {
    const parts = await play('parallel');
    const joined = (kind: string) =>
      parts.map((part) => (part.kind === kind && 'text' in part ? part.text : '')).join('');
    expect(joined('reasoning')).toBe('Both are needed.');
    expect(joined('text')).toBe('Two calls.');
    expect(parts.slice(-3)).toEqual([
      { kind: 'call', id: 'a', name: 'Bash', args: '{"command":"ls"}' },
      { kind: 'call', id: 'b', name: 'Read', args: '{"file_path":"x"}' },
      {
        kind: 'finish',
        reason: 'tool_calls',
        usage: {
          prompt_tokens: 11,
          completion_tokens: 7,
          total_tokens: 18,
          cached_input_tokens: 5,
          reasoning_tokens: 3,
        },
      },
    ]);
  });

  it('gives arguments that are no JSON as the model wrote them', async () => {
    expect(await play('invalid')).toMatchObject([
      { kind: 'call', id: 'a', name: 'Bash', args: '{"command": "ls' },
      { kind: 'finish', reason: 'tool_calls' },
    ]);
  });

  it('says when it reached the limit', async () => {
    expect((await play('long')).at(-1)).toMatchObject({ kind: 'finish', reason: 'max_tokens_exceeded' });
  });

  it('joins 200 KB of arguments in 10-byte pieces without parsing what it has so far', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    const charactersParsed = async (script: string, args: string) => {
      parse.mockClear();
      const parts = await play(script);
      expect(parts[0]).toMatchObject({ kind: 'call', args });
      return parse.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    };
    try {
      const half = await charactersParsed('kb-100', bytes(100_000));
      const whole = await charactersParsed('kb-200', bytes(200_000));
      expect(half).toBeGreaterThan(100_000);
      expect(whole / half).toBeLessThan(2.1);
    } finally {
      parse.mockRestore();
    }
  });
});

describe('the request', () => {
  it('holds the conversation, the tools and the key', async () => {
    const tool = {
      name: 'Bash',
      description: 'Runs a command.',
      parameters: { type: 'object', properties: {} },
    };
    const n = server.requests.length + 1;
    const said = { id: 'm', at: 0, run: 'r1' };
    await partsOf(modelAt(server.url), {
      ...request(''),
      system: 'Be kind.',
      transcript: [
        user([
          { type: 'text', text: 'Look' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
        ]),
        { kind: 'reasoning', text: 'hm', ...said },
        { kind: 'assistant', text: 'On it.', ...said },
        { kind: 'call', call: 'c1', name: 'Bash', args: '{"command": "ls"}', ...said },
        { kind: 'call', call: 'c2', name: 'Bash', args: '{"comm', ...said },
        { kind: 'result', call: 'c1', status: 'success', text: 'a.txt', ...said },
      ],
      tools: [tool],
    });
    expect(server.refusals).toEqual([]);
    const { body, headers } = await server.onRequest(n);
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect(body).toEqual({
      model: 'm1',
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: tool }],
      messages: [
        { role: 'system', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
          ],
        },
        {
          role: 'assistant',
          content: 'On it.',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'Bash', arguments: '{"command": "ls"}' } },
            {
              id: 'c2',
              type: 'function',
              function: { name: 'Bash', arguments: '{"invalid_json":"{\\"comm"}' },
            },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a.txt' },
        { role: 'tool', tool_call_id: 'c2', content: expect.stringContaining('no recorded result') },
      ],
    });
  });
});

describe('a failure', () => {
  it.each([
    ['http-401', 'model_refused', false, 'SERVER_KEY'],
    ['http-403', 'model_refused', false, 'SERVER_KEY'],
    ['http-404', 'model_refused', false, '"m1"'],
    ['http-408', 'model_unavailable', true, 'HTTP 408'],
    ['http-409', 'model_unavailable', true, 'HTTP 409'],
    ['http-429', 'model_unavailable', true, 'HTTP 429'],
    ['http-500', 'model_unavailable', true, 'HTTP 500'],
    ['http-503', 'model_unavailable', true, 'HTTP 503'],
    ['reset', 'model_unavailable', true, 'does not answer'],
    ['cut', 'model_reply_invalid', true, 'the connection was cut'],
    ['cut-after-call', 'model_reply_invalid', true, 'the connection was cut'],
    ['garbage', 'model_reply_invalid', true, 'something that is not JSON'],
    ['empty', 'model_reply_invalid', true, 'without a finish reason'],
    ['filtered', 'model_refused', false, 'content filter'],
  ])('%s is one part: %s, retryable: %s', async (script, code, retryable, words) => {
    const parts = await play(script);
    expect(parts.at(-1)).toMatchObject({ kind: 'failed', code, retryable });
    expect(parts.at(-1)).toMatchObject({ message: expect.stringContaining(words) });
    expect(parts.slice(0, -1).every((part) => part.kind === 'text')).toBe(true);
    expect(JSON.stringify(parts)).not.toContain(KEY);
  });

  it('carries how long to wait', async () => {
    expect((await play('http-429')).at(-1)).toMatchObject({ retryAfterMs: 3000 });
    expect((await play('http-503')).at(-1)).toMatchObject({ retryAfterMs: 1000 });
  });

  it('comes after the silence that was asked for, and the request is closed', async () => {
    const n = server.requests.length + 1;
    const parts = await partsOf(modelAt(server.url, { stallMs: 50 }), request('#script=stall'));
    expect(parts.at(-1)).toMatchObject({ kind: 'failed', code: 'model_unavailable', retryable: true });
    expect(parts.at(-1)).toMatchObject({ message: expect.stringContaining('sent nothing') });
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
  });

  it('says that nothing listens', async () => {
    const gone = await startModelServer();
    await gone.close();
    expect(await partsOf(modelAt(gone.url), request('hi'))).toMatchObject([
      {
        kind: 'failed',
        code: 'model_unavailable',
        retryable: true,
        message: expect.stringContaining('nothing listens there (ECONNREFUSED)'),
      },
    ]);
  });

  it('says that there is no such host', async () => {
    // `.invalid` never resolves (RFC 6761).
    const [part] = await partsOf(modelAt('http://farhand.invalid/v1'), request('hi'));
    expect(part).toMatchObject({ kind: 'failed', code: 'model_unavailable', retryable: true });
    expect(part).toMatchObject({ message: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });
});

describe('abort', () => {
  it('closes the request at once and ends without a failure, while nothing is read', async () => {
    const caller = new AbortController();
    const n = server.requests.length + 1;
    const parts = modelAt(server.url)
      .stream(request('#script=held', { signal: caller.signal }))
      [Symbol.asyncIterator]();
    await parts.next();
    caller.abort();
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  it('closes the request at once while the next part is awaited', async () => {
    const caller = new AbortController();
    const n = server.requests.length + 1;
    const parts = modelAt(server.url)
      .stream(request('#script=held', { signal: caller.signal }))
      [Symbol.asyncIterator]();
    await parts.next();
    await parts.next();
    const next = parts.next();
    caller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
  });

  it('before the start sends nothing', async () => {
    const before = server.requests.length;
    expect(await partsOf(modelAt(server.url), request('hi', { signal: AbortSignal.abort() }))).toEqual([]);
    expect(server.requests.length).toBe(before);
  });

  it.each(['spoken', 'cut', 'http-500'])(
    'finds nothing left of a request that is over: %s',
    async (script) => {
      const { signal } = new AbortController();
      const clock = virtualClock();
      await partsOf(modelAt(server.url, { clock }), request(`#script=${script}`, { signal }));
      expect(clock.pending).toBe(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );

  it('is not needed: leaving the loop closes the request, too', async () => {
    const n = server.requests.length + 1;
    for await (const part of modelAt(server.url).stream(request('#script=held'))) {
      expect(part.kind).toBe('text');
      break;
    }
    expect(await server.onEnd(n)).toMatchObject({ aborted: true });
  });
});
