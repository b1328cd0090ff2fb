import { afterEach, describe, expect, it } from 'vitest';
import { itemId } from './model-item-id.ts';
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
  calls: [{ id: 'call_1', name: 'Bash', arguments: { command: 'ls' } }],
  argumentPieces: 2,
  usage: { input: 100, output: 20, cached: 60, cacheWritten: 10, reasoning: 5 },
};
const scripts = {
  mine: [reply],
  no: [{ text: 'I will not.', pieces: 1, finish: 'refusal' as const }],
  cut: [{ text: 'too lo', finish: 'length' as const }],
  filtered: [{ text: 'I was', finish: 'content_filter' as const }],
};

async function eventsOf(script: string, more: object = {}) {
  server = await startModelServer({ scripts });
  const response = await askOn('openai-responses', server, `#script=${script}`, { more });
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  return eventsIn(await response.text()).map(({ name, data }, i) => {
    const event = JSON.parse(data);
    expect([event.type, event.sequence_number]).toEqual([name, i]);
    return event;
  });
}

describe('a stream of a response', () => {
  it('adds one item after the other, numbers its events and ends with the whole', async () => {
    const events = await eventsOf('mine');
    const delta = ({ type, output_index, delta }: Record<string, unknown>) =>
      [type, output_index, delta].filter((part) => part !== undefined);
    expect(events.map(delta)).toEqual([
      ['response.created'],
      ['response.in_progress'],
      ['response.output_item.added', 0],
      ['response.reasoning_summary_part.added', 0],
      ['response.reasoning_summary_text.delta', 0, 'let m'],
      ['response.reasoning_summary_text.delta', 0, 'e see'],
      ['response.reasoning_summary_text.done', 0],
      ['response.reasoning_summary_part.done', 0],
      ['response.output_item.done', 0],
      ['response.output_item.added', 1],
      ['response.content_part.added', 1],
      ['response.output_text.delta', 1, 'ab'],
      ['response.output_text.delta', 1, 'cd'],
      ['response.output_text.done', 1],
      ['response.content_part.done', 1],
      ['response.output_item.done', 1],
      ['response.output_item.added', 2],
      ['response.function_call_arguments.delta', 2, '{"comman'],
      ['response.function_call_arguments.delta', 2, 'd":"ls"}'],
      ['response.function_call_arguments.done', 2],
      ['response.output_item.done', 2],
      ['response.completed'],
    ]);
    const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    const { response } = events.at(-1);
    expect(response.output).toEqual(done);
    expect(response).toMatchObject({
      status: 'completed',
      model: 'm1',
      usage: {
        input_tokens: 100,
        input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
        output_tokens: 20,
        output_tokens_details: { reasoning_tokens: 5 },
        total_tokens: 120,
      },
    });
    expect(done).toMatchObject([
      { type: 'reasoning', id: expect.stringMatching(/^rs_/), summary: [{ text: 'let me see' }] },
      {
        type: 'message',
        id: expect.stringMatching(/^msg_/),
        status: 'completed',
        content: [{ type: 'output_text', text: 'abcd' }],
      },
      {
        type: 'function_call',
        id: expect.stringMatching(/^fc_/),
        call_id: 'call_1',
        arguments: '{"command":"ls"}',
      },
    ]);
    expect(sealFits(done[0].encrypted_content, 'let me see')).toBe(true);
  });

  it('sums reasoning up, and hands it out encrypted, only when asked to', async () => {
    const events = await eventsOf('mine', { reasoning: undefined, include: undefined });
    const [item] = events.at(-1).response.output;
    expect(item).toEqual({ type: 'reasoning', id: item.id, summary: [] });
    expect(events.filter(({ type }) => /reasoning/.test(type))).toEqual([]);
  });

  it('a refusal has events of its own', async () => {
    const events = await eventsOf('no');
    expect(
      events.slice(3, -1).map(({ type, part, delta, refusal }) => [type, part ?? delta ?? refusal]),
    ).toEqual([
      ['response.content_part.added', { type: 'refusal', refusal: '' }],
      ['response.refusal.delta', 'I will not.'],
      ['response.refusal.done', 'I will not.'],
      ['response.content_part.done', { type: 'refusal', refusal: 'I will not.' }],
      ['response.output_item.done', undefined],
    ]);
  });

  it.each([
    ['cut', 'max_output_tokens'],
    ['filtered', 'content_filter'],
  ])('%s: an answer that is not complete says why', async (script, reason) => {
    const last = (await eventsOf(script)).at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason }, output: [{ status: 'incomplete' }] },
    });
  });

  it('tells a failure inside the stream by two events, numbered on', async () => {
    server = await startModelServer({ scripts: { mine: [{ ...reply, fault: 'overflow', faultAfter: 1 }] } });
    const response = await askOn('openai-responses', server, '#script=mine');
    const events = eventsIn(await response.text()).map(({ data }) => JSON.parse(data));
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', error: { code: 'context_length_exceeded', param: 'input' } },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'context_length_exceeded' } } },
    ]);
  });
});

