import { describe, expect, it } from 'vitest';
import { catalogueHandles, factsOf, unknownFacts } from './facts.ts';

describe('what is known of a model', () => {
  it('comes from the catalogue', async () => {
    expect(await factsOf('anthropic', 'claude-opus-4-5')).toEqual({
      window: 200_000,
      maxOutput: 64_000,
      price: { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
      reasoning: true,
      images: true,
    });
    expect(await catalogueHandles()).toContain('openrouter/anthropic/claude-sonnet-5');
  });

  it.each([
    ['openai', 'gpt-5-2025-08-07', 'gpt-5'],
    ['anthropic', 'claude-opus-5-20260401', 'claude-opus-5'],
    ['anthropic', 'claude-opus-5@20260401', 'claude-opus-5'],
    ['anthropic', 'claude-opus-5-latest', 'claude-opus-5'],
    ['openrouter', 'anthropic/claude-opus-5:nitro', 'anthropic/claude-opus-5'],
  ])('%s/%s is what is known of %s', async (prefix, id, plain) => {
    expect(await factsOf(prefix, id)).toEqual(await factsOf(prefix, plain));
  });

  it.each([
    ['openrouter', 'openai/gpt-4-turbo:beta', 'openai', 'gpt-4-turbo'],
    ['openai-compatible', 'gpt-4o', 'openai', 'gpt-4o'],
    ['vercel', 'anthropic/claude-opus-4.5:x', 'anthropic', 'claude-opus-4-5'],
    ['ollama', 'gpt-oss-120b:latest', 'cerebras', 'gpt-oss-120b'],
  ])('%s/%s is at least what %s/%s is, at a price that nobody knows', async (prefix, id, maker, known) => {
    const { window, images } = await factsOf(maker, known);
    expect(window).not.toBeNull();
    expect(await factsOf(prefix, id)).toMatchObject({ window, images });
  });

  it.each(['constructor', 'nobody-knows:7b', ''])('"%s" is not known', async (id) => {
    expect(await factsOf('ollama', id)).toEqual(unknownFacts);
  });
});
