import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { afterEach, describe, expect, it } from 'vitest';
import type { Reply, Scripts } from './model-script.ts';
import { type ModelServer, type ModelServerOptions, startModelServer } from './model-server.ts';
import type { WireName } from './model-wire.ts';

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: ModelServerOptions = {}): Promise<ModelServer> {
  server = await startModelServer(options);
  return server;
}

type Options = NonNullable<LanguageModelV4CallOptions['providerOptions']>;
type Client = {
  wire: WireName;
  model(to: ModelServer, apiKey?: string): LanguageModelV4;
  /** What a client sets so that it gets to see what the model thinks. */
  options: Options;
  /** What the API does not count. */
  uncounted?: 'cacheWrite';
};

const clients: Client[] = [
  {
    wire: 'openai-chat',
    model: ({ url }, apiKey = 'k') =>
      createOpenAICompatible({ name: 'scripted', baseURL: url, includeUsage: true, apiKey })('m1'),
    options: {},
    uncounted: 'cacheWrite',
  },
  {
    wire: 'openai-responses',
    model: ({ url }, apiKey = 'k') => createOpenAI({ baseURL: url, apiKey }).responses('gpt-5.4'),
    options: {
      openai: { store: false, reasoningSummary: 'auto', include: ['reasoning.encrypted_content'] },
    },
  },
  {
    wire: 'anthropic',
    model: ({ url }, apiKey = 'k') => createAnthropic({ baseURL: url, apiKey })('claude-sonnet-4-5'),
    options: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } } },
  },
  {
    wire: 'google',
    model: ({ origin }, apiKey = 'k') =>
      createGoogle({ baseURL: `${origin}/v1beta`, apiKey })('gemini-3-pro-preview'),
    options: { google: { thinkingConfig: { includeThoughts: true } } },
    uncounted: 'cacheWrite',
  },
];

const tools: NonNullable<LanguageModelV4CallOptions['tools']> = ['Bash', 'Read'].map((name) => ({
  type: 'function',
  name,
  inputSchema: { type: 'object', properties: { command: { type: 'string' }, file_path: { type: 'string' } } },
}));
const asks = (text: string): LanguageModelV4Prompt => [{ role: 'user', content: [{ type: 'text', text }] }];

async function partsOf(
  { model, options }: Client,
  to: ModelServer,
  prompt: LanguageModelV4Prompt,
): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await model(to).doStream({
    prompt,
    tools,
    maxOutputTokens: 8192,
    providerOptions: options,
  });
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const joined = (parts: LanguageModelV4StreamPart[], type: 'text-delta' | 'reasoning-delta') =>
  parts.map((part) => (part.type === type ? part.delta : '')).join('');
const callsIn = (parts: LanguageModelV4StreamPart[]) => parts.filter((part) => part.type === 'tool-call');
const errorsIn = (parts: LanguageModelV4StreamPart[]) => parts.filter((part) => part.type === 'error');
const finishOf = (parts: LanguageModelV4StreamPart[]) => parts.find((part) => part.type === 'finish');

/** What a client sends back of an answer: its parts with the metadata that came with them. */
function answered(parts: LanguageModelV4StreamPart[]): LanguageModelV4Prompt {
  type Assistant = Extract<LanguageModelV4Prompt[number], { role: 'assistant' }>;
  const content: Assistant['content'] = [];
  const open = new Map<string, { type: 'text' | 'reasoning'; text: string; providerOptions?: Options }>();
  for (const part of parts) {
    if (part.type === 'text-start' || part.type === 'reasoning-start') {
      const begun = {
        type: part.type === 'text-start' ? ('text' as const) : ('reasoning' as const),
        text: '',
      };
      open.set(part.id, begun);
      content.push(begun);
    }
    if (part.type === 'tool-call') {
      const { toolCallId, toolName, input, providerMetadata } = part;
      const call = { type: 'tool-call' as const, toolCallId, toolName, input: JSON.parse(input) };
      content.push(providerMetadata ? { ...call, providerOptions: providerMetadata } : call);
    }
    const begun = 'id' in part && typeof part.id === 'string' ? open.get(part.id) : undefined;
    if (!begun) continue;
    if (part.type === 'text-delta' || part.type === 'reasoning-delta') begun.text += part.delta;
    if ('providerMetadata' in part && part.providerMetadata) begun.providerOptions = part.providerMetadata;
  }
  const results = callsIn(parts).map(({ toolCallId, toolName }) => ({
    type: 'tool-result' as const,
    toolCallId,
    toolName,
    output: { type: 'text' as const, value: 'done' },
  }));
  return [
    { role: 'assistant', content },
    { role: 'tool', content: results },
  ];
}

