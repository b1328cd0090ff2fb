import type { LanguageModelV4FunctionTool, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { Usage } from '../../core/facts.ts';
import { type Clock, systemClock } from '../../link/clock.ts';
import { type Endpoint, operationUrl } from './endpoint.ts';
import { brokenReply, type Failed, filtered, reportedInStream } from './failure.ts';
import type { Model, ModelPart, ModelRequest } from './model.ts';
import { promptOf } from './prompt.ts';
import { type Exchange, openExchange } from './watched-fetch.ts';

export type WireOptions = {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Silence after which a request is given up, in milliseconds; default 120,000. Node's fetch itself waits 300,000. */
  readonly stallMs?: number;
};

type Finish = Extract<LanguageModelV4StreamPart, { type: 'finish' }>;

/** A model behind an endpoint that speaks OpenAI's chat completions. Nothing is loaded or sent before `stream`. */
export function openaiCompatible(
  handle: string,
  modelId: string,
  endpoint: Endpoint,
  { clock = systemClock, stallMs = 120_000 }: WireOptions = {},
): Model {
  // One language model for all requests: the first answer that it checks costs 2 ms. Each request finds its exchange by its signal.
  const exchanges = new WeakMap<AbortSignal, Exchange>();
  const fetchInExchange: typeof fetch = (input, init) => {
    const exchange = init?.signal && exchanges.get(init.signal);
    if (!exchange) throw new Error('internal: a request was made outside of an exchange');
    return exchange.fetch(input, init);
  };
  let loading: ReturnType<typeof load> | undefined;

  async function* stream({ system, transcript, tools, signal }: ModelRequest): AsyncGenerator<ModelPart> {
    if (signal.aborted) return;
    const exchange = openExchange({ endpoint, modelId, signal, clock, stallMs });
    exchanges.set(exchange.signal, exchange);
    try {
      loading ??= load(endpoint, modelId, fetchInExchange);
      const languageModel = await loading;
      if (languageModel === null) return yield wireMissing;
      const { stream: parts, response } = await languageModel.doStream({
        prompt: promptOf(system, transcript),
        tools: tools.map(toolOf),
        abortSignal: exchange.signal,
      });
      const calls: ModelPart[] = [];
      for await (const part of parts) {
        if (signal.aborted) return;
        if (part.type === 'text-delta') yield { kind: 'text', text: part.delta };
        else if (part.type === 'reasoning-delta') yield { kind: 'reasoning', text: part.delta };
        // Held back until the end is seen: the package hands calls over even when the answer was cut off.
        else if (part.type === 'tool-call') {
          calls.push({ kind: 'call', id: part.toolCallId, name: part.toolName, args: part.input });
        } else if (part.type === 'error') {
          return yield failureIn(part.error, endpoint, modelId, response?.headers?.['content-type']);
        } else if (part.type === 'finish') {
          const ending = endingOf(part, calls.length, endpoint, modelId);
          if (ending.kind === 'finish') yield* calls;
          return yield ending;
        }
      }
      yield brokenReply(endpoint, 'it ended without a finish reason');
    } catch (error) {
      if (!signal.aborted) yield exchange.failure() ?? brokenReply(endpoint, reasonOf(error));
    } finally {
      exchange.close();
    }
  }
  return { handle, window: null, stream };
}

/** The package takes 70 ms to load: not before it is used. */
async function load(endpoint: Endpoint, modelId: string, fetch: typeof globalThis.fetch) {
  const [provider, { z }] = await Promise.all([
    import('@ai-sdk/openai-compatible').catch(() => null),
    import('zod'),
  ]);
  if (provider === null) return null;
  return new provider.OpenAICompatibleChatLanguageModel(modelId, {
    provider: 'endpoint.chat',
    url: ({ path }) => operationUrl(endpoint, path),
    headers: endpoint.key === '' ? {} : { Authorization: `Bearer ${endpoint.key}` },
    includeUsage: true,
    // Local servers report errors as plain strings, too.
    errorStructure: {
      errorSchema: z.looseObject({ error: z.union([z.string(), z.looseObject({})]) }),
      errorToMessage: String,
    },
    fetch,
  });
}

const wireMissing: Failed = {
  kind: 'failed',
  code: 'model_wire_unavailable',
  message:
    'The package @ai-sdk/openai-compatible cannot be loaded, so no model can be reached. Install Farhand again.',
  retryable: false,
};

function toolOf(tool: ModelRequest['tools'][number]): LanguageModelV4FunctionTool {
  const { name, description, parameters } = tool;
  return { type: 'function', name, description, inputSchema: parameters };
}

/** What the package says of an answer that it could not read, in our words; by the names of its errors. */
const UNREADABLE: Readonly<Record<string, string>> = {
  AI_JSONParseError: 'it holds something that is not JSON',
  AI_TypeValidationError: 'it holds something that is no chat completion',
  AI_InvalidResponseDataError: 'it ended without a finish reason',
};

/** An Error is what the package could not read, anything else what the endpoint reported. */
function failureIn(
  error: unknown,
  endpoint: Endpoint,
  modelId: string,
  contentType = 'text/event-stream',
): Failed {
  if (!(error instanceof Error)) return reportedInStream(endpoint, modelId, error);
  if (!contentType.startsWith('text/event-stream')) {
    return brokenReply(endpoint, `it came as ${contentType} instead of an event stream`);
  }
  return brokenReply(endpoint, UNREADABLE[error.name] ?? reasonOf(error));
}

/** Finish reasons by which endpoints say that they failed. */
const FAILED = new Set(['error', 'network_error', 'insufficient_system_resource']);

function endingOf(
  { finishReason: { unified, raw = '' }, usage }: Finish,
  calls: number,
  endpoint: Endpoint,
  modelId: string,
): ModelPart {
  if (FAILED.has(raw)) return reportedInStream(endpoint, modelId, `finish reason "${raw}"`);
  // A refusal in words is a whole answer, and the package calls it filtered, too.
  if (raw === 'content_filter') return filtered(endpoint);
  const cut = unified === 'length' || raw === 'model_length';
  // Some endpoints say `stop` although there are calls.
  const reason = cut ? 'max_tokens_exceeded' : calls > 0 ? 'tool_calls' : 'end_turn';
  return { kind: 'finish', reason, usage: usageOf(usage) };
}

function usageOf({ inputTokens, outputTokens, raw }: Finish['usage']): Usage | null {
  if (inputTokens.total === undefined && outputTokens.total === undefined) return null;
  const prompt_tokens = inputTokens.total ?? 0;
  const completion_tokens = outputTokens.total ?? 0;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens:
      typeof raw?.total_tokens === 'number' ? raw.total_tokens : prompt_tokens + completion_tokens,
    // The package says 0 where the endpoint says nothing.
    ...(inputTokens.cacheRead ? { cached_input_tokens: inputTokens.cacheRead } : {}),
    ...(outputTokens.reasoning ? { reasoning_tokens: outputTokens.reasoning } : {}),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
