import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { endpointOf, isNoModel, resolveModel, type Variables } from './handles.ts';
import type { ModelPart } from './model.ts';
import { findProvider } from './providers.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());

async function answer(handle: string, env: Variables): Promise<ModelPart[]> {
  const model = await resolveModel(handle, env);
  if (isNoModel(model)) throw new Error(model.message);
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

  it.each(['lmstudio/qwen/qwen3-8b', 'ollama/a', 'demo'])('%s keeps its handle', async (handle) => {
    expect(await resolveModel(handle, {})).toMatchObject({ handle });
  });

  it('knows what the catalogue says of it, under another name as well', async () => {
    const env = { GEMINI_API_KEY: 'k' };
    expect(await resolveModel('google_ai/gemini-3.8-flash', env)).toMatchObject({ window: 1_048_576 });
    expect(await resolveModel('ollama/nobody-knows', {})).toMatchObject({ window: null });
  });
});

describe('a handle without a model', () => {
  it.each([
    ['anthropic/claude-sonnet-5', {}, 'model_wire_unavailable', 'Run farhand connect anthropic'],
    ['google/gemini-3-pro', {}, 'model_wire_unavailable', 'GEMINI_API_KEY is not set'],
    ['openai/gpt-5', {}, 'model_wire_unavailable', 'OPENAI_API_KEY is not set'],
    ['azure/gpt-5', {}, 'model_wire_unavailable', 'openai-compatible/<deployment>'],
    ['bedrock/claude', {}, 'model_wire_unavailable', 'Amazon Bedrock'],
    ['letta/letta-free', {}, 'model_wire_unavailable', 'farhand connect'],
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
    ['', {}, 'model_unknown', 'Write provider/model'],
    ['gpt-5', {}, 'model_unknown', 'Write provider/model'],
    ['/a', {}, 'model_unknown', 'Write provider/model'],
    ['lmstudio/', {}, 'model_unknown', 'Write provider/model'],
    ['foo/a', {}, 'model_unknown', '"foo" in "foo/a" is no provider'],
    ['constructor/a', {}, 'model_unknown', 'is no provider'],
  ])('%s with %j is %s', async (handle, env, code, words) => {
    const none = await resolveModel(handle, env);
    expect(none).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(JSON.stringify(none)).not.toContain('hidden');
  });
});

describe('an address', () => {
  const at = (prefix: string, env: Variables, connected = {}) => {
    const provider = findProvider(prefix);
    if (!provider || typeof provider === 'string') throw new Error(`There is no ${prefix}.`);
    return endpointOf(provider, env, connected);
  };
  const url = (address: string) => expect.objectContaining({ href: address });

  it.each([
    ['anthropic', 'https://proxy.example', 'https://proxy.example/v1'],
    ['anthropic', 'https://proxy.example/anthropic/', 'https://proxy.example/anthropic/v1'],
    ['google', 'https://proxy.example', 'https://proxy.example/v1beta'],
    ['groq', 'https://proxy.example/openai', 'https://proxy.example/openai'],
  ])('of %s may be %s', (prefix, given, full) => {
    expect(at(prefix, {}, { baseUrl: given, key: 'k' })).toMatchObject({ baseUrl: url(full) });
  });

  it('of the environment goes before a stored one, and takes no key along that was stored for another', () => {
    const stored = { key: 'sk-stored', place: 'the keyring' };
    expect(at('groq', {}, stored)).toMatchObject({ key: 'sk-stored', keyVariable: 'the keyring' });
    const env = { GROQ_BASE_URL: 'https://elsewhere.example/v1' };
    expect(at('groq', env, stored)).toMatchObject({ key: '', baseUrl: url('https://elsewhere.example/v1') });
    expect(at('groq', { GROQ_API_KEY: 'sk-env' }, stored)).toMatchObject({ key: 'sk-env' });
  });
});

it('loads no provider package before a model is used', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => { loaded.push(name); return next(name, context); } });
    const { resolveModel } = await import(${JSON.stringify(new URL('./handles.ts', import.meta.url))});
    const model = await resolveModel('lmstudio/a', {});
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