const turn: Scripts = {
  mine: [
    {
      reasoning: 'let me see',
      text: 'two things',
      calls: [
        { id: 'call_1', name: 'Bash', arguments: { command: 'true' } },
        { id: 'call_2', name: 'Read', arguments: { file_path: '/a' } },
      ],
      usage: { input: 100, output: 20, cached: 60, cacheWritten: 10, reasoning: 5 },
    },
    { reasoning: 'now I know', calls: [{ name: 'Bash', arguments: { command: 'ls' } }] },
    { text: 'all done' },
  ],
};

describe.each(clients)('a client of $wire', (client) => {
  it('reads reasoning, text, parallel calls and usage, and comes back with them until all is done', async () => {
    const to = await start({ scripts: turn });
    const prompt = asks('go #script=mine');
    const first = await partsOf(client, to, prompt);
    expect(errorsIn(first)).toEqual([]);
    expect(joined(first, 'reasoning-delta')).toBe('let me see');
    expect(joined(first, 'text-delta')).toBe('two things');
    expect(callsIn(first)).toMatchObject([
      { toolCallId: 'call_1', toolName: 'Bash', input: '{"command":"true"}' },
      { toolCallId: 'call_2', toolName: 'Read', input: '{"file_path":"/a"}' },
    ]);
    const cacheWrite = client.uncounted ? {} : { cacheWrite: 10 };
    expect(finishOf(first)).toMatchObject({
      finishReason: { unified: 'tool-calls' },
      usage: {
        inputTokens: { total: 100, cacheRead: 60, ...cacheWrite },
        outputTokens: { total: 20, reasoning: 5 },
      },
    });
    prompt.push(...answered(first));
    const second = await partsOf(client, to, prompt);
    expect(callsIn(second)).toMatchObject([{ toolName: 'Bash', input: '{"command":"ls"}' }]);
    prompt.push(...answered(second));
    const third = await partsOf(client, to, prompt);
    expect([joined(third, 'text-delta'), finishOf(third)?.finishReason.unified]).toEqual([
      'all done',
      'stop',
    ]);
    expect(to.refusals).toEqual([]);
    expect(to.requests.map(({ wire, script, step }) => [wire, script, step])).toEqual([
      [client.wire, 'mine', 0],
      [client.wire, 'mine', 1],
      [client.wire, 'mine', 2],
    ]);
  });

  const endings: [string, Reply, string][] = [
    ['a length', { text: 'too lo', finish: 'length' }, 'length'],
    ['a refusal', { text: 'I will not.', finish: 'refusal' }, 'content-filter'],
    ['a filter', { text: 'I was about to', finish: 'content_filter' }, 'content-filter'],
  ];
  it.each(endings)('reads %s', async (_name, reply, unified) => {
    const to = await start({ scripts: { mine: [reply] } });
    const parts = await partsOf(client, to, asks('#script=mine'));
    expect(errorsIn(parts)).toEqual([]);
    expect(finishOf(parts)?.finishReason.unified).toBe(unified);
    expect(joined(parts, 'text-delta')).toBe(reply.text);
  });

  it('reads whole answers too', async () => {
    const to = await start({ scripts: turn });
    const { content, finishReason, usage } = await client.model(to).doGenerate({
      prompt: asks('#script=mine'),
      tools,
      maxOutputTokens: 8192,
      providerOptions: client.options,
    });
    expect(content).toMatchObject([
      { type: 'reasoning', text: 'let me see' },
      { type: 'text', text: 'two things' },
      { type: 'tool-call', toolCallId: 'call_1', input: '{"command":"true"}' },
      { type: 'tool-call', toolCallId: 'call_2' },
    ]);
    expect(finishReason.unified).toBe('tool-calls');
    expect(usage).toMatchObject({ inputTokens: { total: 100 }, outputTokens: { total: 20 } });
  });

  it('must bring a key where keys are asked for', async () => {
    const to = await start({ keys: ['right'] });
    const ask = (key: string) => client.model(to, key).doStream({ prompt: asks('hello') });
    await expect(ask('wrong')).rejects.toMatchObject({ statusCode: client.wire === 'google' ? 400 : 401 });
    await (await ask('right')).stream.cancel();
    expect(to.refusals).toHaveLength(1);
  });
});
