import { afterEach, describe, expect, it } from 'vitest';
import { sealFits, sealOf } from './model-seal.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { askOn, eventsIn } from './model-test-wires.ts';

let server: ModelServer;
afterEach(() => server.close());

const reply = {
  reasoning: 'let me see',
  reasoningPieces: 2,
  text: 'abcd',
  pieces: 2,
  calls: [{ id: 'toolu_1', name: 'Bash', arguments: { command: 'ls' } }],
  argumentPieces: 2,
  usage: { input: 100, output: 20, cached: 60, cacheWritten: 10, reasoning: 5 },
};

async function eventsOf(more: object = {}) {
  server = await startModelServer({ scripts: { mine: [reply] } });
  const response = await askOn('anthropic', server, '#script=mine', { more });
  expect(response.headers.get('request-id')).toMatch(/^req_/);
  return eventsIn(await response.text()).map(({ name, data }) => {
    const event = JSON.parse(data);
    expect(event.type).toBe(name);
    return event;
  });
}

/** An event in short: its kind, its block, and what is new in it. */
const short = ({ type, index, content_block, delta }: Record<string, unknown>) =>
  [type, index, content_block ?? delta].filter((part) => part !== undefined);

describe('a stream of messages', () => {
  it('opens, fills and closes one block after the other', async () => {
    const events = await eventsOf();
    const signature = events.find(({ delta }) => delta?.type === 'signature_delta')?.delta.signature;
    expect(sealFits(signature, 'let me see')).toBe(true);
    expect(events.slice(1).map(short)).toEqual([
      ['content_block_start', 0, { type: 'thinking', thinking: '', signature: '' }],
      ['ping'],
      ['content_block_delta', 0, { type: 'thinking_delta', thinking: 'let m' }],
      ['content_block_delta', 0, { type: 'thinking_delta', thinking: 'e see' }],
      ['content_block_delta', 0, { type: 'signature_delta', signature }],
      ['content_block_stop', 0],
      ['content_block_start', 1, { type: 'text', text: '' }],
      ['content_block_delta', 1, { type: 'text_delta', text: 'ab' }],
      ['content_block_delta', 1, { type: 'text_delta', text: 'cd' }],
      ['content_block_stop', 1],
      ['content_block_start', 2, { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }],
      ['content_block_delta', 2, { type: 'input_json_delta', partial_json: '' }],
      ['content_block_delta', 2, { type: 'input_json_delta', partial_json: '{"comman' }],
      ['content_block_delta', 2, { type: 'input_json_delta', partial_json: 'd":"ls"}' }],
      ['content_block_stop', 2],
      ['message_delta', { stop_reason: 'tool_use', stop_sequence: null }],
      ['message_stop'],
    ]);
    const input = { input_tokens: 30, cache_creation_input_tokens: 10, cache_read_input_tokens: 60 };
    expect(events[0]).toMatchObject({
      type: 'message_start',
      message: { role: 'assistant', model: 'm1', content: [], stop_reason: null, usage: input },
    });
    expect(events.at(-2).usage).toMatchObject({
      ...input,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 5 },
    });
  });

  it('does not think without being told to, and keeps its thoughts to itself when asked to', async () => {
    const kinds = async (thinking: unknown) => {
      const events = await eventsOf({ thinking });
      await server.close();
      return events
        .flatMap(({ delta }) => delta?.type ?? [])
        .filter((type) => /thinking|signature/.test(type));
    };
    expect(await kinds(undefined)).toEqual([]);
    expect(await kinds({ type: 'disabled' })).toEqual([]);
    expect(await kinds({ type: 'adaptive', display: 'omitted' })).toEqual(['signature_delta']);
  });

  it('with a budget it always thinks, seen or not', async () => {
    server = await startModelServer();
    const more = { thinking: { type: 'enabled', budget_tokens: 1024 } };
    const { content } = JSON.parse(
      await (await askOn('anthropic', server, '#script=short', { more, stream: false })).text(),
    );
    expect(content.map((block: { type: string }) => block.type)).toEqual(['thinking', 'text']);
    const events = eventsIn(await (await askOn('anthropic', server, '#script=short', { more })).text());
    const starts = events
      .filter(({ name }) => name === 'content_block_start')
      .map(({ data }) => JSON.parse(data));
    expect(starts.map(({ index, content_block }) => [index, content_block.type])).toEqual([
      [0, 'thinking'],
      [1, 'text'],
    ]);
  });

  it('wraps arguments that are no JSON where it has no room for fragments, and names a refusal', async () => {
    server = await startModelServer({
      scripts: {
        raw: [{ calls: [{ name: 'Bash', arguments: { raw: '{"comm' } }] }],
        no: [{ text: 'I will not.', finish: 'refusal' }],
      },
    });
    const raw = await askOn('anthropic', server, '#script=raw', { stream: false });
    expect(await raw.json()).toMatchObject({
      content: [{ type: 'tool_use', input: { INVALID_JSON: '{"comm' } }],
    });
    const no = await askOn('anthropic', server, '#script=no', { stream: false });
    expect(await no.json()).toMatchObject({ stop_reason: 'refusal', stop_details: { type: 'refusal' } });
  });
});

