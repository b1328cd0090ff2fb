import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startModelServer } from '../../testing/model-server.ts';
import type { Settings } from '../settings/settings.ts';
import { settingsFile } from '../settings/settings-file.ts';
import { modelCatalogue } from './catalogue.ts';
import { ModelFinder, type ModelSources } from './finder.ts';
import { isNoModel, type Variables } from './handles.ts';
import { keyStore } from './keys.ts';
import type { Model, ModelPart } from './model.ts';
import { testProvider } from './test-provider.ts';

function aFinder(env: Variables = {}, settings: Omit<Settings, 'v'> = {}, more: Partial<ModelSources> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'farhand-finder-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const file = settingsFile(home);
  if (Object.keys(settings).length > 0) file.change((before) => ({ ...before, ...settings }));
  const keys = keyStore(home, { FARHAND_KEYS: 'file' });
  return { file, keys, finder: new ModelFinder({ env, settings: file, keys, discover: false, ...more }) };
}

/** Local servers that answer or do not, instead of those of this machine. */
async function nearby(ollama: readonly string[] | null, lmstudio: readonly string[] | null) {
  const tags = ollama && { models: ollama.map((model) => ({ model, name: model })) };
  const data = lmstudio && { data: lmstudio.map((id) => ({ id })) };
  const [one, two] = [
    await testProvider(tags ? { '/api/tags': tags } : {}),
    await testProvider(data ? { '/v1/models': data } : {}),
  ];
  return { OLLAMA_BASE_URL: `${one.origin}/v1`, LMSTUDIO_BASE_URL: `${two.origin}/v1` };
}

async function wordsOf(model: Model): Promise<ModelPart[]> {
  const parts: ModelPart[] = [];
  const transcript = [{ kind: 'user', id: 'u', at: 0, content: 'hello', otid: null }] as const;
  for await (const part of model.stream({
    system: '',
    transcript,
    tools: [],
    signal: new AbortController().signal,
  }))
    parts.push(part);
  return parts;
}

describe('the model of whoever chooses none', () => {
  const keyed = { OPENAI_API_KEY: 'k', GROQ_API_KEY: 'k' };
  it.each<[string, Variables, Omit<Settings, 'v'>, string, RegExp]>([
    [
      'the settings, before all',
      { ...keyed, FARHAND_MODEL: 'ollama/a' },
      { model: 'groq/b' },
      'groq/b',
      /settings\.json/,
    ],
    ['FARHAND_MODEL', { ...keyed, FARHAND_MODEL: ' ollama/a ' }, {}, 'ollama/a', /FARHAND_MODEL/],
    [
      'a connected provider',
      keyed,
      { providers: { mistral: {} } },
      'mistral/devstral-latest',
      /Mistral is conn/,
    ],
    ['the first key in the order of the table', keyed, {}, 'openai/gpt-6-sol', /OPENAI_API_KEY is set/],
    [
      'another name of a key',
      { GOOGLE_API_KEY: 'k' },
      {},
      'google/gemini-3.8-flash',
      /GOOGLE_API_KEY is set/,
    ],
    ['nothing', { FARHAND_MODEL: '', OPENAI_API_KEY: ' ' }, {}, 'demo', /no other model/],
  ])('is that of %s', async (_what, env, settings, handle, because) => {
    const { finder } = aFinder(env, settings);
    expect(await finder.choose()).toMatchObject({ handle, because: expect.stringMatching(because) });
    expect(finder.known()).toBe(handle);
  });

  it('is the first that can be talked with at an address that the environment names', async () => {
    const { origin } = await testProvider({ '/v1/models': { data: [{ id: 'bge-m3' }, { id: 'qwen' }] } });
    const { finder } = aFinder({ OPENAI_BASE_URL: origin, OPENAI_API_KEY: 'k' });
    expect(await finder.choose()).toMatchObject({ handle: 'openai-compatible/qwen' });
  });

  it('is one of a model server nearby, Ollama first', async () => {
    const { finder } = aFinder(await nearby(['a', 'b'], ['c']));
    expect(await finder.choose()).toMatchObject({
      handle: 'ollama/a',
      because: expect.stringContaining('Ollama'),
    });
    const { finder: other } = aFinder(await nearby(['nomic-embed-text'], ['c']));
    expect(await other.choose()).toMatchObject({ handle: 'lmstudio/c' });
    const { finder: none } = aFinder(await nearby(null, []));
    expect(await none.choose()).toMatchObject({ handle: 'demo', forWant: true });
  });

  it('is asked for again after a while, and stays as long as it is there', async () => {
    let at = 0;
    const models: { model: string }[] = [];
    const near = await testProvider({ '/api/tags': { models } });
    const { finder } = aFinder({ OLLAMA_BASE_URL: near.origin }, {}, { now: () => at });
    expect((await Promise.all([finder.choose(), finder.choose()]))[1]).toMatchObject({ handle: 'demo' });
    expect(near.requests).toHaveLength(1);
    models.push({ model: 'b' });
    at = 29_000;
    expect(await finder.choose()).toMatchObject({ handle: 'demo' });
    at = 31_000;
    expect(await finder.choose()).toMatchObject({ handle: 'ollama/b' });
    models.unshift({ model: 'a' });
    at = 400_000;
    expect(await finder.choose()).toMatchObject({ handle: 'ollama/b' });
    expect(near.requests).toHaveLength(3);
  });

  it('is looked for on this machine only where that is wanted', () => {
    const names = (finder: ModelFinder) => finder.discoverable().map(({ prefix }) => prefix);
    expect(names(aFinder({}, {}, { discover: true }).finder)).toEqual(['ollama', 'lmstudio']);
    expect(names(aFinder({}, { discover: false }, { discover: true }).finder)).toEqual([]);
    expect(names(aFinder().finder)).toEqual([]);
    for (const { baseUrl } of aFinder({}, {}, { discover: true }).finder.discoverable())
      expect(new URL(baseUrl ?? '').hostname, 'loopback, and nothing else').toBe('127.0.0.1');
  });

  it('changes with the settings, in a process that runs on', async () => {
    const { finder, file } = aFinder({ FARHAND_MODEL: 'ollama/a' });
    expect(finder.known()).toBe('ollama/a');
    file.change((before) => ({ ...before, model: 'groq/b' }));
    expect(await finder.choose()).toMatchObject({ handle: 'groq/b' });
    writeFileSync(file.path, '{');
    expect(await finder.choose()).toMatchObject({
      message: expect.stringContaining('settings.json is not JSON'),
    });
    expect(await finder.model('demo')).toHaveProperty('code', 'model_wire_unavailable');
  });
});

