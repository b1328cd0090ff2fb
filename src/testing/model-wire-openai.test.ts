import { afterEach, describe, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from './model-server.ts';
import { askOn, eventsIn } from './model-test-wires.ts';

let server: ModelServer;
afterEach(() => server.close());

const scripts = {
  no: [{ text: 'I will not.', pieces: 2, finish: 'refusal' as const }],
  filtered: [{ text: 'I was', pieces: 1, finish: 'content_filter' as const }],
  hidden: [{ reasoning: 'hm', hideReasoning: true, text: 'so', pieces: 1 }],
  written: [{ text: 'so', usage: { input: 100, output: 20, cached: 60, cacheWritten: 10 } }],
};

async function chunksOf(script: string) {
  const text = await (await askOn('openai-chat', server, `#script=${script}`)).text();
  const events = eventsIn(text).map(({ data }) => data);
  expect(events.pop()).toBe('[DONE]');
  return events.map((data) => JSON.parse(data));
}

describe('chat completions', () => {
  it('declines in a field of its own, and ends as usual', async () => {
    server = await startModelServer({ scripts });
    const choices = (await chunksOf('no')).flatMap((chunk) => chunk.choices);
    expect(choices.map(({ delta }) => delta)).toEqual([
      { role: 'assistant', content: null },
      { refusal: 'I wil' },
      { refusal: 'l not.' },
      {},
    ]);
    expect(choices.at(-1).finish_reason).toBe('stop');
    const whole = await askOn('openai-chat', server, '#script=no', { stream: false });
    expect(await whole.json()).toMatchObject({
      choices: [{ message: { content: null, refusal: 'I will not.' }, finish_reason: 'stop' }],
    });
  });

  it('says that a filter struck, keeps hidden reasoning to itself and counts what the cache took', async () => {
    server = await startModelServer({ scripts });
    const filtered = (await chunksOf('filtered')).flatMap((chunk) => chunk.choices);
    expect(filtered.at(-1).finish_reason).toBe('content_filter');
    expect(JSON.stringify(await chunksOf('hidden'))).not.toContain('hm');
    expect((await chunksOf('written')).at(-1).usage.prompt_tokens_details).toEqual({
      cached_tokens: 60,
      cache_write_tokens: 10,
    });
  });
});
