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
  calls: [
    { id: 'call_1', name: 'Bash', arguments: { command: 'ls' } },
    { id: 'call_2', name: 'Read', arguments: {} },
  ],
  usage: { input: 100, output: 20, cached: 60, reasoning: 5 },
};
const scripts = {
  mine: [reply],
  thought: [{ reasoning: 'hm', text: 'so' }],
  raw: [{ calls: [{ name: 'Bash', arguments: { raw: '{"comm' } }] }],
  no: [{ text: 'I was', pieces: 1, finish: 'refusal' as const }],
};

const at = (model: string, method: string, body: object) =>
  fetch(`${server.origin}/v1beta/models/${model}:${method}`, { method: 'POST', body: JSON.stringify(body) });
const contents = [{ role: 'user', parts: [{ text: '#script=mine' }] }];
const shown = { generationConfig: { thinkingConfig: { includeThoughts: true } } };

async function chunksOf(script: string, more: object = {}) {
  server = await startModelServer({ scripts });
  const text = await (await askOn('google', server, `#script=${script}`, { more })).text();
  return eventsIn(text).map(({ data }) => JSON.parse(data));
}
type Chunk = {
  candidates: { content?: { parts: { thoughtSignature?: string }[] }; finishReason?: string }[];
};
const partsIn = (chunks: Chunk[]) => chunks.flatMap(({ candidates }) => candidates[0]?.content?.parts ?? []);

describe('a stream of content', () => {
  it('brings thoughts, text and whole calls, the first one signed, and ends with a reason', async () => {
    const chunks = await chunksOf('mine');
    const parts = partsIn(chunks);
    const thoughtSignature = parts[4]?.thoughtSignature ?? '';
    expect(sealFits(thoughtSignature)).toBe(true);
    expect(parts).toEqual([
      { text: 'let m', thought: true },
      { text: 'e see', thought: true },
      { text: 'ab' },
      { text: 'cd' },
      { functionCall: { id: 'call_1', name: 'Bash', args: { command: 'ls' } }, thoughtSignature },
      { functionCall: { id: 'call_2', name: 'Read', args: {} } },
      { text: '' },
    ]);
    expect(chunks.map(({ candidates }) => candidates[0].finishReason)).toEqual([
      ...Array(6).fill(undefined),
      'STOP',
    ]);
    expect(chunks.at(-1)).toMatchObject({
      modelVersion: 'm1',
      usageMetadata: {
        promptTokenCount: 100,
        cachedContentTokenCount: 60,
        candidatesTokenCount: 15,
        thoughtsTokenCount: 5,
        totalTokenCount: 120,
      },
    });
  });

  it('signs an answer without calls at its end, and keeps thoughts to itself unless asked', async () => {
    const parts = partsIn(await chunksOf('thought', { generationConfig: {} }));
    expect(parts).toEqual([{ text: 'so' }, { text: '', thoughtSignature: expect.any(String) }]);
  });

  it('is one growing array without alt=sse, and one object without streaming', async () => {
    server = await startModelServer({ scripts });
    const stream = await at('gemini-3-pro', 'streamGenerateContent', { contents, ...shown });
    expect(stream.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    const chunks: unknown = await stream.json();
    expect(chunks).toHaveLength(7);
    const whole = await (await at('gemini-3-pro', 'generateContent', { contents, ...shown })).json();
    expect(whole).toMatchObject({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'let me see', thought: true },
              { text: 'abcd' },
              { functionCall: { name: 'Bash' }, thoughtSignature: expect.any(String) },
              { functionCall: { name: 'Read' } },
            ],
          },
          finishReason: 'STOP',
        },
      ],
    });
  });

  it('gives calls an id only since Gemini 3', async () => {
    server = await startModelServer({ scripts });
    const body = await (await at('gemini-2.5-pro', 'generateContent', { contents })).text();
    expect(body).toContain('functionCall');
    expect(body).not.toContain('call_1');
  });

  it('says that a call was malformed, and that an answer was not safe', async () => {
    expect((await chunksOf('raw')).at(-1).candidates[0]).toMatchObject({
      finishReason: 'MALFORMED_FUNCTION_CALL',
      finishMessage: 'Malformed function call: Bash',
    });
    await server.close();
    const chunks = await chunksOf('no');
    expect(partsIn(chunks)).toEqual([{ text: 'I was' }]);
    expect(chunks.at(-1).candidates[0]).toMatchObject({
      finishReason: 'SAFETY',
      safetyRatings: [{ blocked: true }],
    });
  });
});

