import type { Settings } from '../settings/settings.ts';
import type { SettingsFile } from '../settings/settings-file.ts';
import { addressOf, type Endpoint } from './endpoint.ts';
import { withFallbacks } from './fallback.ts';
import {
  addressIn,
  type Connected,
  endpointOf,
  isNoModel,
  keyVariableIn,
  type NoModel,
  readHandle,
  resolveModel,
  type Variables,
} from './handles.ts';
import type { KeyStore } from './keys.ts';
import { isFailed, listModels } from './listing.ts';
import type { Model, ModelPart } from './model.ts';
import { type Provider, providers } from './providers.ts';
import type { WireOptions } from './wires.ts';

/** What a device knows of its models before it asks anybody. */
export type ModelSources = {
  readonly env: Variables;
  readonly settings: SettingsFile;
  readonly keys: KeyStore;
  /** Whether model servers on this machine may be asked if they are there, as far as the settings do not forbid it. */
  readonly discover: boolean;
  readonly wire?: WireOptions | undefined;
  /** Milliseconds; default: the machine's. */
  readonly now?: () => number;
};

/** The model of whoever chooses none, and a clause that says why it is that one. */
export type Chosen = {
  readonly handle: string;
  readonly because: string;
  /** Nothing was found, so it is the demo. */
  readonly forWant?: true;
};

/** How long a model server may take to say that it is there. */
const presenceMs = { discovered: 500, named: 2_000 };
/** How long an answer to that holds. */
const holdsMs = { found: 5 * 60_000, nothing: 30_000 };

/** Finds the models of a device. What it finds out holds until the settings change. */
export class ModelFinder {
  readonly sources: ModelSources;
  readonly #now: () => number;
  /** What the rest was found out under. */
  #settings: Settings | null = null;
  readonly #models = new Map<string, Promise<Model | NoModel>>();
  readonly #connected = new Map<string, Promise<Connected | NoModel>>();
  #found: { readonly chosen: Chosen; readonly until: number } | null = null;
  #finding: Promise<Chosen> | null = null;

  constructor(sources: ModelSources) {
    this.sources = sources;
    this.#now = sources.now ?? (() => performance.now());
  }

  /** The settings as they are now. */
  settings(): Settings | NoModel {
    try {
      const settings = this.sources.settings.read();
      if (settings !== this.#settings) {
        this.#models.clear();
        this.#connected.clear();
        this.#found = null;
        this.#finding = null;
      }
      this.#settings = settings;
      return settings;
    } catch (error) {
      return {
        code: 'model_wire_unavailable',
        message: error instanceof Error ? error.message : String(error),
      };
    }
  }

