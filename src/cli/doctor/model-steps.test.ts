import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testProvider } from '../../runtime/models/test-provider.ts';
import { startModelServer } from '../../testing/model-server.ts';
import { aHome } from '../commands/test-home.ts';

async function examine(env: Record<string, string>, ...argv: string[]) {
  const { code, stdout } = await aHome().runWith(env, ['doctor', '--model', ...argv, '--json']);
  const { steps } = JSON.parse(stdout) as {
    steps: { name: string; state: string; detail: string; ms: number }[];
  };
  return { code, steps, states: steps.map(({ name, state }) => `${name} ${state}`) };
}

const said = (delta: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const call = {
  index: 0,
  id: 'c1',
  type: 'function',
  function: { name: 'report', arguments: '{"word":"ready"}' },
};

/** Says a word and calls the tool, whatever it is asked. */
async function aModel() {
  const stream = [
    said({ role: 'assistant', content: 'ready' }),
    said({ tool_calls: [call] }),
    said({}, 'tool_calls'),
    { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } },
  ];
  const events = [...stream.map((one) => JSON.stringify(one)), '[DONE]'].map((one) => `data: ${one}\n\n`);
  const server = await testProvider({
    '/v1/models': { data: [{ id: 'talker' }] },
    '/v1/chat/completions': (res: ServerResponse) =>
      void res.writeHead(200, { 'content-type': 'text/event-stream' }).end(events.join('')),
  });
  return { LMSTUDIO_BASE_URL: server.origin, FARHAND_MODEL: 'lmstudio/talker' };
}

describe('farhand doctor --model', () => {
  it('goes the whole way', async () => {
    const env = await aModel();
    const { code, steps, states } = await examine(env);
    expect(states).toEqual([
      'choice ok',
      'address ok',
      'key ok',
      'listed ok',
      'words ok',
      'tool ok',
      'usage ok',
    ]);
    expect(code).toBe(0);
    expect(steps[0]?.detail).toBe('lmstudio/talker, since FARHAND_MODEL names it');
    expect(steps[1]).toMatchObject({
      ms: expect.any(Number),
      detail: expect.stringContaining('LM Studio answers at'),
    });
    expect(steps.at(-1)?.detail).toBe('12 tokens read, 3 written');
    const { stdout } = await aHome().runWith(env, ['doctor', '--model', 'lmstudio/talkr']);
    expect(stdout).toContain('since the command line names it');
    expect(stdout).toMatch(/warn {2}listed +It is none of .+ Did you mean lmstudio\/talker\?/);
  });

  it('says that a model without tools is of no use', async () => {
    const server = await startModelServer();
    onTestFinished(() => server.close());
    const env = { LMSTUDIO_BASE_URL: server.url, FARHAND_MODEL: 'lmstudio/scripted-model' };
    const { code, states, steps } = await examine(env);
    expect([code, states.at(-2)]).toEqual([1, 'tool fail']);
    expect(steps.at(-2)?.detail).toContain('use a model that is made for tools');
  });

  it.each([
    [{ FARHAND_MODEL: 'demo' }, ['choice warn'], 0, 'farhand connect'],
    [{ FARHAND_MODEL: 'nonsense' }, ['choice fail'], 1, 'names no model'],
    [{ FARHAND_MODEL: 'groq/x' }, ['choice ok', 'address fail'], 1, 'Run farhand connect groq'],
    [
      { FARHAND_MODEL: 'vllm/x', VLLM_BASE_URL: 'http://127.0.0.1:9' },
      ['choice ok', 'address fail'],
      1,
      'VLLM_BASE_URL',
    ],
  ])('%j ends with %j', async (env, ends, code, words) => {
    const found = await examine(env);
    expect(found).toMatchObject({ code, states: ends });
    expect(found.steps.at(-1)?.detail).toContain(words);
  });

  it('says that a key is refused, without showing it', async () => {
    const server = await testProvider({ '/v1/models': { data: [] } }, 'sk-right');
    const env = { FARHAND_MODEL: 'groq/x', GROQ_BASE_URL: server.origin, GROQ_API_KEY: 'sk-wrong-one' };
    const { code, states, steps } = await examine(env);
    expect([code, states]).toEqual([1, ['choice ok', 'address ok', 'key fail']]);
    expect(steps.at(-1)?.detail).toContain('GROQ_API_KEY');
    expect(JSON.stringify(steps)).not.toContain('sk-wrong-one');
  });

  it('needs the flag for a handle', async () => {
    const { code, stderr } = await aHome().run('doctor', 'ollama/a');
    expect([code, stderr]).toEqual([2, expect.stringContaining('farhand doctor --model ollama/a')]);
  });
});
