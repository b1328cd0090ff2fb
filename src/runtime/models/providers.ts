import type { Auth } from './endpoint.ts';
import type { WireName } from './wires.ts';

/** Somebody who offers models, and how they are reached. */
export type Provider = {
  /** What a handle begins with: `groq` in `groq/llama-3.3-70b-versatile`. */
  readonly prefix: string;
  readonly name: string;
  readonly wire: WireName;
  /** Null: it has no address of its own. */
  readonly baseUrl: string | null;
  readonly baseVariable: string;
  /** The first that is set counts; messages name the first. */
  readonly keyVariables: readonly [string, ...string[]];
  /** The address of its own takes no request without a key. */
  readonly keyNeeded: boolean;
  /** The model of whoever chooses none; null: what it lists first. */
  readonly standard: string | null;
  /** On the person's own machine: it is asked, without being named, whether it is there. */
  readonly discovered?: true;
  /** Its list of models is for everybody, so it takes another question to find out whether a key is good. */
  readonly keyCheck?: string;
  /** Where it expects the key, if not where its API usually does. */
  readonly auth?: Auth;
  /** Lists models in another shape than its wire's. */
  readonly listing?: 'ollama';
  /** Its name in the catalogue, where that is another one. */
  readonly catalogue?: string;
};

type Row = Omit<Provider, 'prefix' | 'baseVariable' | 'keyVariables' | 'keyNeeded' | 'wire' | 'standard'> &
  Partial<Provider>;

const variable = (prefix: string, what: string) => `${prefix.replace(/\W/g, '_').toUpperCase()}_${what}`;

/** A service on the net with a key, as most are. */
const hosted = (prefix: string, row: Row): Provider => ({
  prefix,
  wire: 'openai-compatible',
  baseVariable: variable(prefix, 'BASE_URL'),
  keyVariables: [variable(prefix, 'API_KEY')],
  keyNeeded: true,
  standard: null,
  ...row,
});

/** A model server that people run themselves. */
const local = (prefix: string, row: Row): Provider => hosted(prefix, { keyNeeded: false, ...row });

/** In the order in which one is chosen where several have a key. Addresses and variables as their own documents give them. */
export const providers: readonly Provider[] = [
  hosted('anthropic', {
    name: 'Anthropic',
    wire: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    standard: 'claude-sonnet-5',
  }),
  hosted('openai', {
    name: 'OpenAI',
    wire: 'openai-responses',
    baseUrl: 'https://api.openai.com/v1',
    standard: 'gpt-6-sol',
  }),
  hosted('google', {
    name: 'Google',
    wire: 'google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY', 'GOOGLE_API_KEY'],
    standard: 'gemini-3.8-flash',
  }),
  hosted('openrouter', {
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    standard: 'anthropic/claude-sonnet-5',
    keyCheck: '/key',
  }),
  hosted('deepseek', {
    name: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    standard: 'deepseek-v4-pro',
  }),
  hosted('mistral', { name: 'Mistral', baseUrl: 'https://api.mistral.ai/v1', standard: 'devstral-latest' }),
  hosted('xai', { name: 'xAI', baseUrl: 'https://api.x.ai/v1', standard: 'grok-4.7' }),
  hosted('groq', {
    name: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    standard: 'openai/gpt-oss-120b',
  }),
  hosted('together', {
    name: 'Together',
    baseUrl: 'https://api.together.ai/v1',
    standard: 'moonshotai/Kimi-K3',
  }),
  hosted('fireworks', {
    name: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    standard: 'accounts/fireworks/models/kimi-k3',
  }),
  hosted('cerebras', { name: 'Cerebras', baseUrl: 'https://api.cerebras.ai/v1', standard: 'gpt-oss-120b' }),
  hosted('moonshot', {
    name: 'Moonshot',
    baseUrl: 'https://api.moonshot.ai/v1',
    standard: 'kimi-k3',
    catalogue: 'moonshotai',
  }),
  hosted('zai', { name: 'Z.ai', baseUrl: 'https://api.z.ai/api/paas/v4', standard: 'glm-5.3' }),
  // Its other API puts the model's thoughts into the text.
  hosted('minimax', {
    name: 'MiniMax',
    wire: 'anthropic',
    baseUrl: 'https://api.minimax.io/anthropic/v1',
    auth: 'bearer',
    standard: 'MiniMax-M3',
  }),
  hosted('vercel', {
    name: 'Vercel AI Gateway',
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    baseVariable: 'AI_GATEWAY_BASE_URL',
    keyVariables: ['AI_GATEWAY_API_KEY'],
    standard: 'anthropic/claude-sonnet-5',
    keyCheck: '/credits',
    catalogue: 'vercel-ai-gateway',
  }),
  local('ollama', {
    name: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    discovered: true,
    listing: 'ollama',
  }),
  local('lmstudio', { name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', discovered: true }),
  local('llamacpp', { name: 'llama.cpp', baseUrl: 'http://127.0.0.1:8080/v1' }),
  local('vllm', { name: 'vLLM', baseUrl: 'http://127.0.0.1:8000/v1' }),
  local('openai-compatible', {
    name: 'The endpoint',
    baseUrl: null,
    baseVariable: 'OPENAI_BASE_URL',
    keyVariables: ['OPENAI_API_KEY'],
  }),
];

/** Other names that handles of this protocol's programs begin with. */
const ALIASES: Readonly<Record<string, string>> = {
  google_ai: 'google',
  gemini: 'google',
  moonshotai: 'moonshot',
  together_ai: 'together',
  fireworks_ai: 'fireworks',
  vercel_ai_gateway: 'vercel',
  lmstudio_openai: 'lmstudio',
  'llama.cpp': 'llamacpp',
};

/** Known, and not spoken to; why, and what does instead. */
const WITHOUT_WIRE: Readonly<Record<string, string>> = {
  azure:
    'Farhand does not speak to Azure OpenAI by that name. Its v1 API does as well: set OPENAI_BASE_URL to https://<resource>.openai.azure.com/openai/v1 and OPENAI_API_KEY to its key, and use openai-compatible/<deployment>.',
  bedrock:
    'Farhand cannot sign requests to Amazon Bedrock. Use its OpenAI-compatible address or a gateway before it: set OPENAI_BASE_URL and OPENAI_API_KEY, and use openai-compatible/<model>.',
  google_vertex:
    'Farhand cannot sign in to Google Vertex. The same models are there as google/<model> with a Gemini key, and OPENAI_BASE_URL with openai-compatible/<model> reaches a gateway.',
  letta:
    "Models that are called letta/… belong to Letta's own servers, which Farhand does not reach. Choose one of your own: farhand connect.",
  'chatgpt-plus-pro':
    'Farhand cannot sign in with a ChatGPT subscription. Use openai/<model> with a key: farhand connect openai.',
};
const SAME_WIRE: Readonly<Record<string, string>> = {
  azure_openai: 'azure',
  amazon_bedrock: 'bedrock',
  vertex: 'google_vertex',
  'letta-free': 'letta',
};

const byPrefix = new Map(providers.map((one) => [one.prefix, one]));

/** By prefix or another name of it; a sentence where it is known and not spoken to, null where it is not known. */
export function findProvider(prefix: string): Provider | string | null {
  const name = Object.hasOwn(ALIASES, prefix) ? (ALIASES[prefix] ?? prefix) : prefix;
  const other = Object.hasOwn(SAME_WIRE, name) ? (SAME_WIRE[name] ?? name) : name;
  if (Object.hasOwn(WITHOUT_WIRE, other)) return WITHOUT_WIRE[other] ?? null;
  return byPrefix.get(name) ?? null;
}