describe('a model', () => {
  it('is sent the stored key, until another one is stored', async () => {
    const server = await startModelServer();
    onTestFinished(() => server.close());
    const { finder, file, keys } = aFinder();
    const connect = async (key: string) => {
      const place = await keys.write('groq', key);
      file.change((before) => ({
        ...before,
        providers: { groq: { base_url: server.url, key: place, n: key } },
      }));
      const model = await finder.model('groq/x');
      if (isNoModel(model)) throw new Error(model.message);
      await wordsOf(model);
      return server.requests.at(-1)?.headers.authorization;
    };
    expect(await connect('sk-one')).toBe('Bearer sk-one');
    expect(await finder.model('groq/x')).toBe(await finder.model('groq/x'));
    expect(await connect('sk-two')).toBe('Bearer sk-two');
  });

  it('whose key cannot be had says so, and is asked for again', async () => {
    let isLocked = true;
    const store = keyStore('/nowhere', { FARHAND_KEYS: 'file' });
    const read = async () => {
      if (isLocked) throw new Error('The keyring did not give the key of groq');
      return 'sk-x';
    };
    const providers = { groq: { key: 'keyring' as const } };
    const { finder } = aFinder({}, { providers }, { keys: { ...store, read } });
    expect(finder.problemOf('groq/x')).toBeNull();
    expect(await finder.model('groq/x')).toMatchObject({
      message:
        'The keyring did not give the key of groq. Run farhand connect groq again, or set GROQ_API_KEY.',
    });
    isLocked = false;
    expect(await finder.model('groq/x')).toMatchObject({ handle: 'groq/x' });
  });

  it('that does not answer is taken over from as the settings say, also by one that cannot be had', async () => {
    const server = await startModelServer();
    onTestFinished(() => server.close());
    const down = await testProvider({});
    down.close();
    const env = { LMSTUDIO_BASE_URL: down.origin, VLLM_BASE_URL: server.url };
    const fallbacks = { 'lmstudio/a': ['groq/x', 'vllm/b'], 'lmstudio/c': ['groq/x'] };
    const { finder } = aFinder(env, { fallbacks });
    const said = async (handle: string) => {
      const model = await finder.model(handle);
      return isNoModel(model) ? [] : wordsOf(model);
    };
    const parts = await said('lmstudio/a');
    expect(parts.at(-1)).toMatchObject({ kind: 'finish' });
    expect(parts.filter(({ kind }) => kind === 'notice')).toHaveLength(2);
    expect((await said('lmstudio/c')).at(-1)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('GROQ_API_KEY is not set'),
    });
  });

  it.each([
    ['demo', null],
    ['ollama/a', null],
    ['groq/x', 'model_wire_unavailable'],
    ['nonsense', 'model_unknown'],
  ])('%s is known to be %s before anybody is asked', (handle, code) => {
    expect(aFinder().finder.problemOf(handle)?.code ?? null).toBe(code);
  });
});

it('lists what answers, the default, and the demo', async () => {
  const near = await nearby(['qwen3:8b', 'nomic-embed-text'], null);
  const { finder } = aFinder(near, { model: 'ollama/gone' });
  const entries = await modelCatalogue(finder);
  expect(entries.map(({ handle }) => handle)).toEqual(['ollama/gone', 'ollama/qwen3:8b', 'demo']);
  expect(entries[0]).toMatchObject({ isDefault: true, isFeatured: true });
});
