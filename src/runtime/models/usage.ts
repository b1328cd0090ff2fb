import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Usage } from '../../core/facts.ts';

/** US dollars for a million tokens. What a cache holds costs as much as other input where nothing is said of it. */
export type Price = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
};

/** What an answer used, cached tokens counted as input and thoughts as output; null where the endpoint did not say. */
export function usageOf(
  { inputTokens, outputTokens, raw }: LanguageModelV4Usage,
  price: Price | null,
): Usage | null {
  if (inputTokens.total === undefined && outputTokens.total === undefined) return null;
  const prompt_tokens = inputTokens.total ?? 0;
  const completion_tokens = outputTokens.total ?? 0;
  const { cacheRead = 0, cacheWrite = cacheWriteIn(raw) } = inputTokens;
  const fresh = Math.max(0, prompt_tokens - cacheRead - cacheWrite);
  const cost =
    price &&
    fresh * price.input +
      cacheRead * (price.cacheRead ?? price.input) +
      cacheWrite * (price.cacheWrite ?? price.input) +
      completion_tokens * price.output;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens:
      typeof raw?.total_tokens === 'number' ? raw.total_tokens : prompt_tokens + completion_tokens,
    // The packages say 0 where the endpoint says nothing.
    ...(cacheRead && { cached_input_tokens: cacheRead }),
    ...(cacheWrite && { cache_write_tokens: cacheWrite }),
    ...(outputTokens.reasoning && { reasoning_tokens: outputTokens.reasoning }),
    ...(cost !== null && { cost_usd: cost / 1_000_000 }),
  };
}

/** Where those tell it that follow OpenAI's older API; the package does not know it. */
function cacheWriteIn(raw: LanguageModelV4Usage['raw']): number {
  const details = raw?.prompt_tokens_details;
  if (typeof details !== 'object' || details === null || !('cache_write_tokens' in details)) return 0;
  const { cache_write_tokens } = details;
  return typeof cache_write_tokens === 'number' ? cache_write_tokens : 0;
}
