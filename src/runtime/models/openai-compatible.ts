import { type Effort, effortOf, type Wire } from './wire.ts';

export type { WireOptions } from './wire.ts';

/** What servers that follow OpenAI take; the efforts at the edges are known to few of them. */
const EFFORT: Readonly<Record<Effort, Effort>> = {
  none: 'none',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** OpenAI's chat completions, as local servers and most providers speak them. Reasoning is never sent back. */
export const openaiCompatible: Wire = {
  package: '@ai-sdk/openai-compatible',
  api: 'an OpenAI-compatible API',
  answer: 'chat completion',
  auth: 'bearer',
  style: { imagesInResults: false, strictNames: false },
  // The package takes 70 ms to load: not before it is used.
  open: async ({ modelId, base, fetch }) => {
    const [provider, { looseObject, string, union }] = await Promise.all([
      import('@ai-sdk/openai-compatible').catch(() => null),
      import('zod'),
    ]);
    if (provider === null) return null;
    return new provider.OpenAICompatibleChatLanguageModel(modelId, {
      provider: 'endpoint.chat',
      url: ({ path }) => `${base}${path}`,
      headers: {},
      includeUsage: true,
      // Local servers report errors as plain strings, too.
      errorStructure: {
        errorSchema: looseObject({ error: union([string(), looseObject({})]) }),
        errorToMessage: String,
      },
      fetch,
    });
  },
  ask: ({ request, facts }) => {
    const effort = effortOf(request, facts);
    return effort ? { reasoning: EFFORT[effort] } : {};
  },
  endings: {
    error: 'failed',
    network_error: 'failed',
    insufficient_system_resource: 'failed',
    // A refusal in words is a whole answer, and the package calls it filtered, too.
    content_filter: 'filtered',
    model_length: 'max_tokens_exceeded',
  },
};