const asks = { role: 'user', content: [{ type: 'input_text', text: '#script=no' }] };
const call = (call_id: string, more: object = {}) => ({
  type: 'function_call',
  call_id,
  name: 'Bash',
  arguments: '{}',
  ...more,
});
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'ok' });
const id = (kind: 'reasoning' | 'text' | 'call', at: number) => itemId(kind, 'r', at, true);
const thought = (more: object = {}) => ({
  type: 'reasoning',
  id: id('reasoning', 0),
  summary: [{ type: 'summary_text', text: 'hm' }],
  encrypted_content: sealOf('hm', 'r'),
  ...more,
});
const said = (...content: object[]) => ({ type: 'message', role: 'assistant', content });

const refusals: [string, object, RegExp, object?][] = [
  ['no input', { input: [] }, /Missing required parameter: 'input'/],
  [
    'an item without its field',
    { input: [{ type: 'function_call_output', call_id: 'a' }] },
    /'input\[0\]\.output'/,
  ],
  [
    'a call without its output',
    { input: [asks, call('a'), asks] },
    /^No tool output found for function call a\.$/,
  ],
  [
    'an output without its call',
    { input: [asks, output('a')] },
    /^No tool call found for function call output with call_id a\.$/,
  ],
  [
    'an earlier response',
    { previous_response_id: 'resp_1' },
    /not found/,
    { code: 'previous_response_not_found' },
  ],
  [
    'an item by its name',
    { input: [asks, { type: 'item_reference', id: 'rs_1' }] },
    /Items are not persisted/,
    { status: 404 },
  ],
  [
    'reasoning without its content',
    { input: [asks, thought({ encrypted_content: null }), said({ type: 'output_text', text: 'x' })] },
    /^Item with id 'rs_ar_0' not found\. Items are not persisted when `store` is set to false\./,
    { status: 404 },
  ],
  [
    'changed reasoning',
    { input: [asks, thought({ encrypted_content: 'gAAAx' }), call('a'), output('a')] },
    /could not be verified/,
    { code: 'invalid_encrypted_content' },
  ],
  [
    'reasoning that nothing follows',
    { input: [asks, thought(), asks] },
    /^Item 'rs_ar_0' of type 'reasoning' was provided without its required following item\.$/,
  ],
  [
    'a call without its reasoning',
    { input: [asks, call('a', { id: id('call', 1) }), output('a')] },
    /^Item 'fc_ar_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_ar_0'\.$/,
  ],
  [
    'an id of another kind',
    { input: [asks, call('a', { id: 'call_x' }), output('a')] },
    /Expected an ID that begins with 'fc'/,
  ],
  [
    'a long id of a call',
    { input: [asks, call('a'.repeat(65)), output('a'.repeat(65))] },
    /maximum length 64/,
  ],
  [
    'a part of the other side',
    { input: [asks, said({ type: 'input_text', text: 'x' })] },
    /Invalid value: 'input_text'/,
  ],
  ['a name of a tool', { tools: [{ type: 'function', name: 'a b' }] }, /^Invalid 'tools\[0\]\.name'/],
  ['a small limit', { max_output_tokens: 1 }, /Expected a value >= 16, but got 1 instead/],
];

const sound: [string, object][] = [
  [
    'parallel calls, whatever stands between',
    { input: [asks, call('a'), call('b'), asks, output('b'), output('a')] },
  ],
  ['reasoning as it was', { input: [asks, thought(), call('a', { id: id('call', 1) }), output('a')] }],
  ['calls without ids', { input: [asks, call('a'), output('a')] }],
  ['a plain text', { input: 'hello' }],
];

describe('what the Responses API does not take', () => {
  it.each(refusals)(
    '%s',
    async (_name, more, message, { status = 400, code }: { status?: number; code?: string } = {}) => {
      server = await startModelServer();
      const response = await askOn('openai-responses', server, '#script=short', { more });
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({
        error: {
          type: 'invalid_request_error',
          message: expect.stringMatching(message),
          ...(code && { code }),
        },
      });
      expect(server.refusals).toHaveLength(1);
    },
  );

  it.each(sound)('but it takes %s', async (_name, more) => {
    server = await startModelServer({ scripts });
    expect((await askOn('openai-responses', server, '', { more })).status).toBe(200);
  });
});
