import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { afterEach, describe, expect, it } from 'vitest';
import type { Scripts } from './model-script.ts';
import { type ModelServer, type ModelServerOptions, startModelServer } from './model-server.ts';
import { chunksOf, deltas, post, textOf } from './model-test-client.ts';

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: ModelServerOptions = {}): Promise<ModelServer> {
  server = await startModelServer(options);
  return server;
}

const startWith = (scripts: Scripts) => start({ scripts });

describe('a streamed answer', () => {
  it('has a role, the text in pieces, a finish reason, usage when asked for, and [DONE]', async () => {
    const to = await startWith({
      mine: [{ text: 'abcdefgh', pieces: 4, usage: { input: 11, output: 5, cached: 3 } }],
    });
    const response = await post(to, 'go #script=mine', { stream_options: { include_usage: true } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const chunks = await chunksOf(response);
    expect(new Set(chunks.map((c) => c.id)).size).toBe(1);
    expect(chunks[0]).toMatchObject({ id: expect.stringMatching(/^chatcmpl-/), model: 'm1' });
    expect(chunks.map((c) => c.choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'ab' },
      { content: 'cd' },
      { content: 'ef' },
      { content: 'gh' },
      {},
      undefined,
    ]);
    expect(chunks.map((c) => c.choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      null,
      null,
      'stop',
      undefined,
    ]);
    expect(chunks.slice(0, -1).every((c) => c.usage === null)).toBe(true);
    expect(chunks.at(-1)?.usage).toEqual({
      prompt_tokens: 11,
      completion_tokens: 5,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 0 },
    });
  });

  it('says nothing of usage when not asked', async () => {
    const chunks = await chunksOf(await post(await start(), '#script=short'));
    expect(chunks.every((c) => c.choices.length === 1 && c.usage === undefined)).toBe(true);
  });

  it('sends reasoning before text', async () => {
    const chunks = await chunksOf(await post(await start(), '#script=reasoning'));
    const kinds = deltas(chunks).map((d) => (d.reasoning_content ? 'r' : d.content ? 't' : ''));
    expect(kinds.join('')).toMatch(/^r{2,}t{2,}$/);
  });

  it('sends each call with id and name first, its arguments in pieces', async () => {
    const to = await startWith({
      mine: [
        {
          calls: [
            { name: 'Bash', arguments: { command: 'ls "{{cwd|.}}"', description: 'd' } },
            { id: 'call_given', name: 'Read', arguments: { raw: '{"file_path":' } },
          ],
          argumentPieces: 3,
        },
      ],
    });
    const chunks = await chunksOf(await post(to, '#script=mine cwd=/tmp/x'));
    expect(chunks[0]?.choices[0]?.delta.content).toBeNull();
    const parts = deltas(chunks).flatMap((d) => d.tool_calls ?? []);
    expect(parts.map((p) => p.index)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(parts[0]).toMatchObject({
      id: expect.stringMatching(/^call_mine_0_0_/),
      type: 'function',
      function: { name: 'Bash', arguments: '' },
    });
    expect(parts[4]).toMatchObject({ id: 'call_given', function: { name: 'Read', arguments: '' } });
    expect(parts.filter((p) => p.id || p.function.name)).toHaveLength(2);
    const joined = [0, 1].map((i) =>
      parts
        .filter((p) => p.index === i)
        .map((p) => p.function.arguments)
        .join(''),
    );
    expect(JSON.parse(joined[0] ?? '')).toEqual({ command: 'ls "/tmp/x"', description: 'd' });
    expect(joined[1]).toBe('{"file_path":');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('never uses a call id twice, also after a restart on the same conversation', async () => {
    const ids: string[] = [];
    for (let round = 0; round < 2; round++) {
      const to = await start();
      for (let again = 0; again < 2; again++) {
        const chunks = await chunksOf(await post(to, '#script=two-calls'));
        ids.push(...deltas(chunks).flatMap((d) => (d.tool_calls ?? []).flatMap((c) => c.id ?? [])));
      }
      await to.close();
    }
    expect(ids).toHaveLength(8);
    expect(new Set(ids).size).toBe(8);
  });

  it('keeps built-in counts: 40 pieces, 2,000 pieces', async () => {
    const to = await start();
    const pieces = async (name: string) =>
      deltas(await chunksOf(await post(to, `#script=${name}`))).filter((d) => d.content).length;
    expect(await pieces('text40')).toBe(40);
    expect(await pieces('delta2000')).toBe(2000);
  });

  it('waits between chunks and before the first byte when told to', async () => {
    const to = await startWith({ mine: [{ text: 'abc', pieces: 3, chunkDelayMs: 30, delayMs: 40 }] });
    const from = performance.now();
    const response = await post(to, '#script=mine');
    // Timers may fire a millisecond early.
    expect(performance.now() - from).toBeGreaterThanOrEqual(39);
    const headers = performance.now();
    expect(textOf(await chunksOf(response))).toBe('abc');
    expect(performance.now() - headers).toBeGreaterThanOrEqual(50);
  });
});

describe('other answers', () => {
  it('is one JSON without `stream`', async () => {
    const to = await startWith({
      mine: [{ reasoning: 'hm', text: 'hi', calls: [{ id: 'c1', name: 'LS', arguments: { path: '.' } }] }],
    });
    const response = await post(to, '#script=mine', { stream: false });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model: 'm1',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'hi',
            reasoning_content: 'hm',
            tool_calls: [{ id: 'c1', type: 'function', function: { name: 'LS', arguments: '{"path":"."}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    });
  });

  it('lists models', async () => {
    const to = await start({ models: ['a', 'b'] });
    const listed = await (await fetch(`${to.url}/models`)).json();
    expect(listed).toMatchObject({
      object: 'list',
      data: [
        { id: 'a', object: 'model' },
        { id: 'b', object: 'model' },
      ],
    });
  });

  it('chooses the step from the request, whole content parts too, and echoes what names no script', async () => {
    const to = await start();
    const call = { id: 'c1', type: 'function', function: { name: 'Bash', arguments: '{}' } };
    const messages = [
      { role: 'system', content: 'You are.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '<system-reminder>r</system-reminder>' },
          { type: 'text', text: '#script=bash' },
        ],
      },
    ];
    const after = [
      ...messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: 'x', tool_call_id: 'c1' },
    ];
    const first = await chunksOf(await post(to, '', { messages }));
    expect(first.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
    const second = await chunksOf(await post(to, '', { messages: after }));
    expect(textOf(second)).toBe('The command is through.');
    expect(to.requests.map((r) => [r.script, r.step])).toEqual([
      ['bash', 0],
      ['bash', 1],
    ]);
    expect(textOf(await chunksOf(await post(to, 'hello there')))).toBe('You said: hello there');
  });

  it('refuses what a real server refuses, with its kind of error, and remembers it', async () => {
    const to = await start();
    const call = { id: 'c1', type: 'function', function: { name: 'Bash', arguments: '{}' } };
    const question = { role: 'user', content: '#script=short' };
    const bodies: [Record<string, unknown>, RegExp][] = [
      [{ messages: [] }, /messages/],
      [{ messages: [{ role: 'robot', content: 'x' }] }, /role/],
      [
        { messages: [question, { role: 'assistant', content: null, tool_calls: [call] }, question] },
        /Missing: c1/,
      ],
      [
        {
          messages: [
            question,
            { role: 'assistant', content: null, tool_calls: [call] },
            { role: 'assistant', content: 'on' },
          ],
        },
        /Missing: c1/,
      ],
      [{ messages: [question, { role: 'tool', content: 'x', tool_call_id: 'c1' }] }, /'c1' must follow/],
      [{ messages: [{ role: 'user', content: '#script=nope' }] }, /no script 'nope'.*text40/],
    ];
    for (const [body, message] of bodies) {
      const response = await post(to, '', body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
      });
    }
    const broken = await fetch(`${to.url}/chat/completions`, { method: 'POST', body: '{"model":' });
    expect(broken.status).toBe(400);
    expect((await fetch(`${to.url}/nothing`)).status).toBe(404);
    expect(to.requests).toHaveLength(0);
    expect(to.refusals).toHaveLength(7);
  });
});

describe('the AI SDK provider', () => {
  it('reads reasoning, text, parallel calls and usage from it', async () => {
    const to = await startWith({
      mine: [
        {
          reasoning: 'let me see',
          text: 'two things',
          calls: [
            { id: 'c1', name: 'Bash', arguments: { command: 'true' } },
            { id: 'c2', name: 'Read', arguments: { file_path: '/a' } },
          ],
          usage: { input: 100, output: 20, cached: 60, reasoning: 5 },
        },
      ],
    });
    const provider = createOpenAICompatible({ name: 'scripted', baseURL: to.url, includeUsage: true });
    const { stream } = await provider('m1').doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: '#script=mine' }] }],
    });
    const parts: LanguageModelV4StreamPart[] = [];
    for await (const part of stream) parts.push(part);
    const joined = (type: 'text-delta' | 'reasoning-delta') =>
      parts.map((p) => (p.type === type ? p.delta : '')).join('');
    expect(joined('reasoning-delta')).toBe('let me see');
    expect(joined('text-delta')).toBe('two things');
    expect(parts.filter((p) => p.type === 'tool-call')).toMatchObject([
      { toolCallId: 'c1', toolName: 'Bash', input: '{"command":"true"}' },
      { toolCallId: 'c2', toolName: 'Read', input: '{"file_path":"/a"}' },
    ]);
    expect(parts.filter((p) => p.type === 'error')).toEqual([]);
    expect(parts.at(-1)).toMatchObject({
      type: 'finish',
      finishReason: { unified: 'tool-calls' },
      usage: { inputTokens: { total: 100, cacheRead: 60 }, outputTokens: { total: 20, reasoning: 5 } },
    });
  });
});
