import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import { type Clock, systemClock } from '../../link/clock.ts';
import { failureThrown, partsOf } from './answer.ts';
import type { Ending } from './ending.ts';
import { type Auth, addressOf, authorized, type Endpoint, withBaseQuery } from './endpoint.ts';
import type { Failed } from './failure.ts';
import type { Kept, Model, ModelPart, ModelRequest } from './model.ts';
import { type PromptStyle, promptOf } from './prompt.ts';
import type { Price } from './usage.ts';
import { type Exchange, openExchange } from './watched-fetch.ts';

export type WireOptions = {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Silence after which a request is given up, in milliseconds; default 120,000. Node's fetch itself waits 300,000. */
  readonly stallMs?: number;
};

/** What is known of a model beside its name. */
export type ModelFacts = {
  /** Tokens that it can read at once. */
  readonly window: number | null;
  /** Tokens that it can write in one answer. */
  readonly maxOutput: number | null;
  readonly price: Price | null;
  /** It can be told how hard to think. */
  readonly reasoning: boolean;
  /** It can look at images. */
  readonly images: boolean;
};

/** What a provider package is opened with: no key, because `fetch` sends the endpoint's own. */
export type Access = {
  readonly modelId: string;
  /** Without a slash at the end, and without a query: `fetch` adds it. */
  readonly base: string;
  readonly fetch: typeof fetch;
};

export type Tool = Extract<NonNullable<LanguageModelV4CallOptions['tools']>[number], { type: 'function' }>;

export type Asking = {
  readonly request: ModelRequest;
  readonly prompt: LanguageModelV4Prompt;
  readonly tools: readonly Tool[];
  readonly modelId: string;
  readonly facts: ModelFacts;
};

/** What one API has of its own. */
export type Wire = {
  readonly package: string;
  /** `an OpenAI-compatible API`. */
  readonly api: string;
  /** `chat completion`: what its answers are called. */
  readonly answer: string;
  readonly auth: Auth;
  readonly style: Omit<PromptStyle, 'handle' | 'images'>;
  /** Null: the package cannot be loaded. */
  readonly open: (access: Access) => Promise<LanguageModelV4 | null>;
  /** What a request says beside the prompt and the tools, or instead of them. */
  readonly ask: (asking: Asking) => Partial<LanguageModelV4CallOptions>;
  /** What of a part's metadata is to go back to the model; left out: nothing. */
  readonly keep?: (of: 'text' | 'reasoning' | 'call', metadata: SharedV4ProviderMetadata) => Kept | undefined;
  /** Finish reasons that do not mean what the package says. */
  readonly endings: Readonly<Record<string, Ending>>;
};

export type Opened = {
  readonly handle: string;
  readonly modelId: string;
  readonly endpoint: Endpoint;
  readonly facts: ModelFacts;
  readonly options: WireOptions;
};

/** A model behind a wire. Nothing is loaded or sent before `stream`. */
export function overWire(wire: Wire, { handle, modelId, facts, options, ...opened }: Opened): Model {
  const { clock = systemClock, stallMs = 120_000 } = options;
  const endpoint: Endpoint = { ...opened.endpoint, api: wire.api };
  // One language model for all requests: the first answer that it checks costs 2 ms. Each request finds its exchange by its signal.
  const exchanges = new WeakMap<AbortSignal, Exchange>();
  const fetchInExchange: typeof fetch = (input, init) => {
    const exchange = init?.signal && exchanges.get(init.signal);
    if (!exchange || input instanceof Request) {
      throw new Error('internal: a request was made outside of an exchange');
    }
    const headers = authorized(endpoint, wire.auth, init?.headers);
    return exchange.fetch(withBaseQuery(endpoint, input), { ...init, headers });
  };
  const base = addressOf(endpoint).replace(/\/+$/, '');
  const style = { ...wire.style, ...(wire.keep && { handle }), images: facts.images };
  let loading: Promise<LanguageModelV4 | null> | undefined;

  async function* stream(request: ModelRequest): AsyncGenerator<ModelPart> {
    const { signal } = request;
    if (signal.aborted) return;
    const exchange = openExchange({ endpoint, modelId, signal, clock, stallMs });
    exchanges.set(exchange.signal, exchange);
    try {
      loading ??= wire.open({ modelId, base, fetch: fetchInExchange });
      const languageModel = await loading;
      if (languageModel === null) return yield wireMissing(wire);
      const prompt = promptOf(request.system, request.transcript, style);
      const tools = request.tools.map(toolOf);
      const { stream: parts, response } = await languageModel.doStream({
        prompt,
        tools,
        ...wire.ask({ request, prompt, tools, modelId, facts }),
        abortSignal: exchange.signal,
      });
      const answer = { wire, endpoint, modelId, facts, contentType: response?.headers?.['content-type'] };
      for await (const part of partsOf(parts, answer)) {
        if (signal.aborted) return;
        yield part;
      }
    } catch (error) {
      if (!signal.aborted) yield exchange.failure() ?? failureThrown(error, endpoint, modelId);
    } finally {
      exchange.close();
    }
  }
  return { handle, window: facts.window, stream };
}

function toolOf({ name, description, parameters }: ModelRequest['tools'][number]): Tool {
  return { type: 'function', name, description, inputSchema: parameters };
}

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof EFFORTS)[number];

/** How hard a model that can think is to think; undefined: as it does by itself. */
export function effortOf({ effort }: ModelRequest, { reasoning }: ModelFacts): Effort | undefined {
  return reasoning ? EFFORTS.find((known) => known === effort) : undefined;
}

function wireMissing(wire: Wire): Failed {
  return {
    kind: 'failed',
    code: 'model_wire_unavailable',
    message: `The package ${wire.package} cannot be loaded, so no model can be reached. Install Farhand again.`,
    retryable: false,
  };
}
