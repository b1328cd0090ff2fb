import { type Auth, addressOf, authorized, type Endpoint, operationUrl } from './endpoint.ts';
import { type Failed, refusedByStatus, unreachable } from './failure.ts';
import type { Provider } from './providers.ts';

/** A model as its provider lists it; what the provider does not say is left out. */
export type Listed = {
  readonly id: string;
  readonly window?: number;
  readonly maxOutput?: number;
  readonly images?: boolean;
  /** False: it embeds, speaks or paints, and cannot be talked with. */
  readonly chats: boolean;
};

type Fields = Readonly<Record<string, unknown>>;

const ANTHROPIC_VERSION = '2023-06-01';
export const listingMs = 5_000;

/** How each API lists its models. */
type Shape = {
  readonly path: string;
  readonly auth: Auth;
  readonly headers?: Readonly<Record<string, string>>;
  readonly models: (body: Fields) => unknown;
  readonly listed: (model: Fields) => Omit<Listed, 'chats'> & Partial<Listed>;
};

const openai: Shape = {
  path: '/models',
  auth: 'bearer',
  // Together answers with the list alone.
  models: (body) => (Array.isArray(body) ? body : body.data),
  listed: (model) => ({
    id: text(model.id),
    ...numbers({
      // OpenRouter and Together, Groq, vLLM, LM Studio, the Vercel gateway.
      window:
        model.context_length ?? model.context_window ?? model.max_model_len ?? model.loaded_context_length,
      maxOutput: fields(model.top_provider).max_completion_tokens ?? model.max_completion_tokens,
    }),
    ...(Array.isArray(fields(model.architecture).input_modalities) && {
      images: (fields(model.architecture).input_modalities as unknown[]).includes('image'),
    }),
    ...(['embedding', 'embeddings', 'rerank', 'image', 'audio', 'moderation'].includes(text(model.type)) && {
      chats: false,
    }),
  }),
};

const anthropic: Shape = {
  path: '/models?limit=1000',
  auth: 'x-api-key',
  headers: { 'anthropic-version': ANTHROPIC_VERSION },
  models: ({ data }) => data,
  listed: (model) => ({
    id: text(model.id),
    ...numbers({ window: model.max_input_tokens, maxOutput: model.max_tokens }),
  }),
};

const google: Shape = {
  path: '/models?pageSize=1000',
  auth: 'x-goog-api-key',
  models: ({ models }) => models,
  listed: (model) => ({
    id: text(model.name).replace(/^models\//, ''),
    ...numbers({ window: model.inputTokenLimit, maxOutput: model.outputTokenLimit }),
    ...(Array.isArray(model.supportedGenerationMethods) &&
      !model.supportedGenerationMethods.includes('generateContent') && { chats: false }),
  }),
};

const ollama: Shape = {
  // Beside the OpenAI-compatible API of `/v1`, which does not say what is only good for embedding.
  path: '/../api/tags',
  auth: 'bearer',
  models: ({ models }) => models,
  listed: (model) => ({
    id: text(model.model) || text(model.name),
    ...(/bert/.test(text(fields(model.details).family)) && { chats: false }),
  }),
};

const shapeOf = ({ wire, listing }: Provider): Shape =>
  listing === 'ollama' ? ollama : wire === 'anthropic' ? anthropic : wire === 'google' ? google : openai;

/** What a provider offers now. Sends one request, and no key anywhere but to the endpoint. */
export async function listModels(
  provider: Provider,
  endpoint: Endpoint,
  ms: number = listingMs,
): Promise<readonly Listed[] | Failed> {
  const shape = shapeOf(provider);
  const body = await get(endpoint, shape, shape.path, ms);
  if (isFailed(body)) return body;
  const models = shape.models(body);
  if (!Array.isArray(models)) return noList(endpoint, 'its answer is no list of models');
  return models.flatMap((model: unknown) => {
    const listed = shape.listed(fields(model));
    return listed.id === '' ? [] : [{ chats: !NOT_FOR_TALK.test(listed.id), ...listed }];
  });
}

/** Whether the key is taken, where the list of models says nothing about that. Null: it is. */
export async function checkKey(
  provider: Provider,
  endpoint: Endpoint,
  ms: number = listingMs,
): Promise<Failed | null> {
  if (provider.keyCheck === undefined) return null;
  const answer = await get(endpoint, shapeOf(provider), provider.keyCheck, ms);
  return isFailed(answer) ? answer : null;
}

/** Names of models that embed, rank, hear, speak, paint or judge. */
const NOT_FOR_TALK =
  /embed|rerank|whisper|transcri|\btts\b|-tts|speech|dall-e|imagen|\bveo\b|sora|moderation|guard|\bbge\b|stable-diffusion|\bflux\b|realtime|-live-|orpheus/i;

async function get(endpoint: Endpoint, shape: Shape, path: string, ms: number): Promise<Fields | Failed> {
  const [pathname = '', query] = path.split('?');
  const url = new URL(operationUrl(endpoint, pathname));
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.set(name, value);
  try {
    const response = await fetch(url, {
      headers: authorized(endpoint, shape.auth, { accept: 'application/json', ...shape.headers }),
      // A key goes to the address it was given for, and no further.
      redirect: 'error',
      signal: AbortSignal.timeout(ms),
    });
    const { status, headers } = response;
    const body = await response.text();
    if (status === 404 || status === 405) return noList(endpoint, `HTTP ${status}`);
    if (!response.ok) return refusedByStatus(endpoint, '', { status, headers, body }, Date.now());
    const parsed = parse(body);
    return parsed ?? noList(endpoint, 'its answer is not JSON');
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return silent(endpoint, ms);
    return unreachable(endpoint, error);
  }
}

/** It may work all the same: some have no list. */
function noList(endpoint: Endpoint, why: string): Failed {
  const { name, baseVariable } = endpoint;
  return {
    kind: 'failed',
    code: 'model_reply_invalid',
    message: `${name} at ${addressOf(endpoint)} does not say which models it has (${why}). Check the address: --base-url or ${baseVariable}.`,
    retryable: false,
  };
}

function silent(endpoint: Endpoint, ms: number): Failed {
  const message = `${endpoint.name} at ${addressOf(endpoint)} did not answer within ${ms / 1000} s. Look whether it is up, and try again.`;
  return { kind: 'failed', code: 'model_unavailable', message, retryable: true };
}

export const isFailed = (value: object): value is Failed => 'kind' in value && value.kind === 'failed';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const numbers = (values: Fields): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'number' && value > 0 ? [[name, value]] : [],
    ),
  );

function parse(body: string): Fields | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}
