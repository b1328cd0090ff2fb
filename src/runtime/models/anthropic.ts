import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { type Asking, type Effort, effortOf, type Wire } from './wire.ts';

const breakpoint = { anthropic: { cacheControl: { type: 'ephemeral' } } } as const;

/** Anthropic's Messages. Thoughts are signed, or redacted altogether; what is marked is kept ready for the next request. */
export const anthropic: Wire = {
  package: '@ai-sdk/anthropic',
  api: "Anthropic's Messages API",
  answer: 'Messages event',
  auth: 'x-api-key',
  style: { imagesInResults: true, strictNames: true },
  open: async ({ modelId, base, fetch }) => {
    const provider = await import('@ai-sdk/anthropic').catch(() => null);
    return (
      provider?.createAnthropic({ apiKey: 'sent-by-fetch', baseURL: base, fetch }).languageModel(modelId) ??
      null
    );
  },
  ask: (asking) => {
    const { prompt, tools } = asking;
    const { maxOutputTokens, thinking, reasoning } = outputOf(asking);
    return {
      prompt: marked(prompt),
      tools: tools.map((tool, i) =>
        i === tools.length - 1 ? { ...tool, providerOptions: breakpoint } : tool,
      ),
      maxOutputTokens,
      ...(reasoning && { reasoning }),
      // Arguments are of use only when they are whole.
      providerOptions: { anthropic: { toolStreaming: false, ...(thinking && { thinking }) } },
    };
  },
  keep: (of, { anthropic: { signature, redactedData } = {} }) => {
    if (of !== 'reasoning') return undefined;
    if (typeof signature === 'string') return { anthropic: { signature } };
    return typeof redactedData === 'string' ? { anthropic: { redactedData } } : undefined;
  },
  endings: {},
};

type Output = {
  readonly maxOutputTokens: number;
  readonly thinking?: { readonly type: 'enabled'; readonly budgetTokens: number };
  readonly reasoning?: NonNullable<LanguageModelV4CallOptions['reasoning']>;
};

/** Where nobody knows what a model can write: current ones can write that much. Without a number the package would allow 4,096. */
const MAX_OUTPUT = 32_000;
/** The least that the API takes. */
const MIN_BUDGET = 1024;
/** Of the whole output. */
const BUDGET: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 0,
  low: 0.1,
  medium: 0.3,
  high: 0.6,
  xhigh: 0.8,
  max: 0.9,
};

/** How long the answer may be, and how much of it thoughts. */
function outputOf({ request, prompt, modelId, facts }: Asking): Output {
  const { window, maxOutput } = facts;
  // Older models refuse a request that would not fit with its longest answer.
  const longest = Math.min(maxOutput ?? MAX_OUTPUT, Math.floor((window ?? Number.POSITIVE_INFINITY) / 4));
  const effort = effortOf(request, facts);
  if (effort === undefined) return { maxOutputTokens: longest };
  if (effort === 'none' || !takesBudget(modelId)) return { maxOutputTokens: longest, reasoning: effort };
  const budgetTokens = Math.max(MIN_BUDGET, Math.floor(longest * BUDGET[effort]));
  if (budgetTokens >= longest || !mayThink(prompt)) return { maxOutputTokens: longest };
  // The package adds the budget.
  return { maxOutputTokens: longest - budgetTokens, thinking: { type: 'enabled', budgetTokens } };
}

/** Since 4.6, Claude decides itself how long it thinks; before, and elsewhere, it is told a number of tokens. */
function takesBudget(modelId: string): boolean {
  return !modelId.includes('claude-') || /claude-(?:[0-3]|instant|v?2|[a-z]+-4(?!-[6-9]))/.test(modelId);
}

/** With a budget, what the model said since a person spoke must begin with its thoughts: another model's are not at hand. */
function mayThink(prompt: LanguageModelV4Prompt): boolean {
  const said = prompt.findLastIndex((message) => message.role === 'user');
  const answer = prompt.slice(said + 1).find((message) => message.role === 'assistant');
  return answer === undefined || (answer.role === 'assistant' && answer.content[0]?.type === 'reasoning');
}

/** Marks the system prompt and the last two turns of the user: one was marked in the last request, one will be in the next. */
function marked(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  const isUsers = (i: number) => prompt[i]?.role === 'user' || prompt[i]?.role === 'tool';
  const ends = prompt.flatMap((_, i) => (isUsers(i) && !isUsers(i + 1) ? [i] : []));
  const places = new Set([prompt.findLastIndex(({ role }) => role === 'system'), ...ends.slice(-2)]);
  return prompt.map((message, i) => (places.has(i) ? { ...message, providerOptions: breakpoint } : message));
}
