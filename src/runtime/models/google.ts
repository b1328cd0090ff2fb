import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import { effortOf, type Wire } from './wire.ts';

/** Google's Gemini API. What a model thought comes signed, on calls and on text as well. */
export const google: Wire = {
  package: '@ai-sdk/google',
  api: 'the Gemini API',
  answer: 'Gemini event',
  auth: 'x-goog-api-key',
  style: { imagesInResults: true, strictNames: true },
  open: async ({ modelId, base, fetch }) => {
    const provider = await import('@ai-sdk/google').catch(() => null);
    return (
      provider?.createGoogle({ apiKey: 'sent-by-fetch', baseURL: base, fetch }).languageModel(modelId) ?? null
    );
  },
  ask: ({ request, prompt, facts }) => {
    const effort = effortOf(request, facts);
    return {
      prompt: alternating(prompt),
      ...(facts.reasoning && {
        providerOptions: { google: { thinkingConfig: { includeThoughts: effort !== 'none' } } },
      }),
      ...(effort && { reasoning: effort }),
    };
  },
  keep: (_of, { google: { thoughtSignature } = {} }) =>
    typeof thoughtSignature === 'string' ? { google: { thoughtSignature } } : undefined,
  endings: {
    MALFORMED_FUNCTION_CALL: 'malformed',
    MALFORMED_RESPONSE: 'malformed',
    UNEXPECTED_TOOL_CALL: 'malformed',
    OTHER: 'refused',
    LANGUAGE: 'refused',
    FINISH_REASON_UNSPECIFIED: 'broken',
  },
};

/** The API takes no answer with calls right after another answer; and of a linked image it wants to know the type. */
function alternating(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  const turns: LanguageModelV4Prompt = [];
  for (const message of prompt) {
    const last = turns.at(-1);
    if (message.role === 'assistant' && last?.role === 'assistant') {
      turns[turns.length - 1] = { ...last, content: [...last.content, ...message.content] };
    } else if (message.role === 'user') {
      const content = message.content.map((part) =>
        part.type === 'file' && part.data.type === 'url'
          ? { ...part, mediaType: typeOf(part.data.url) }
          : part,
      );
      if (last?.role === 'user')
        turns[turns.length - 1] = { ...last, content: [...last.content, ...content] };
      else turns.push({ ...message, content });
    } else turns.push(message);
  }
  return turns;
}

function typeOf({ pathname }: URL): string {
  const ending = /\.(png|webp|gif|heic|heif)$/i.exec(pathname)?.[1]?.toLowerCase();
  return `image/${ending ?? 'jpeg'}`;
}