const asks = { role: 'user', content: '#script=short' };
const text = (said: string) => ({ type: 'text', text: said });
const use = (id: string) => ({ type: 'tool_use', id, name: 'Bash', input: {} });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' });
const thinks = (shown: string, signature = sealOf(shown, 'r')) => ({
  type: 'thinking',
  thinking: shown,
  signature,
});
const says = (...content: object[]) => ({ role: 'assistant', content });
const tells = (...content: object[]) => ({ role: 'user', content });
const tool = (name: string, input_schema: object = { type: 'object' }) => ({ name, input_schema });
const marked = { ...text('x'), cache_control: { type: 'ephemeral' } };
const enabled = { thinking: { type: 'enabled', budget_tokens: 1024 } };

const refusals: [string, object, RegExp][] = [
  ['no message', { messages: [] }, /^messages: at least one message is required$/],
  ['no limit', { max_tokens: undefined }, /^max_tokens: Field required$/],
  ['a role of another API', { messages: [{ role: 'system', content: 'x' }] }, /^messages\.0\.role: /],
  ['an answer first', { messages: [says(text('hi')), asks] }, /first message must use the "user" role/],
  ['an empty text', { messages: [tells(text(''))] }, /text content blocks must be non-empty/],
  ['a blank text', { messages: [tells(text(' \n'))] }, /must contain non-whitespace text/],
  ['an empty system text', { system: [text('')] }, /^system: text content blocks must be non-empty$/],
  [
    'an empty message',
    { messages: [asks, says(), asks] },
    /^messages\.1: all messages must have non-empty content/,
  ],
  ['space at the end', { messages: [asks, says(text('I '))] }, /cannot end with trailing whitespace/],
  [
    'a call of the user',
    { messages: [tells(use('a'))] },
    /`tool_use` blocks are not allowed in user messages/,
  ],
  [
    'a call without its result',
    { messages: [asks, says(use('a'), use('b')), tells(result('a'))] },
    /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: b\. /,
  ],
  [
    'a text before the results',
    { messages: [asks, says(use('a')), tells(text('and'), result('a'))] },
    /without `tool_result` blocks immediately after: a\./,
  ],
  [
    'a result without its call',
    { messages: [asks, tells(result('a'))] },
    /^messages\.1\.content\.0: unexpected `tool_use_id` found in `tool_result` blocks: a\. /,
  ],
  [
    'a result that comes twice',
    { messages: [asks, says(use('a')), tells(result('a'), result('a'))] },
    /unexpected/,
  ],
  [
    'an id of another API',
    { messages: [asks, says(use('a.b')), tells(result('a.b'))] },
    /should match pattern/i,
  ],
  [
    'one id for two calls',
    { messages: [asks, says(use('a')), tells(result('a')), says(use('a')), tells(result('a'))] },
    /^messages\.3\.content\.0: `tool_use` ids must be unique$/,
  ],
  ['a name of a tool', { tools: [tool('a b')] }, /^tools\.0\.custom\.name: String should match pattern/],
  ['two tools of one name', { tools: [tool('a'), tool('a')] }, /Tool names must be unique/],
  [
    'a schema that is no object',
    { tools: [tool('a', { type: 'string' })] },
    /input_schema\.type: Input should be/,
  ],
  [
    'five marks for the cache',
    { system: [marked], messages: [tells(marked, marked, marked, marked)] },
    /A maximum of 4 blocks with cache_control may be provided\. Found 5\./,
  ],
  ['a small budget', { thinking: { type: 'enabled', budget_tokens: 10 } }, /^thinking\.budget_tokens: /],
  ['a budget over the limit', { ...enabled, max_tokens: 1000 }, /`max_tokens` must be greater/],
  ['a temperature while thinking', { ...enabled, temperature: 0.5 }, /may only be set to 1/],
  [
    'a forced tool while thinking',
    { ...enabled, tool_choice: { type: 'any' } },
    /Thinking may not be enabled/,
  ],
  [
    'thinking without its signature',
    { messages: [asks, says({ type: 'thinking', thinking: 'x' }), asks] },
    /signature: Field required$/,
  ],
  [
    'changed thinking',
    { messages: [asks, says(thinks('x', sealOf('y', 'r')), use('a')), tells(result('a'))] },
    /^messages\.1\.content\.0: Invalid `signature` in `thinking` block$/,
  ],
  [
    'a signature that was cut',
    { messages: [asks, says(thinks('x', sealOf('x', 'r').slice(0, -4)), use('a')), tells(result('a'))] },
    /Invalid `signature`/,
  ],
  [
    'a signature of another API',
    { messages: [asks, says(thinks('x', 'sig'), use('a')), tells(result('a'))] },
    /Invalid `signature`/,
  ],
  [
    'a call without the thinking before it',
    { ...enabled, messages: [asks, says(use('a')), tells(result('a'))] },
    /^messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`\./,
  ],
];

const sound: [string, object][] = [
  ['two answers in a row', { messages: [asks, says(text('a')), says(text('b')), asks, asks] }],
  [
    'parallel calls',
    { messages: [asks, says(use('a'), use('b')), tells(result('b'), result('a'), text('go'))] },
  ],
  ['thinking as it was', { ...enabled, messages: [asks, says(thinks('x'), use('a')), tells(result('a'))] }],
  [
    'one thinking for several rounds',
    {
      ...enabled,
      messages: [asks, says(thinks('x'), use('a')), tells(result('a')), says(use('b')), tells(result('b'))],
    },
  ],
  ['earlier turns without thinking', { ...enabled, messages: [asks, says(text('a')), asks] }],
  ['adaptive thinking left out', { messages: [asks, says(use('a')), tells(result('a'))] }],
];

describe('what the Messages API does not take', () => {
  it.each(refusals)('%s', async (_name, more, message) => {
    server = await startModelServer();
    const response = await askOn('anthropic', server, '#script=short', { more });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
      request_id: expect.stringMatching(/^req_/),
    });
    expect([server.requests.length, server.refusals.length]).toEqual([0, 1]);
  });

  it.each(sound)('but it takes %s', async (_name, more) => {
    server = await startModelServer();
    expect((await askOn('anthropic', server, '#script=short', { more })).status).toBe(200);
  });

  it('a request that does not say its version', async () => {
    server = await startModelServer();
    const response = await fetch(`${server.url}/messages`, { method: 'POST', body: '{}' });
    expect(await response.json()).toMatchObject({
      error: { message: 'anthropic-version: header is required' },
    });
  });
});
