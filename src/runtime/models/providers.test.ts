import { describe, expect, it } from 'vitest';
import { factsOf, unknownFacts } from './facts.ts';
import { findProvider, providers } from './providers.ts';

describe('the providers', () => {
  it('have a prefix each, and an address unless they are any endpoint', () => {
    expect(new Set(providers.map(({ prefix }) => prefix)).size).toBe(providers.length);
    for (const { prefix, baseUrl } of providers)
      expect(baseUrl, prefix).toEqual(
        prefix === 'openai-compatible' ? null : expect.stringMatching(/^https?:/),
      );
  });

  it.each(providers.filter(({ standard }) => standard !== null))(
    '$prefix has a default model that is in the catalogue, sees a whole repository and can be paid for',
    async ({ prefix, standard }) => {
      const facts = await factsOf(prefix, standard ?? '');
      expect(facts).not.toEqual(unknownFacts);
      expect(facts.window).toBeGreaterThanOrEqual(128_000);
      expect(facts.price?.output).toBeLessThan(40);
    },
  );

  it.each([
    ['openai', 'OPENAI_API_KEY'],
    ['anthropic', 'ANTHROPIC_API_KEY'],
    ['google', 'GEMINI_API_KEY'],
    ['google', 'GOOGLE_API_KEY'],
    ['google', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    ['openrouter', 'OPENROUTER_API_KEY'],
    ['groq', 'GROQ_API_KEY'],
    ['deepseek', 'DEEPSEEK_API_KEY'],
    ['mistral', 'MISTRAL_API_KEY'],
    ['xai', 'XAI_API_KEY'],
    ['together', 'TOGETHER_API_KEY'],
    ['fireworks', 'FIREWORKS_API_KEY'],
    ['cerebras', 'CEREBRAS_API_KEY'],
    ['moonshot', 'MOONSHOT_API_KEY'],
    ['zai', 'ZAI_API_KEY'],
    ['minimax', 'MINIMAX_API_KEY'],
    ['vercel', 'AI_GATEWAY_API_KEY'],
    ['openai-compatible', 'OPENAI_API_KEY'],
  ])('%s has its key in %s', (prefix, variable) => {
    expect(findProvider(prefix)).toMatchObject({ keyVariables: expect.arrayContaining([variable]) });
  });

  it.each([
    ['google_ai', 'google'],
    ['gemini', 'google'],
    ['llama.cpp', 'llamacpp'],
  ])('%s is %s', (alias, prefix) => expect(findProvider(alias)).toMatchObject({ prefix }));

  it.each(['azure', 'bedrock', 'google_vertex', 'letta', 'letta-free', 'chatgpt-plus-pro'])(
    '%s cannot be reached, and says what can',
    (prefix) => expect(findProvider(prefix)).toMatch(/^[A-Z].+(openai|farhand connect).*\.$/),
  );

  it.each(['constructor', 'nobody', ''])('"%s" is none', (prefix) => expect(findProvider(prefix)).toBeNull());
});
