import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { defaultModel, modelResolver, resolveModel, type Variables } from './handles.ts';
import type { ModelPart } from './model.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

async function answer(handle: string, env: Variables): Promise<ModelPart[]> {
  const model = resolveModel(handle, env);
  if ('code' in model) throw new Error(model.message);
  const parts: ModelPart[] = [];
  const transcript = [{ kind: 'user', id: 'u', at: 0, content: 'hello', otid: null }] as const;
  for await (const part of model.stream({
    system: '',
    transcript,
    tools: [],
    signal: new AbortController().signal,
  })) {
    parts.push(part);
  }
  return parts;
}

describe('a handle with a wire', () => {
  it.each([
    ['lmstudio/a', 'LMSTUDIO', 'a'],
    ['lmstudio/qwen/qwen3-8b', 'LMSTUDIO', 'qwen/qwen3-8b'],
    ['ollama/llama3.1:8b', 'OLLAMA', 'llama3.1:8b'],
    ['openai/gpt-5', 'OPENAI', 'gpt-5'],
    ['openai-compatible/a', 'OPENAI', 'a'],
  ])('%s sends to the address and with the key of %s the model %s', async (handle, prefix, modelId) => {
    const n = server.requests.length + 1;
    await answer(handle, { [`${prefix}_BASE_URL`]: server.url, [`${prefix}_API_KEY`]: ' the-key\n' });
    const { body, headers } = await server.onRequest(n);
    expect(body.model).toBe(modelId);
    expect(headers.authorization).toBe('Bearer the-key');
  });

  it.each(['', '/', '/v1', '/v1/', '/v1//'])('takes an address that ends in "%s"', async (end) => {
    const address = new URL(server.url).origin + end;
    const parts = await answer('lmstudio/a', { LMSTUDIO_BASE_URL: address });
    expect(parts.at(-1)).toMatchObject({ kind: 'finish' });
  });

  it('sends no key where there is none', async () => {
    const n = server.requests.length + 1;
    await answer('openai/a', { OPENAI_BASE_URL: server.url });
    expect((await server.onRequest(n)).headers.authorization).toBeUndefined();
  });

  it('keeps its handle', () => {
    expect(resolveModel('lmstudio/qwen/qwen3-8b', {})).toMatchObject({ handle: 'lmstudio/qwen/qwen3-8b' });
    expect(resolveModel('ollama/a', {})).toMatchObject({ handle: 'ollama/a' });
    expect(resolveModel('demo', {})).toMatchObject({ handle: 'demo' });
  });
});

describe('a handle without a model', () => {
  it.each([
    ['anthropic/claude-sonnet-4-5', {}, 'model_wire_unavailable', 'cannot talk to Anthropic yet'],
    ['google/gemini-3-pro', {}, 'model_wire_unavailable', 'openai-compatible/gemini-3-pro'],
    ['openrouter/x/y', {}, 'model_wire_unavailable', 'OpenRouter'],
    ['openai/gpt-5', {}, 'model_wire_unavailable', 'OPENAI_API_KEY is not set'],
    ['openai-compatible/a', {}, 'model_wire_unavailable', 'OPENAI_BASE_URL is not set'],
    [
      'lmstudio/a',
      { LMSTUDIO_BASE_URL: 'localhost:1234' },
      'model_wire_unavailable',
      'not an http or https address',
    ],
    [
      'lmstudio/a',
      { LMSTUDIO_BASE_URL: 'nonsense' },
      'model_wire_unavailable',
      'not an http or https address',
    ],
    [
      'lmstudio/a',
      { LMSTUDIO_BASE_URL: 'http://me:hidden@host/v1' },
      'model_wire_unavailable',
      'Set it to http://host/v1',
    ],
    [
      'lmstudio/a',
      { LMSTUDIO_API_KEY: 'two hidden' },
      'model_wire_unavailable',
      'LMSTUDIO_API_KEY holds characters',
    ],
    ['', {}, 'model_unknown', 'for example lmstudio/'],
    ['gpt-5', {}, 'model_unknown', 'for example lmstudio/'],
    ['/a', {}, 'model_unknown', 'for example lmstudio/'],
    ['lmstudio/', {}, 'model_unknown', 'for example lmstudio/'],
    ['foo/a', {}, 'model_unknown', '"foo" in "foo/a" is no provider'],
    ['constructor/a', {}, 'model_unknown', 'is no provider'],
  ])('%s with %j is %s', (handle, env, code, words) => {
    const none = resolveModel(handle, env);
    expect(none).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(JSON.stringify(none)).not.toContain('hidden');
  });
});

it('uses the model of FARHAND_MODEL, else the demo', () => {
  expect(defaultModel({ FARHAND_MODEL: ' ollama/a ' })).toBe('ollama/a');
  expect(defaultModel({ FARHAND_MODEL: '' })).toBe('demo');
  expect(defaultModel({})).toBe('demo');
});

it('resolves each handle once', () => {
  const modelAt = modelResolver({});
  expect(modelAt('lmstudio/a')).toBe(modelAt('lmstudio/a'));
  expect(modelAt('lmstudio/b')).toMatchObject({ handle: 'lmstudio/b' });
  expect(modelAt('foo/a')).toMatchObject({ code: 'model_unknown' });
});

it('loads no provider package before a model is used', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => { loaded.push(name); return next(name, context); } });
    const { resolveModel } = await import(${JSON.stringify(new URL('./handles.ts', import.meta.url))});
    const model = resolveModel('lmstudio/a', {});
    const before = loaded.filter((name) => !/^(node:|[.]|file:)/.test(name));
    const request = { system: '', transcript: [], tools: [], signal: AbortSignal.timeout(60000) };
    const stream = model.stream(request)[Symbol.asyncIterator]();
    await stream.next();
    console.log(JSON.stringify({ before, after: loaded.includes('@ai-sdk/openai-compatible') }));
    process.exit();
  `;
  const env = { ...process.env, LMSTUDIO_BASE_URL: 'http://127.0.0.1:1' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
  });
  expect(JSON.parse(stdout)).toEqual({ before: [], after: true });
});