const asks = { role: 'user', parts: [{ text: '#script=short' }] };
const call = (name: string, thoughtSignature?: string) => ({
  functionCall: { name, args: {} },
  ...(thoughtSignature && { thoughtSignature }),
});
const signed = (name: string) => call(name, sealOf('', 'r'));
const result = (name: string) => ({ functionResponse: { name, response: { output: 'ok' } } });
const says = (...parts: object[]) => ({ role: 'model', parts });
const tells = (...parts: object[]) => ({ role: 'user', parts });
const tool = (parameters: object, name = 'Bash') => ({
  tools: [{ functionDeclarations: [{ name, parameters }] }],
});

const missing =
  /^Function call is missing a thought_signature in functionCall parts\..*`default_api:a` , position 2\./;
const unequal = /number of function response parts is equal to the number of function call parts/;
const refusals: [string, object, RegExp][] = [
  ['no contents', { contents: [] }, /contents is not specified/],
  [
    'a content without parts',
    { contents: [asks, says()] },
    /contents\[1\]\.parts: contents\.parts must not be empty/,
  ],
  [
    'a part without data',
    { contents: [tells({ thought: true })] },
    /contents\[0\]\.parts\[0\]\.data: required oneof field/,
  ],
  [
    'a role of another API',
    { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] },
    /contents\[0\]\.role/,
  ],
  [
    'a call at the start',
    { contents: [says(signed('a')), tells(result('a'))] },
    /function call turn comes immediately after/,
  ],
  [
    'a result without its call',
    { contents: [asks, tells(result('a'))] },
    /function response turn comes immediately after a function call/,
  ],
  [
    'fewer results than calls',
    { contents: [asks, says(signed('a'), call('b')), tells(result('a'))] },
    unequal,
  ],
  ['a call without its result', { contents: [asks, says(signed('a')), asks] }, unequal],
  ['a call without its signature', { contents: [asks, says(call('a')), tells(result('a'))] }, missing],
  [
    'a changed signature',
    { contents: [asks, says(call('a', 'c2ln')), tells(result('a'))] },
    /^Corrupted thought signature\.$/,
  ],
  [
    'a name of a function',
    tool({ type: 'object' }, '1a'),
    /Invalid function name\. Must start with a letter/,
  ],
];

const sound: [string, object][] = [
  [
    'parallel calls, the first one signed',
    { contents: [asks, says(signed('a'), call('b')), tells(result('a'), result('b'))] },
  ],
  [
    'calls of earlier turns without signature',
    { contents: [asks, says(call('a')), tells(result('a')), says({ text: 'x' }), asks] },
  ],
  [
    'the signature for those who have none',
    { contents: [asks, says(call('a', 'skip_thought_signature_validator')), tells(result('a'))] },
  ],
  [
    'a schema of its own kind',
    tool({ type: 'OBJECT', properties: { a: { type: 'string', enum: ['x'], nullable: true } } }),
  ],
  [
    'a JSON Schema in its place',
    { tools: [{ functionDeclarations: [{ name: 'a', parametersJsonSchema: { $schema: 'x', const: 1 } }] }] },
  ],
];

describe('what the Generative Language API does not take', () => {
  it.each(refusals)('%s', async (_name, more, message) => {
    server = await startModelServer();
    const response = await askOn('google', server, '#script=short', { more });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.stringMatching(message) },
    });
    expect(server.refusals).toHaveLength(1);
  });

  it.each(sound)('but it takes %s', async (_name, more) => {
    server = await startModelServer();
    expect((await askOn('google', server, '#script=short', { more })).status).toBe(200);
  });

  it('a call without its signature, before Gemini 3', async () => {
    server = await startModelServer();
    const body = { contents: [asks, says(call('a')), tells(result('a'))] };
    expect((await at('gemini-2.5-flash', 'generateContent', body)).status).toBe(200);
    expect((await at('gemini-3-flash', 'generateContent', body)).status).toBe(400);
  });

  it('keywords its schemas do not know, all of them, each with its place', async () => {
    server = await startModelServer();
    const schema = {
      type: 'object',
      $schema: 'x',
      additionalProperties: false,
      properties: {
        one: { type: ['string', 'null'] },
        two: { type: 'array', items: { anyOf: [{ type: 'string' }, { const: 1 }] } },
      },
    };
    const place = 'tools[0].function_declarations[0].parameters';
    const expected = [
      [place, '$schema', 'Cannot find field.'],
      [place, 'additionalProperties', 'Cannot find field.'],
      [`${place}.properties[0].value`, 'type', 'Proto field is not repeating, cannot start list.'],
      [`${place}.properties[1].value.items.any_of[1]`, 'const', 'Cannot find field.'],
    ].map(([field, name, why]) => ({
      field,
      description: `Invalid JSON payload received. Unknown name "${name}" at '${field}': ${why}`,
    }));
    const response = await askOn('google', server, '#script=short', { more: tool(schema) });
    expect(await response.json()).toEqual({
      error: {
        code: 400,
        message: expected.map(({ description }) => description).join('\n'),
        status: 'INVALID_ARGUMENT',
        details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: expected }],
      },
    });
  });
});
