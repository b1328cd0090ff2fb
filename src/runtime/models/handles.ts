import { demoModel } from './demo.ts';
import { addressOf, type Endpoint } from './endpoint.ts';
import type { Model } from './model.ts';
import { openaiCompatible, type WireOptions } from './openai-compatible.ts';

/** Why a handle leads to no model; `message` says what to do. */
export type NoModel = { readonly code: 'model_wire_unavailable' | 'model_unknown'; readonly message: string };

/** Variables by name, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

type Provider = {
  readonly name: string;
  readonly baseVariable: string;
  readonly keyVariable: string;
  /** Used without the variable; without a default the variable must be set. */
  readonly baseUrl?: string;
  /** The default address takes no request without a key. */
  readonly keyNeeded?: boolean;
};

const PROVIDERS: Readonly<Record<string, Provider>> = {
  lmstudio: {
    name: 'LM Studio',
    baseVariable: 'LMSTUDIO_BASE_URL',
    keyVariable: 'LMSTUDIO_API_KEY',
    baseUrl: 'http://127.0.0.1:1234/v1',
  },
  ollama: {
    name: 'Ollama',
    baseVariable: 'OLLAMA_BASE_URL',
    keyVariable: 'OLLAMA_API_KEY',
    baseUrl: 'http://127.0.0.1:11434/v1',
  },
  openai: {
    name: 'OpenAI',
    baseVariable: 'OPENAI_BASE_URL',
    keyVariable: 'OPENAI_API_KEY',
    baseUrl: 'https://api.openai.com/v1',
    keyNeeded: true,
  },
  'openai-compatible': {
    name: 'The endpoint',
    baseVariable: 'OPENAI_BASE_URL',
    keyVariable: 'OPENAI_API_KEY',
  },
};

/** Known, and spoken to in a way that Farhand does not speak yet. */
const WITHOUT_WIRE: Readonly<Record<string, string>> = {
  anthropic: 'Anthropic',
  azure: 'Azure OpenAI',
  bedrock: 'Amazon Bedrock',
  cerebras: 'Cerebras',
  deepseek: 'DeepSeek',
  fireworks: 'Fireworks',
  google: 'Google',
  google_ai: 'Google',
  google_vertex: 'Google Vertex',
  groq: 'Groq',
  letta: 'Letta',
  minimax: 'MiniMax',
  mistral: 'Mistral',
  moonshot: 'Moonshot',
  openrouter: 'OpenRouter',
  together: 'Together',
  vercel: 'Vercel AI Gateway',
  xai: 'xAI',
  zai: 'Z.ai',
};

const EXAMPLES = 'lmstudio/qwen3-8b, ollama/llama3.1, openai/gpt-5, openai-compatible/<model>, or demo';

/** The handle to use where none is chosen: `FARHAND_MODEL`, else `demo`. */
export function defaultModel(env: Variables): string {
  return env.FARHAND_MODEL?.trim() || 'demo';
}

/** Resolves each handle once: what a model has made ready for one request serves the next. */
export function modelResolver(
  env: Variables,
  options: WireOptions = {},
): (handle: string) => Model | NoModel {
  const known = new Map<string, Model | NoModel>();
  return (handle) => {
    const model = known.get(handle) ?? resolveModel(handle, env, options);
    known.set(handle, model);
    return model;
  };
}

/** The model behind a handle (`provider/model`, or `demo`), with its address and key from `env`. Sends nothing. */
export function resolveModel(handle: string, env: Variables, options: WireOptions = {}): Model | NoModel {
  if (handle === 'demo') return demoModel();
  const slash = handle.indexOf('/');
  const [prefix, modelId] = [handle.slice(0, Math.max(0, slash)), handle.slice(slash + 1)];
  if (prefix === '' || modelId === '') {
    return unknown(`"${handle}" names no model. Write provider/model, for example ${EXAMPLES}.`);
  }
  if (Object.hasOwn(WITHOUT_WIRE, prefix)) {
    return unavailable(
      `Farhand cannot talk to ${WITHOUT_WIRE[prefix]} yet. Use one of ${EXAMPLES}. ` +
        `If it also offers an OpenAI-compatible API: set OPENAI_BASE_URL and OPENAI_API_KEY, and use openai-compatible/${modelId}.`,
    );
  }
  const provider = Object.hasOwn(PROVIDERS, prefix) ? PROVIDERS[prefix] : undefined;
  if (!provider)
    return unknown(`"${prefix}" in "${handle}" is no provider that Farhand knows. Use one of ${EXAMPLES}.`);
  const endpoint = endpointOf(provider, env);
  return 'code' in endpoint ? endpoint : openaiCompatible(handle, modelId, endpoint, options);
}

/** The endpoints that the environment names by their address or their key. */
export function endpointsOf(
  env: Variables,
): readonly { readonly prefix: string; readonly endpoint: Endpoint }[] {
  return Object.entries(PROVIDERS).flatMap(([prefix, provider]) => {
    const isNamed = Boolean(env[provider.baseVariable]?.trim() || env[provider.keyVariable]?.trim());
    // The address of `openai` is that of any endpoint there, which goes by its own name.
    if (!isNamed || (prefix === 'openai' && env[provider.baseVariable]?.trim())) return [];
    const endpoint = endpointOf(provider, env);
    return 'code' in endpoint ? [] : [{ prefix, endpoint }];
  });
}

function endpointOf(provider: Provider, env: Variables): Endpoint | NoModel {
  const { name, baseVariable, keyVariable } = provider;
  const set = env[baseVariable]?.trim() || undefined;
  const key = env[keyVariable]?.trim() ?? '';
  const address = set ?? provider.baseUrl;
  if (address === undefined) {
    return unavailable(
      `${baseVariable} is not set: set it to the address of the API, like http://127.0.0.1:8000/v1.`,
    );
  }
  if (set === undefined && provider.keyNeeded && key === '') {
    return unavailable(
      `${keyVariable} is not set, and ${name} takes no request without a key. Set it and start again.`,
    );
  }
  if (!/^[\x21-\x7e]*$/.test(key)) {
    return unavailable(
      `${keyVariable} holds characters that no key has (a space, a line break?). Copy the key again.`,
    );
  }
  const baseUrl = baseUrlOf(address);
  if (!baseUrl) {
    return unavailable(
      `${baseVariable} is not an http or https address. Set it to one like ${provider.baseUrl ?? 'http://127.0.0.1:8000/v1'}.`,
    );
  }
  const endpoint = { name, baseUrl, baseVariable, key, keyVariable };
  // fetch refuses such an address, and a password in it would show up in messages.
  if (baseUrl.username !== '' || baseUrl.password !== '') {
    return unavailable(
      `${baseVariable} holds a user or password. Set it to ${addressOf(endpoint)}, and the key in ${keyVariable}.`,
    );
  }
  return endpoint;
}

/** With or without the slash at the end; an empty path means `/v1`. */
function baseUrlOf(address: string): URL | null {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  url.pathname = url.pathname.replace(/\/+$/, '') || '/v1';
  url.hash = '';
  return url;
}

function unavailable(message: string): NoModel {
  return { code: 'model_wire_unavailable', message };
}

function unknown(message: string): NoModel {
  return { code: 'model_unknown', message };
}
