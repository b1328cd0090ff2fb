import { demoModel } from './demo.ts';
import { addressOf, type Endpoint } from './endpoint.ts';
import { factsOf, unknownFacts } from './facts.ts';
import type { Model } from './model.ts';
import { findProvider, type Provider } from './providers.ts';

import { openModel, type WireName, type WireOptions } from './wires.ts';

/** Why a handle leads to no model; `message` says what to do. */
export type NoModel = { readonly code: 'model_wire_unavailable' | 'model_unknown'; readonly message: string };

/** Variables by name, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a person gave when they connected a provider. `place`: where the key lies, in words. */
export type Connected = {
  readonly baseUrl?: string | undefined;
  readonly key?: string | undefined;
  readonly place?: string | undefined;
};

const EXAMPLES =
  'anthropic/claude-sonnet-5, openai/gpt-5, ollama/llama3.1, openai-compatible/<model>, or demo';

/** The provider and the model's own name that a handle (`provider/model`) speaks of. */
export function readHandle(
  handle: string,
): { readonly provider: Provider; readonly modelId: string } | NoModel {
  const slash = handle.indexOf('/');
  const [prefix, modelId] = [handle.slice(0, Math.max(0, slash)), handle.slice(slash + 1)];
  if (prefix === '' || modelId === '')
    return unknown(`"${handle}" names no model. Write provider/model, for example ${EXAMPLES}.`);
  const provider = findProvider(prefix);
  if (typeof provider === 'string') return unavailable(provider);
  if (!provider)
    return unknown(`"${prefix}" in "${handle}" is no provider that Farhand knows. Use one of ${EXAMPLES}.`);
  return { provider, modelId };
}

/** The model behind a handle (`provider/model`, or `demo`). Sends nothing. */
export async function resolveModel(
  handle: string,
  env: Variables,
  connected: (provider: Provider) => Promise<Connected | NoModel> | Connected = () => ({}),
  options: WireOptions = {},
): Promise<Model | NoModel> {
  if (handle === 'demo') return demoModel();
  const read = readHandle(handle);
  if ('code' in read) return read;
  const { provider, modelId } = read;
  const known = await connected(provider);
  if ('code' in known) return known;
  const endpoint = endpointOf(provider, env, known);
  if ('code' in endpoint) return endpoint;
  const listed = await factsOf(provider.prefix, modelId);
  // Of a model that nobody knows only it can say that it does not look at pictures.
  const facts = listed === unknownFacts ? { ...listed, images: true } : listed;
  return openModel(wireOf(provider, endpoint), handle, modelId, endpoint, facts, options);
}

/** Elsewhere than at OpenAI itself, its older API is what others speak. */
function wireOf({ wire, baseUrl }: Provider, endpoint: Endpoint): WireName {
  return wire === 'openai-responses' && addressOf(endpoint) !== baseUrl ? 'openai-compatible' : wire;
}

/** Whether the environment names the address of a provider. */
export const addressIn = ({ baseVariable }: Provider, env: Variables): string | undefined =>
  env[baseVariable]?.trim() || undefined;

/** The variable that holds a provider's key, where one does. */
export const keyVariableIn = ({ keyVariables }: Provider, env: Variables): string | undefined =>
  keyVariables.find((name) => env[name]?.trim());

/** Where a provider is reached: what the environment says goes before what a person stored. */
export function endpointOf(
  provider: Provider,
  env: Variables,
  connected: Connected = {},
): Endpoint | NoModel {
  const { prefix, name, baseVariable, keyVariables, auth } = provider;
  const own = connected.baseUrl ?? provider.baseUrl ?? undefined;
  const address = addressIn(provider, env) ?? own;
  if (address === undefined)
    return unavailable(
      `${baseVariable} is not set: set it to the address of the API, like http://127.0.0.1:8000/v1, or run farhand connect ${prefix} --base-url <address>.`,
    );
  const variable = keyVariableIn(provider, env);
  // A stored key is for the address that it was stored with.
  const stored = address === own ? connected.key : undefined;
  const key = (variable === undefined ? stored : env[variable])?.trim() ?? '';
  if (key === '' && provider.keyNeeded && address === provider.baseUrl)
    return unavailable(
      `${keyVariables[0]} is not set, and ${name} takes no request without a key. Run farhand connect ${prefix}, or set it and start again.`,
    );
  const keyVariable = variable ?? (stored ? connected.place : undefined) ?? keyVariables[0];
  if (!/^[\x21-\x7e]*$/.test(key))
    return unavailable(
      `${keyVariable} holds characters that no key has (a space, a line break?). Copy the key again.`,
    );
  const baseUrl = baseUrlOf(address, provider);
  if (!baseUrl)
    return unavailable(
      `${baseVariable} is not an http or https address. Set it to one like ${provider.baseUrl ?? 'http://127.0.0.1:8000/v1'}.`,
    );
  const endpoint = { name, baseUrl, baseVariable, key, keyVariable, provider: prefix, ...(auth && { auth }) };
  // fetch refuses such an address, and a password in it would show up in messages.
  if (baseUrl.username !== '' || baseUrl.password !== '')
    return unavailable(
      `${baseVariable} holds a user or password. Set it to ${addressOf(endpoint)}, and the key in ${keyVariables[0]}.`,
    );
  return endpoint;
}

/** With or without the slash at the end, and without the version where other programs leave it out. */
function baseUrlOf(address: string, { wire }: Provider): URL | null {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  const path = url.pathname.replace(/\/+$/, '');
  if (wire === 'anthropic') url.pathname = path.endsWith('/v1') ? path : `${path}/v1`;
  else url.pathname = path || (wire === 'google' ? '/v1beta' : '/v1');
  url.hash = '';
  return url;
}

export const isNoModel = (value: object): value is NoModel => 'code' in value && 'message' in value;

function unavailable(message: string): NoModel {
  return { code: 'model_wire_unavailable', message };
}

function unknown(message: string): NoModel {
  return { code: 'model_unknown', message };
}
