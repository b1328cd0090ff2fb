import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testProvider } from '../../runtime/models/test-provider.ts';
import { aHome } from './test-home.ts';

const openrouter = {
  '/v1/models': {
    data: [{ id: 'anthropic/claude-opus-5' }, { id: 'nomic-embed' }, { id: 'x/new', context_length: 4096 }],
  },
};

describe('farhand models', () => {
  it('shows what each provider offers, what is known of it, and which is down', async () => {
    const up = await testProvider(openrouter, 'k');
    const down = await testProvider({});
    down.close();
    const env = { OPENROUTER_BASE_URL: up.origin, OPENROUTER_API_KEY: 'k', VLLM_BASE_URL: down.origin };
    const home = aHome();
    const { code, stdout } = await home.runWith(env, ['models']);
    expect(code).toBe(0);
    expect(stdout).toContain(`OpenRouter ${up.origin}/v1\n`);
    expect(stdout).toMatch(/ {2}openrouter\/anthropic\/claude-opus-5 +1M {2}\$5 \/ \$25 +images, reasons\n/);
    expect(stdout).toMatch(/ {2}openrouter\/x\/new +4\.1k\n/);
    expect(stdout).not.toContain('nomic-embed');
    expect(stdout).toMatch(/vLLM .+\n {2}vLLM does not answer at .+nothing listens there/);
    expect(stdout).toContain('demo is the model of whoever chooses none: FARHAND_MODEL names it.\n');

    const { stdout: text } = await home.runWith(env, ['models', 'ls', 'openrouter', '--json', '--all']);
    const { models, providers } = JSON.parse(text);
    expect(providers).toMatchObject([{ id: 'openrouter', ok: true, models: 3 }]);
    expect(models.slice(0, 2)).toMatchObject([
      {
        handle: 'openrouter/anthropic/claude-opus-5',
        context_window: 1_000_000,
        price_per_million: { input: 5, output: 25 },
        inputs: ['text', 'image'],
        usable: true,
      },
      { handle: 'openrouter/nomic-embed', chats: false },
    ]);
    const refused = await home.runWith(env, ['models', 'vllm']);
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing listens there') });
  });

  it('shows what there would be, and how to get it', async () => {
    const home = aHome();
    expect((await home.run('models')).stdout).toContain('No provider is connected: farhand connect');
    const { stdout } = await home.run('models', '--all', 'groq');
    expect(stdout).toContain('Groq\n  GROQ_API_KEY is not set');
    expect(stdout).toMatch(/Not connected\n {2}groq\//);
    expect((await home.run('models', 'nobody')).stderr).toContain('"nobody" is no provider');
  });

  it('choose the default', async () => {
    const up = await testProvider(openrouter, 'k');
    const env = { OPENROUTER_BASE_URL: up.origin, OPENROUTER_API_KEY: 'k' };
    const home = aHome();
    const use = (handle: string) => home.runWith(env, ['models', 'use', handle]);
    expect(await use('openrouter/x/new')).toMatchObject({
      code: 0,
      stdout: 'The model of whoever chooses none is now openrouter/x/new.\n',
    });
    expect((await use('openrouter/x/old')).stdout).toContain('does not list it, though');
    const settings = JSON.parse(readFileSync(join(home.folder, '.farhand', 'settings.json'), 'utf8'));
    expect(settings.model).toBe('openrouter/x/old');
    expect(await use('groq/x')).toMatchObject({ code: 1, stderr: expect.stringContaining('connect groq') });
    expect(await use('nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('names no model'),
    });
  });

  it('says why the default cannot be chosen', async () => {
    const home = aHome();
    mkdirSync(join(home.folder, '.farhand'));
    writeFileSync(join(home.folder, '.farhand', 'settings.json'), '{ broken');
    expect(await home.run('models', 'use', 'demo')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Your settings cannot be changed'),
    });
    const file = join(home.folder, 'a-file');
    writeFileSync(file, '');
    expect(await home.runWith({ FARHAND_HOME: file }, ['models', 'use', 'demo'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be changed'),
    });
  });
});

describe('--model', () => {
  it('is the conversation’s from then on, as hard as it is to think', async () => {
    const home = aHome();
    const chosen = await home.run(
      '-p',
      'ls',
      '--new',
      '--conversation',
      'conv-a',
      '--model',
      'demo',
      '--effort',
      'high',
    );
    expect(chosen).toMatchObject({ code: 0, stdout: expect.stringContaining('[demo] Calling LS.') });
    expect(await home.run('-p', 'ls', '--model', 'nonsense')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('names no model'),
    });
    expect((await home.run('-p', 'ls', '--effort', 'high')).stderr).toContain('say which with --model');
    expect((await home.run('-p', 'ls', '--model', 'demo', '--effort', 'huge')).code).toBe(2);
  });
});

it('says in one line that no model was found', async () => {
  const home = aHome();
  const { stdout, stderr } = await home.runWith({ FARHAND_MODEL: '' }, ['-p', 'hello']);
  expect(stdout).toContain('[demo]');
  expect(stderr).toBe(
    'No model was found, so the built-in demo answers. To use a real one: farhand connect, or start Ollama or LM Studio.\n',
  );
});