  /** The settings' model, else what the environment names, else a model server on this machine, else the demo. */
  async choose(): Promise<Chosen | NoModel> {
    const settings = this.settings();
    if (isNoModel(settings)) return settings;
    const named = this.#named(settings);
    if (named) return named;
    if (this.#found && this.#now() < this.#found.until) return this.#found.chosen;
    const finding = this.#finding ?? this.#find(settings);
    this.#finding = finding;
    return finding.finally(() => {
      if (this.#finding === finding) this.#finding = null;
    });
  }

  /** The model of that handle, with those that take over from it; null: the one of whoever chooses none. */
  async model(handle: string | null): Promise<Model | NoModel> {
    const settings = this.settings();
    if (isNoModel(settings)) return settings;
    const chosen = handle ?? (await this.choose());
    if (typeof chosen !== 'string' && isNoModel(chosen)) return chosen;
    const wanted = typeof chosen === 'string' ? chosen : chosen.handle;
    const others = Object.hasOwn(settings.fallbacks ?? {}, wanted)
      ? (settings.fallbacks?.[wanted] ?? [])
      : [];
    const [first, ...rest] = await Promise.all([wanted, ...others].map((one) => this.alone(one)));
    if (!first || isNoModel(first) || rest.length === 0) return first ?? noSuch(wanted);
    return withFallbacks([
      first,
      ...rest.map((one, n) => (isNoModel(one) ? refusing(others[n] ?? '', one) : one)),
    ]);
  }

  /** What `choose` gives, as far as it is known yet. */
  known(): string {
    const settings = this.settings();
    const named = isNoModel(settings) ? null : this.#named(settings);
    return (named ?? this.#found?.chosen)?.handle ?? 'demo';
  }

  /** Why that handle cannot be used, as far as that is known without asking anybody; null: it can. */
  problemOf(handle: string): NoModel | null {
    if (handle === 'demo') return null;
    const settings = this.settings();
    if (isNoModel(settings)) return settings;
    const read = readHandle(handle);
    if (isNoModel(read)) return read;
    // Where the key lies stands for the key: nobody is asked for it now.
    const { base_url: baseUrl, key } = storedIn(settings, read.provider) ?? {};
    const endpoint = endpointOf(read.provider, this.sources.env, { baseUrl, key });
    return isNoModel(endpoint) ? endpoint : null;
  }

  /** What a person stored for a provider. */
  connected(provider: Provider): Promise<Connected | NoModel> {
    return remembered(this.#connected, provider.prefix, () => this.#readConnected(provider));
  }

  /** Where a provider is reached, with the key that goes there. */
  async endpoint(provider: Provider): Promise<Endpoint | NoModel> {
    const settings = this.settings();
    if (isNoModel(settings)) return settings;
    const connected = await this.connected(provider);
    return isNoModel(connected) ? connected : endpointOf(provider, this.sources.env, connected);
  }

  /** Those that the settings or the environment name. */
  named(): readonly Provider[] {
    const settings = this.settings();
    const { env } = this.sources;
    const stored = isNoModel(settings) ? {} : (settings.providers ?? {});
    return providers.filter((one) => {
      // The address of `openai` is that of any endpoint there, which goes by its own name.
      if (one.prefix === 'openai' && addressIn(one, env) !== undefined) return false;
      if (Object.hasOwn(stored, one.prefix) || addressIn(one, env) !== undefined) return true;
      return one.baseUrl !== null && keyVariableIn(one, env) !== undefined;
    });
  }

  /** Model servers that may be on this machine without having been named. */
  discoverable(): readonly Provider[] {
    const settings = this.settings();
    const may = this.sources.discover && !isNoModel(settings) && settings.discover !== false;
    const named = new Set(this.named());
    return may ? providers.filter((one) => one.discovered && !named.has(one)) : [];
  }

  #named(settings: Settings): Chosen | null {
    const { env, settings: file } = this.sources;
    if (settings.model) return { handle: settings.model, because: `${file.path} names it` };
    const set = env.FARHAND_MODEL?.trim();
    if (set) return { handle: set, because: 'FARHAND_MODEL names it' };
    const stored = settings.providers ?? {};
    const known = this.named().filter(({ standard }) => standard !== null);
    const connected = known.find(({ prefix }) => Object.hasOwn(stored, prefix));
    if (connected) return standardOf(connected, `${connected.name} is connected`);
    for (const one of known) {
      const variable = keyVariableIn(one, env);
      if (variable !== undefined) return standardOf(one, `${variable} is set`);
    }
    return null;
  }

  async #find(settings: Settings): Promise<Chosen> {
    const before = this.#found?.chosen.handle;
    const asked = [
      ...this.named().map((provider) => ({ provider, ms: presenceMs.named })),
      ...this.discoverable().map((provider) => ({ provider, ms: presenceMs.discovered })),
    ];
    const answers = await Promise.all(asked.map(({ provider, ms }) => this.#firstOf(provider, ms, before)));
    const found = answers.find((one) => one !== null);
    const chosen = found ?? { handle: 'demo', because: 'no other model was found', forWant: true as const };
    const until = this.#now() + (found ? holdsMs.found : holdsMs.nothing);
    if (settings === this.#settings) this.#found = { chosen, until };
    return chosen;
  }

  /** Its first model that can be talked with; the one that was chosen before, as long as it is there. */
  async #firstOf(provider: Provider, ms: number, before: string | undefined): Promise<Chosen | null> {
    const endpoint = await this.endpoint(provider);
    if (isNoModel(endpoint)) return null;
    const listed = await listModels(provider, endpoint, ms);
    if (isFailed(listed)) return null;
    const handles = listed.filter(({ chats }) => chats).map(({ id }) => `${provider.prefix}/${id}`);
    const handle = handles.find((one) => one === before) ?? handles[0];
    if (handle === undefined) return null;
    return { handle, because: `${provider.name} answers at ${addressOf(endpoint)} and has it` };
  }

  /** The model of that handle, with nobody to take over from it. */
  alone(handle: string): Promise<Model | NoModel> {
    const { env, wire } = this.sources;
    return remembered(this.#models, handle, () =>
      resolveModel(handle, env, (provider) => this.connected(provider), wire),
    );
  }

  async #readConnected(provider: Provider): Promise<Connected | NoModel> {
    const { prefix, keyVariables } = provider;
    const stored = this.#settings ? storedIn(this.#settings, provider) : undefined;
    const baseUrl = stored?.base_url;
    // The environment goes before, and a keyring may have to be unlocked.
    if (!stored?.key || keyVariableIn(provider, this.sources.env) !== undefined) return { baseUrl };
    try {
      const key = (await this.sources.keys.read(prefix, stored.key)) ?? undefined;
      return { baseUrl, key, place: placeOf(stored.key, this.sources.keys) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${why}. Run farhand connect ${prefix} again, or set ${keyVariables[0]}.`;
      return { code: 'model_wire_unavailable', message };
    }
  }
}

/** What could not be had is asked for again the next time: a keyring is unlocked, a variable is not. */
function remembered<T extends object>(
  known: Map<string, Promise<T>>,
  name: string,
  ask: () => Promise<T>,
): Promise<T> {
  const asked = known.get(name) ?? ask();
  known.set(name, asked);
  void asked.then((value) => {
    if (isNoModel(value) && known.get(name) === asked) known.delete(name);
  });
  return asked;
}

/** What `farhand connect` wrote of a provider. */
export const storedIn = ({ providers: all = {} }: Settings, { prefix }: Provider) =>
  Object.hasOwn(all, prefix) ? all[prefix] : undefined;

/** Where a key lies, for people. */
export const placeOf = (place: 'keyring' | 'file', { path }: KeyStore): string =>
  place === 'keyring' ? 'the keyring' : path;

const standardOf = ({ prefix, standard }: Provider, because: string): Chosen => ({
  handle: `${prefix}/${standard}`,
  because: `${because} and it is the usual one there`,
});

const noSuch = (handle: string): NoModel => ({
  code: 'model_unknown',
  message: `There is no model ${handle}.`,
});

/** Stands in the row of those that take over, so that whoever comes to it is told why it cannot. */
function refusing(handle: string, { message }: NoModel): Model {
  async function* stream(): AsyncGenerator<ModelPart> {
    yield { kind: 'failed', code: 'model_wire_unavailable', message, retryable: false };
  }
  return { handle, window: null, stream };
}
