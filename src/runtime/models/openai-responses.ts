import { createHash } from 'node:crypto';
import type { JSONObject } from '@ai-sdk/provider';
import { effortOf, type Wire } from './wire.ts';

/** OpenAI's Responses. Nothing is stored there: thoughts come encrypted and go back so. */
export const openaiResponses: Wire = {
  package: '@ai-sdk/openai',
  api: "OpenAI's Responses API",
  answer: 'Responses event',
  auth: 'bearer',
  style: { imagesInResults: true, strictNames: true },
  open: async ({ modelId, base, fetch }) => {
    const provider = await import('@ai-sdk/openai').catch(() => null);
    return (
      provider?.createOpenAI({ apiKey: 'sent-by-fetch', baseURL: base, fetch }).responses(modelId) ?? null
    );
  },
  ask: ({ request, facts }) => {
    const effort = effortOf(request, facts);
    const openai: JSONObject = { store: false };
    if (request.cacheKey !== undefined) openai.promptCacheKey = shortKey(request.cacheKey);
    // The package asks for encrypted thoughts where it takes the model for one that thinks, and it does not know them all.
    if (facts.reasoning) openai.forceReasoning = true;
    if (facts.reasoning && effort !== 'none') openai.reasoningSummary = 'auto';
    return { providerOptions: { openai }, ...(effort && { reasoning: effort }) };
  },
  keep: (of, { openai }) => {
    if (!openai) return undefined;
    if (of === 'reasoning') return openai.itemId === undefined ? undefined : { openai };
    // Ids name what is stored, and nothing is.
    const { itemId: _itemId, annotations: _annotations, ...rest } = openai;
    return Object.keys(rest).length > 0 ? { openai: rest } : undefined;
  },
  endings: { content_filter: 'filtered' },
};

/** The API takes 64 characters. */
function shortKey(key: string): string {
  return key.length > 64 ? createHash('sha256').update(key).digest('hex') : key;
}
