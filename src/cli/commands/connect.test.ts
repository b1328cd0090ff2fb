import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testProvider } from '../../runtime/models/test-provider.ts';
import { aHome } from './test-home.ts';

const key = 'sk-test-secret';
const list = { data: [{ id: 'text-embedding-3' }, { id: 'qwen' }, { id: 'llama' }] };
const routes = { '/v1/models': list };

function stored({ folder }: ReturnType<typeof aHome>) {
  const read = (name: string) => {
    const path = join(folder, '.farhand', name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  };
  return { settings: read('settings.json'), keys: read('keys.json')?.keys };
}

describe('farhand connect', () => {
  it('tries the key, stores it for its owner alone, and chooses a model', async () => {
    const server = await testProvider(routes, key);
    const home = aHome();
    const flags = ['--base-url', `${server.origin}/v1`, '--key-stdin'];
    const { code, stdout, stderr } = await home.runWith({}, ['connect', 'groq', ...flags], `${key}\n`);
    expect([code, stderr]).toEqual([0, `Trying Groq at ${server.origin}/v1 …\n`]);
    const path = join(home.folder, '.farhand', 'keys.json');
    expect(stdout).toBe(
      `Groq is connected, 2 models. The key is in ${path}.\n` +
        'The model of whoever chooses none is now groq/qwen.\n' +
        'farhand models lists them, farhand models use <model> chooses another.\n',
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(stored(home)).toMatchObject({
      keys: { groq: key },
      settings: { model: 'groq/qwen', providers: { groq: { key: 'file', base_url: `${server.origin}/v1` } } },
    });
    const shown = await home.run('connect', '--list');
    expect(shown.stdout).toMatch(/connected +groq .+ key in a file\n/);
    expect(JSON.stringify([shown, stored(home).settings])).not.toContain(key);

    const again = await home.runWith({}, ['connect', 'groq', '--model', 'llama', '--json']);
    expect(JSON.parse(again.stdout)).toEqual({
      connected: 'groq',
      key: null,
      tested: true,
      models: 2,
      model: 'groq/llama',
    });
    expect(stored(home)).toMatchObject({ settings: { providers: { groq: { key: 'file' } } } });
  });

  it('stores nothing that the provider refuses, and says what it said without the key', async () => {
    const server = await testProvider(routes, 'another');
    const home = aHome();
    const argv = ['connect', 'openai', '--base-url', `${server.origin}/v1`, '--key-stdin'];
    const { code, stderr, stdout } = await home.runWith({}, argv, key);
    expect(code).toBe(1);
    expect(stderr).toContain('Incorrect API key provided: <key>');
    expect(stdout + stderr).not.toContain(key);
    expect(stored(home)).toEqual({ settings: null, keys: undefined });
  });

  it('uses the key of the environment and leaves it there', async () => {
    const server = await testProvider(routes, key);
    const home = aHome();
    const env = { GROQ_API_KEY: key, GROQ_BASE_URL: server.origin };
    const { code, stdout } = await home.runWith(env, ['connect', 'groq']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('The key stays in GROQ_API_KEY')]);
    expect(stored(home)).toMatchObject({ keys: undefined, settings: { providers: { groq: {} } } });
    const listed = JSON.parse((await home.runWith(env, ['connect', '--list', '--json'])).stdout);
    expect(listed.providers.find(({ id }: { id: string }) => id === 'groq')).toMatchObject({
      key: 'environment',
      variable: 'GROQ_API_KEY',
    });
  });

  it('says that a variable goes before what is stored', async () => {
    const server = await testProvider(routes, key);
    const env = { GROQ_API_KEY: 'sk-other', GROQ_BASE_URL: 'http://127.0.0.1:9' };
    const argv = ['connect', 'groq', '--key-stdin', '--base-url', server.origin];
    const { code, stderr } = await aHome().runWith(env, argv, key);
    expect(code).toBe(0);
    expect(stderr).toContain('GROQ_BASE_URL is set, and goes before');
    expect(stderr).toContain('GROQ_API_KEY is set, and goes before');
  });

  it('needs no key for a model server of one’s own, and asks one that lists nothing for a word', async () => {
    const server = await testProvider(routes);
    const home = aHome();
    const any = ['connect', 'openai-compatible', '--base-url', server.origin];
    expect((await home.run(...any)).code).toBe(0);
    expect(stored(home).settings).toMatchObject({ model: 'openai-compatible/qwen' });
    const word = { choices: [{ index: 0, delta: { content: 'ready' }, finish_reason: 'stop' }] };
    const wordy = await testProvider({
      '/v1/chat/completions': (res: import('node:http').ServerResponse) =>
        void res
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .end(`data: ${JSON.stringify(word)}\n\ndata: [DONE]\n\n`),
    });
    const unlisted = ['connect', 'vllm', '--base-url', wordy.origin];
    expect((await home.run(...unlisted)).stderr).toContain('Name one with --model');
    expect(await home.run(...unlisted, '--model', 'mine')).toMatchObject({ code: 0 });
    expect(stored(home).settings).toMatchObject({ model: 'vllm/mine' });
  });

  it('stores what cannot be tried on request', async () => {
    const home = aHome();
    const { code, stdout } = await home.runWith({}, ['connect', 'groq', '--key-stdin', '--no-test'], key);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Groq is connected, untried')]);
    expect(stored(home).settings).toMatchObject({ model: 'groq/openai/gpt-oss-120b' });
  });

  it.each([
    [['connect'], 'Say which provider: anthropic, openai'],
    [['connect', 'grok'], 'Did you mean "groq"?'],
    [['connect', 'groq', key], 'A key is no argument'],
    [['connect', 'groq'], 'Groq needs a key'],
    [['connect', 'openai-compatible', '--no-test'], 'OPENAI_BASE_URL is not set'],
    [['connect', 'vllm', '--base-url', 'nonsense'], 'not an http or https address'],
    [['connect', 'bedrock'], 'Amazon Bedrock'],
    [['disconnect', 'groq'], '"groq" is not connected'],
  ])('%j is refused', async (argv, words) => {
    const { code, stderr } = await aHome().run(...argv);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain(key);
  });

  it('is undone', async () => {
    const home = aHome();
    await home.runWith({}, ['connect', 'groq', '--key-stdin', '--no-test'], key);
    const { code, stdout } = await home.run('disconnect', 'groq');
    expect([code, stdout]).toEqual([0, expect.stringContaining('its key is forgotten')]);
    expect(stored(home)).toEqual({ settings: { v: 1, providers: {} }, keys: undefined });
    expect((await home.runWith({ GROQ_API_KEY: key }, ['disconnect', 'groq'])).stderr).toContain(
      'GROQ_API_KEY is set: unset that',
    );
  });
});
