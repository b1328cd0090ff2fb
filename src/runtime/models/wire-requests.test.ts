import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TranscriptItem } from '../../core/transcript.ts';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { Spoken } from '../effects/spoken.ts';
import { type Endpoint, withBaseQuery } from './endpoint.ts';
import type { ModelPart, ModelRequest } from './model.ts';
import { type At, KEY, modelAt, partsOf, request, unknownModel, user } from './wire-test-client.ts';
import { openModel, type WireName } from './wires.ts';

const calling = { calls: [{ id: 'call_a', name: 'Bash', arguments: { command: 'ls' } }] };

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({
    scripts: {
      text: [{ text: 'one two three four' }],
      thinking: [
        { reasoning: 'Look first.', text: 'Looking.', ...calling },
        { reasoning: 'Now it is clear.', text: 'Done.' },
        { text: 'Bye.' },
      ],
      secret: [{ reasoning: 'Nobody sees this.', hideReasoning: true, ...calling }, { text: 'Done.' }],
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

/** What the model has said, as the transcript has it afterwards. */
function remembered(parts: readonly ModelPart[], run: string): TranscriptItem[] {
  let n = 0;
  const told = new Map<string, { field: 'assistant' | 'reasoning'; text: string }>();
  const words = new Spoken('test/m1', () => `${run}-${++n}`);
  const hear = (said: { message: string; field: 'assistant' | 'reasoning'; text: string } | null) => {
    if (said) told.set(said.message, { ...said, text: (told.get(said.message)?.text ?? '') + said.text });
  };
  const calls: TranscriptItem[] = [];
  for (const part of parts) {
    if (part.kind === 'text' || part.kind === 'reasoning') hear(words.say(part));
    else if (part.kind === 'kept') hear(words.keep(part));
    else if (part.kind === 'call') {
      const { id: call, name, args, kept } = part;
      const keepsake = kept && { keepsake: { by: 'test/m1', data: kept } };
      calls.push({ kind: 'call', id: `${run}-${call}`, at: 0, call, name, args, run, ...keepsake });
    }
  }
  const messages = [...told].map(([id, { field, text }]): TranscriptItem => {
    const keepsake = words.keepsakes[id];
    return { kind: field, id, at: 0, text, run, ...(keepsake && { keepsake }) };
  });
  return [...messages, ...calls];
}

const result = (call: string, more: object = {}): TranscriptItem => ({
  kind: 'result',
  id: `result-${call}`,
  at: 0,
  call,
  status: 'success',
  text: 'a.txt',
  run: 'r',
  ...more,
});
const tool = {
  name: 'Bash',
  description: 'Runs a command.',
  parameters: { type: 'object', properties: { command: { type: 'string' } } },
};

describe.each(WIRES)('%s', (wire, modelId) => {
  const at = (options: At = {}) => {
    const url = wire === 'google' ? `${server.origin}/v1beta` : server.url;
    const facts = { reasoning: true, maxOutput: 64_000, ...options.facts };
    return modelAt(url, { wire, modelId, ...options, facts });
  };
  const joined = (parts: readonly ModelPart[], kind: string) =>
    parts.map((part) => (part.kind === kind && 'text' in part ? part.text : '')).join('');
  const sentBy = async (parts: Partial<ModelRequest>, options?: At) => {
    const n = server.requests.length + 1;
    const refused = server.refusals.length;
    const answer = await partsOf(at(options), request('#script=text', { tools: [tool], ...parts }));
    expect(server.refusals.slice(refused)).toEqual([]);
    expect(answer.at(-1)).toMatchObject({ kind: 'finish' });
    return JSON.parse(JSON.stringify((await server.onRequest(n)).body));
  };

  it.each(['thinking', 'secret'])('gets back what it wants to be kept: %s', async (script) => {
    const refused = server.refusals.length;
    const model = at();
    const ask = (transcript: readonly TranscriptItem[]) =>
      partsOf(model, request('', { transcript, tools: [tool], effort: 'high' }));
    const asked = user(`#script=${script}`);
    const first = await ask([asked]);
    if (script === 'thinking') expect(joined(first, 'reasoning')).toBe('Look first.');
    expect(first.at(-2)).toMatchObject({ kind: 'call', id: 'call_a', args: '{"command":"ls"}' });
    const known = [asked, ...remembered(first, 'r1'), result('call_a')];
    const second = await ask(known);
    expect(joined(second, 'text')).toBe('Done.');
    const third = await ask([...known, ...remembered(second, 'r2'), user('And?')]);
    expect(third.at(-1)).toMatchObject({ kind: 'finish', reason: 'end_turn' });
    expect(server.refusals.slice(refused)).toEqual([]);
    const sent = JSON.stringify(server.requests.at(-1)?.body);
    const seals = [...first, ...second].flatMap((part) => {
      const kept = part.kind === 'kept' ? part.data : part.kind === 'call' ? part.kept : undefined;
      const text = JSON.stringify(kept ?? {});
      return text.match(/"(?:signature|reasoningEncryptedContent|thoughtSignature)":"([^"]+)"/)?.[1] ?? [];
    });
    if (wire === 'openai-compatible') expect([...seals, sent.includes('Look first')]).toEqual([false]);
    else expect(seals.length).toBeGreaterThan(0);
    for (const seal of seals) expect(sent).toContain(seal);
  });

  it('gives nothing back that another model wants', async () => {
    const model = at();
    const asked = user('#script=thinking');
    const first = await partsOf(model, request('', { transcript: [asked], tools: [tool], effort: 'low' }));
    const others = remembered(first, 'r1').map((item) =>
      'keepsake' in item && item.keepsake ? { ...item, keepsake: { ...item.keepsake, by: 'other/m' } } : item,
    );
    const sent = JSON.stringify(
      await sentBy({ transcript: [asked, ...others, result('call_a')], effort: 'high' }),
    );
    expect(sent).not.toMatch(/scripted|Look first/);
    expect(sent).toContain('Looking.');
  });

  const png = { mediaType: 'image/png', data: 'aVZCT1J3MA==' };
  const shown = { type: 'image', source: { type: 'base64', media_type: png.mediaType, data: png.data } };
  const call: TranscriptItem = {
    kind: 'call',
    id: 'c',
    at: 0,
    call: 'call_a',
    name: 'Bash',
    args: '{}',
    run: 'r',
  };

  it('is shown the images of a user and of a tool, if it can see', async () => {
    const transcript = [
      user([{ type: 'text', text: 'Look' }, shown]),
      call,
      result('call_a', { images: [png] }),
      user('#script=text'),
    ];
    const sent = JSON.stringify(await sentBy({ transcript }));
    expect(sent.split(png.data)).toHaveLength(3);
    expect(sent).toContain('a.txt');
    const unseen = JSON.stringify(await sentBy({ transcript }, { facts: { images: false } }));
    expect(unseen).not.toContain(png.data);
    expect(unseen).toContain('cannot be shown to you');
  });

  it('reads a summary as what it is, whatever stands around it', async () => {
    const said: TranscriptItem = { kind: 'assistant', id: 'm', at: 0, text: 'Ok.', run: 'r0' };
    const summary: TranscriptItem = { kind: 'summary', id: 's', at: 0, text: 'They built a boat.' };
    const transcript = [summary, user('Go on'), said, call, result('call_a'), user('#script=text')];
    const sent = JSON.stringify(await sentBy({ transcript }));
    expect(sent).toMatch(/This is a summary of it.{1,60}shown in full.{1,8}They built a boat\./);
  });

  it('takes over a conversation with ids and names that it would not choose', async () => {
    const odd = { ...call, call: 'functions.Bash:0|x', name: 'mcp.look up' };
    const transcript = [user('Go'), odd, result(odd.call), user('#script=text')];
    await sentBy({ transcript });
  });

  it.each([null, 'none', 'minimal', 'low', 'high', 'xhigh', 'max', 'hard'])(
    'thinks as hard as it is told: %s',
    async (effort) => {
      const sent = await sentBy({ effort, cacheKey: 'conv-1' });
      const asked = {
        'openai-compatible': sent.reasoning_effort,
        'openai-responses': sent.reasoning?.effort,
        anthropic: sent.thinking?.budget_tokens ?? sent.thinking?.type,
        google: sent.generationConfig?.thinkingConfig?.thinkingLevel,
      }[wire];
      const expected: Readonly<Record<WireName, Readonly<Record<string, unknown>>>> = {
        'openai-compatible': {
          none: 'none',
          minimal: 'low',
          low: 'low',
          high: 'high',
          xhigh: 'high',
          max: 'high',
        },
        'openai-responses': {
          none: 'none',
          minimal: 'low',
          low: 'low',
          high: 'high',
          xhigh: 'xhigh',
          max: 'xhigh',
        },
        anthropic: { none: 'disabled', minimal: 1024, low: 6400, high: 38_400, xhigh: 51_200, max: 57_600 },
        google: { none: 'low', minimal: 'low', low: 'low', high: 'high', xhigh: 'high', max: 'high' },
      };
      expect(asked).toBe(expected[wire][effort ?? '']);
    },
  );
});

describe('what only one API has', () => {
  const sent = async (wire: WireName, modelId: string, parts: Partial<ModelRequest>, facts = {}) => {
    const n = server.requests.length + 1;
    const url = wire === 'google' ? `${server.origin}/v1beta` : server.url;
    await partsOf(modelAt(url, { wire, modelId, facts }), request('#script=text', parts));
    return (await server.onRequest(n)) as unknown as {
      body: Record<string, unknown>;
      headers: Record<string, string>;
    };
  };

  it.each(WIRES)('%s: the endpoint says which key goes where, and what else', async (wire, modelId) => {
    const headersTo = async (endpoint: Partial<Endpoint>) => {
      const n = server.requests.length + 1;
      const baseUrl = new URL(`${server.origin}${wire === 'google' ? '/v1beta' : '/v1'}/?version=7`);
      const names = { name: 'Server', baseVariable: 'SERVER_URL', keyVariable: 'SERVER_KEY' };
      const at = { ...names, baseUrl, key: KEY, ...endpoint };
      const model = openModel(wire, 'test/m1', modelId, at, unknownModel, {});
      expect((await partsOf(model, request('#script=text'))).at(-1)).toMatchObject({ kind: 'finish' });
      const {
        authorization,
        'x-api-key': own,
        'x-goog-api-key': google,
        'x-team': team,
      } = (await server.onRequest(n)).headers;
      return { authorization, own, google, team };
    };
    expect(await headersTo({ key: '' })).toEqual({});
    expect(await headersTo({ auth: 'bearer' })).toEqual({ authorization: `Bearer ${KEY}` });
    expect(await headersTo({ auth: 'x-api-key', headers: { 'X-Team': 'a' } })).toEqual({
      own: KEY,
      team: 'a',
    });
  });

  it('the query of the address goes with every request', () => {
    const endpoint = { baseUrl: new URL('https://example.org/v1?version=7&alt=json') } as Endpoint;
    const address = withBaseQuery(endpoint, 'https://example.org/v1/models/m:stream?alt=sse');
    expect(address).toBe('https://example.org/v1/models/m:stream?alt=sse&version=7');
  });

  it('Responses: nothing is stored, thoughts come encrypted, the conversation is named', async () => {
    const { body, headers } = await sent(
      'openai-responses',
      'new-model',
      { cacheKey: 'conv-1' },
      { reasoning: true },
    );
    expect(body).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'conv-1',
      reasoning: { summary: 'auto' },
    });
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('Responses: a long name of a conversation becomes one of 64 characters', async () => {
    const { body } = await sent('openai-responses', 'gpt-5.2', { cacheKey: 'conversation-'.repeat(9) });
    expect(body.prompt_cache_key).toMatch(/^[\da-f]{64}$/);
  });

  it('Anthropic: four breakpoints, and the key in its own header', async () => {
    const said = (run: string): TranscriptItem => ({ kind: 'assistant', id: run, at: 0, text: 'Ok.', run });
    const { body, headers } = await sent('anthropic', 'claude-sonnet-4-5', {
      system: 'Be kind.',
      tools: [{ ...tool, name: 'Read' }, tool],
      transcript: [user('a'), said('r1'), user('b'), said('r2'), user('c'), user('#script=text')],
    });
    const cache_control = { type: 'ephemeral' };
    expect(body.system).toEqual([{ type: 'text', text: 'Be kind.', cache_control }]);
    expect(body.tools).toMatchObject([{ name: 'Read' }, { name: 'Bash', cache_control }]);
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'a' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Ok.' }] },
      { role: 'user', content: [{ type: 'text', text: 'b', cache_control }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Ok.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: '#script=text', cache_control },
        ],
      },
    ]);
    expect(headers).toMatchObject({ 'x-api-key': KEY });
    expect(headers.authorization).toBeUndefined();
  });

  it.each([
    ['what nobody knows', 'new-model', {}, 32_000],
    ['what it can', 'new-model', { maxOutput: 9000 }, 9000],
    [
      'no more than a quarter of what it can read',
      'new-model',
      { maxOutput: 64_000, window: 200_000 },
      50_000,
    ],
  ])('Anthropic: an answer may be as long as %s', async (_name, modelId, facts, max) => {
    expect((await sent('anthropic', modelId, {}, facts)).body.max_tokens).toBe(max);
  });

  it('Anthropic: newer models decide themselves how long they think', async () => {
    const { body } = await sent('anthropic', 'claude-sonnet-4-6', { effort: 'max' }, { reasoning: true });
    expect(body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } });
  });

  it('Google: thoughts are asked for, and the key goes in its own header', async () => {
    const { body, headers } = await sent('google', 'gemini-2.5-pro', { effort: 'low' }, { reasoning: true });
    expect(body).toMatchObject({
      generationConfig: { thinkingConfig: { includeThoughts: true, thinkingBudget: expect.any(Number) } },
    });
    expect(headers).toMatchObject({ 'x-goog-api-key': KEY });
  });
});
