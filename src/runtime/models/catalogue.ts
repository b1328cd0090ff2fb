import { addressOf } from './endpoint.ts';
import { factsOf } from './facts.ts';
import type { ModelFinder } from './finder.ts';
import { isNoModel } from './handles.ts';
import { isFailed, type Listed, listingMs, listModels } from './listing.ts';
import type { Provider } from './providers.ts';
import type { ModelFacts } from './wires.ts';

/** A model that a provider offers now. */
export type Offer = ModelFacts & {
  /** `provider/model`. */
  readonly handle: string;
  readonly id: string;
  /** False: it cannot be talked with. */
  readonly chats: boolean;
};

/** A provider that this device can ask, and what came of asking. */
export type Asked = {
  readonly provider: Provider;
  /** Empty where not even that is right. */
  readonly address: string;
  readonly offers: readonly Offer[];
  /** Why it offers nothing now; null: it answered. */
  readonly problem: string | null;
};

/** One model as `list_models` tells of it. */
export type ModelEntry = {
  readonly id: string;
  readonly handle: string;
  readonly label: string;
  readonly description: string;
  readonly isDefault: boolean;
  readonly isFeatured: boolean;
  readonly free: boolean;
};

/** Asks every provider that is named here for its models, all at once; and model servers on this machine, which are left out where there are none. */
export async function askProviders(
  finder: ModelFinder,
  only: Provider | null = null,
): Promise<readonly Asked[]> {
  const wanted = (one: Provider) => only === null || one === only;
  const named = only && !finder.discoverable().includes(only) ? [only] : finder.named().filter(wanted);
  const local = finder.discoverable().filter(wanted);
  const [sure, perhaps] = await Promise.all([
    Promise.all(named.map((one) => ask(finder, one, listingMs))),
    Promise.all(local.map((one) => ask(finder, one, only ? listingMs : 1_000))),
  ]);
  return [...sure, ...perhaps.filter(({ problem }) => only !== null || problem === null)];
}

async function ask(finder: ModelFinder, provider: Provider, ms: number): Promise<Asked> {
  const endpoint = await finder.endpoint(provider);
  if (isNoModel(endpoint)) return { provider, address: '', offers: [], problem: endpoint.message };
  const address = addressOf(endpoint);
  const listed = await listModels(provider, endpoint, ms);
  if (isFailed(listed)) return { provider, address, offers: [], problem: listed.message };
  const offers = await Promise.all(listed.map((one) => offerOf(provider, one)));
  return { provider, address, offers, problem: null };
}

/** What the provider itself says goes before the catalogue. */
async function offerOf({ prefix }: Provider, { id, chats, ...said }: Listed): Promise<Offer> {
  return { ...(await factsOf(prefix, id)), ...said, handle: `${prefix}/${id}`, id, chats };
}

/**
 * What may be written as a model here: what each provider offers that answers, the default, and the demo. The default stands in the list
 * all the same when its provider does not answer.
 */
export async function modelCatalogue(finder: ModelFinder): Promise<readonly ModelEntry[]> {
  const [asked, chosen] = await Promise.all([askProviders(finder), finder.choose()]);
  const standard = isNoModel(chosen) ? null : chosen.handle;
  const offered = asked.flatMap(({ provider, offers }) =>
    offers
      .filter(({ chats }) => chats)
      .map((one) => ({
        ...entry(one.handle, one.id, `${one.id} at ${provider.name}${factsText(one)}`),
        free: one.price !== null && one.price.input === 0 && one.price.output === 0,
      })),
  );
  const demo = {
    ...entry('demo', 'Demo', 'Built in; shows what an agent does without any model.'),
    free: true,
  };
  const all = [...offered, demo];
  const known = standard === null || all.some(({ handle }) => handle === standard);
  const listed = known ? all : [entry(standard, standard, 'The default of this device.'), ...all];
  return listed.map((one) => (one.handle === standard ? { ...one, isDefault: true, isFeatured: true } : one));
}

function factsText({ window, price }: Offer): string {
  const reads = window === null ? [] : [`reads ${tokens(window)} tokens`];
  const costs = price === null ? [] : [`$${price.input} in and $${price.output} out for a million`];
  return [...reads, ...costs].map((text) => `, ${text}`).join('');
}

/** `200k`, `1M`. */
export function tokens(count: number): string {
  if (count < 1_000) return String(count);
  const [value, unit] = count < 1_000_000 ? [count / 1_000, 'k'] : [count / 1_000_000, 'M'];
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : Number(value.toFixed(1))}${unit}`;
}

const entry = (handle: string, label: string, description: string): ModelEntry => ({
  id: handle,
  handle,
  label,
  description,
  isDefault: false,
  isFeatured: false,
  free: false,
});
