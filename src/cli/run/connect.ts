import { text as readAll } from 'node:stream/consumers';
import { type Failure, failure } from '../../protocol/errors.ts';
import { nearest } from '../../protocol/nearest.ts';
import { addressOf, type Endpoint } from '../../runtime/models/endpoint.ts';
import { type ModelFinder, placeOf, storedIn } from '../../runtime/models/finder.ts';
import {
  addressIn,
  type Connected,
  endpointOf,
  isNoModel,
  keyVariableIn,
} from '../../runtime/models/handles.ts';
import type { KeyPlace } from '../../runtime/models/keys.ts';
import { findProvider, type Provider, providers } from '../../runtime/models/providers.ts';
import { changeSettings } from '../models/change-settings.ts';
import { listConnections } from '../models/connections.ts';
import { modelsOf } from '../models/models-of.ts';
import { chooseModel, chooseProvider, typeAddress, typeKey } from '../models/prompts.ts';
import { tryConnection } from '../models/try-connection.ts';
import { errStyle, type Io, note, say, sayJson } from '../program/io.ts';
import { isProblem, type Misuse, misuse, type Outcome } from '../program/outcome.ts';

export type ConnectArgs = {
  readonly provider?: string | undefined;
  readonly keyStdin?: boolean | undefined;
  readonly baseUrl?: string | undefined;
  readonly model?: string | undefined;
  readonly test: boolean;
  readonly list?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** The person left a question unanswered. */
const left = 130;
type Key = { readonly key: string; readonly from: 'given' | 'environment' | 'stored' | 'nowhere' };

export async function runConnect(given: ConnectArgs, io: Io): Promise<Outcome> {
  const finder = modelsOf(io);
  const settings = finder.settings();
  if (isNoModel(settings)) return settings;
  if (given.list) return listConnections(finder, given.json ?? false, io);
  const mayAsk = Boolean(io.in.isTTY && io.out.isTTY && !given.json && !given.keyStdin);
  const provider = given.provider === undefined ? await askedProvider(mayAsk) : named(given.provider);
  if (provider === left || isProblem(provider)) return provider;
  const hasAddress = provider.baseUrl !== null || given.baseUrl !== undefined;
  const isKnown = hasAddress || addressIn(provider, io.env) || storedIn(settings, provider)?.base_url;
  const baseUrl = !isKnown && mayAsk ? await typeAddress() : given.baseUrl;
  if (baseUrl === null) return left;
  const args = { ...given, baseUrl };
  const key = await keyOf(provider, args, finder, mayAsk, io);
  if (key === left || isProblem(key)) return key;
  const { endpoint, env, connected } = reached(provider, key, args, finder, io);
  if (isNoModel(endpoint)) return endpoint;
  warnOfPlainHttp(endpoint, io);

  const wanted = args.model === undefined ? null : handleOf(provider, args.model);
  const standard = provider.standard === null ? null : `${provider.prefix}/${provider.standard}`;
  if (args.test) note(io, errStyle(io).dim(`Trying ${provider.name} at ${addressOf(endpoint)} …`));
  const trial = { provider, endpoint, env, connected, handle: wanted ?? standard };
  const listed = args.test ? await tryConnection(trial) : null;
  if (listed !== null && 'code' in listed) return listed;
  const handles = (listed ?? []).filter(({ chats }) => chats).map(({ id }) => `${provider.prefix}/${id}`);
  const usual = standard !== null && (handles.length === 0 || handles.includes(standard)) ? standard : null;
  const first = usual ?? handles[0] ?? null;
  const choice =
    wanted ??
    (settings.model ? null : mayAsk && handles.length > 1 ? await chooseModel(handles, first) : first);

  const place = key.from === 'given' ? await stored(finder, provider, key.key) : undefined;
  if (typeof place === 'object') return place;
  const { settings: file } = finder.sources;
  const refused = changeSettings(file, (before) => {
    const old = storedIn(before, provider);
    const baseUrl = args.baseUrl ?? old?.base_url;
    const { key: oldPlace, base_url: _, ...kept } = old ?? {};
    const lies = place ?? (key.from === 'stored' ? oldPlace : undefined);
    const entry = { ...kept, ...(lies && { key: lies }), ...(baseUrl && { base_url: baseUrl }) };
    return {
      ...before,
      providers: { ...before.providers, [provider.prefix]: entry },
      ...(choice && { model: choice }),
    };
  });
  if (refused) return refused;
  tell({ provider, key, place, models: listed && handles.length, choice, args }, finder, io);
  return 0;
}

async function askedProvider(mayAsk: boolean): Promise<Provider | typeof left | Misuse> {
  if (mayAsk) return (await chooseProvider()) ?? left;
  const names = providers.map(({ prefix }) => prefix).join(', ');
  return misuse(`Say which provider: ${names}.`);
}

function named(given: string): Provider | Failure | Misuse {
  const provider = findProvider(given.trim().toLowerCase());
  if (typeof provider === 'string') return failure('model_wire_unavailable', provider);
  if (provider) return provider;
  const prefixes = providers.map(({ prefix }) => prefix);
  const meant = nearest(given, prefixes);
  return misuse(
    `"${given}" is no provider that Farhand knows. ${meant ? `Did you mean "${meant}"?` : `There are: ${prefixes.join(', ')}.`} Any other that speaks OpenAI's API is openai-compatible, with --base-url.`,
  );
}

async function keyOf(
  provider: Provider,
  { keyStdin, baseUrl }: ConnectArgs,
  finder: ModelFinder,
  mayAsk: boolean,
  io: Io,
): Promise<Key | Failure | Misuse | typeof left> {
  const { prefix, keyNeeded, keyVariables } = provider;
  if (keyStdin) {
    const key = (await readAll(io.in)).trim();
    return key === '' ? misuse('No key came in on standard input.') : { key, from: 'given' };
  }
  const variable = keyVariableIn(provider, io.env);
  if (variable !== undefined) return { key: io.env[variable]?.trim() ?? '', from: 'environment' };
  if (mayAsk && (keyNeeded || provider.baseUrl === null)) {
    const key = await typeKey(provider);
    if (key === null) return left;
    return key === '' ? { key, from: 'nowhere' } : { key, from: 'given' };
  }
  const before = await finder.connected(provider);
  if (!isNoModel(before) && before.key && (baseUrl === undefined || baseUrl === before.baseUrl))
    return { key: before.key, from: 'stored' };
  if (!keyNeeded || baseUrl !== undefined) return { key: '', from: 'nowhere' };
  return misuse(
    `${provider.name} needs a key. Pipe it in: farhand connect ${prefix} --key-stdin < key.txt; or set ${keyVariables[0]}, which needs no connecting.`,
  );
}

/** As the command line says, whatever the environment does; but who reads on is told when that will go before. */
function reached(
  provider: Provider,
  { key, from }: Key,
  { baseUrl: given, keyStdin }: ConnectArgs,
  finder: ModelFinder,
  io: Io,
) {
  const { baseVariable, keyVariables, prefix } = provider;
  const settings = finder.settings();
  const hidden = [
    ...(given !== undefined && io.env[baseVariable] ? [baseVariable] : []),
    ...(from === 'given' ? keyVariables.filter((name) => io.env[name]) : []),
  ];
  for (const name of hidden)
    note(io, errStyle(io).yellow(`${name} is set, and goes before what is stored for ${prefix}.`));
  const env = Object.fromEntries(Object.entries(io.env).filter(([name]) => !hidden.includes(name)));
  const baseUrl = given ?? (isNoModel(settings) ? undefined : storedIn(settings, provider)?.base_url);
  const connected: Connected = { baseUrl, key, place: keyStdin ? 'standard input' : 'what you typed' };
  return { endpoint: endpointOf(provider, env, connected), env, connected };
}

function warnOfPlainHttp({ baseUrl, key }: Endpoint, io: Io): void {
  const isNear = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(baseUrl.hostname);
  if (key !== '' && baseUrl.protocol === 'http:' && !isNear)
    note(io, errStyle(io).yellow(`The key crosses the network to ${baseUrl.host} unencrypted.`));
}

/** A model's name is taken for one of that provider's, with or without its prefix. */
const handleOf = ({ prefix }: Provider, given: string): string =>
  given.startsWith(`${prefix}/`) ? given : `${prefix}/${given}`;

async function stored(finder: ModelFinder, { prefix }: Provider, key: string): Promise<KeyPlace | Failure> {
  try {
    return await finder.sources.keys.write(prefix, key);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('home_unwritable', `The key can be kept nowhere: ${why}. Nothing was stored.`);
  }
}

type Done = {
  readonly provider: Provider;
  readonly key: Key;
  readonly place: KeyPlace | undefined;
  readonly models: number | null;
  readonly choice: string | null;
  readonly args: ConnectArgs;
};

function tell({ provider, key, place, models, choice, args }: Done, finder: ModelFinder, io: Io): void {
  const { prefix, name } = provider;
  const settings = finder.settings();
  const standard = choice ?? (isNoModel(settings) ? null : (settings.model ?? null));
  if (args.json) {
    const kept = place ?? (key.from === 'environment' ? key.from : null);
    return sayJson(io, { connected: prefix, key: kept, tested: args.test, models, model: standard });
  }
  const count = models === null ? '' : `, ${models} ${models === 1 ? 'model' : 'models'}`;
  const lies = place ? ` The key is in ${placeOf(place, finder.sources.keys)}.` : '';
  const variable = keyVariableIn(provider, io.env);
  const named = key.from === 'environment' ? ` The key stays in ${variable} and is stored nowhere.` : '';
  say(io, `${name} is connected${args.test ? count : ', untried'}.${lies}${named}`);
  if (choice) say(io, `The model of whoever chooses none is now ${choice}.`);
  else if (standard) say(io, `The model of whoever chooses none stays ${standard}.`);
  say(io, 'farhand models lists them, farhand models use <model> chooses another.');
}
