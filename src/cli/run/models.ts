import { failure } from '../../protocol/errors.ts';
import { type Asked, askProviders, type Offer } from '../../runtime/models/catalogue.ts';
import { catalogueHandles, factsOf } from '../../runtime/models/facts.ts';
import type { Chosen, ModelFinder } from '../../runtime/models/finder.ts';
import { isNoModel } from '../../runtime/models/handles.ts';
import { findProvider, type Provider, providers } from '../../runtime/models/providers.ts';
import { changeSettings } from '../models/change-settings.ts';
import { withDiscovery } from '../models/discovery.ts';
import { modelsOf } from '../models/models-of.ts';
import { type Listing, listingLines } from '../models/table.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { misuse, type Outcome } from '../program/outcome.ts';

type ListArgs = {
  readonly provider?: string | undefined;
  readonly all?: boolean | undefined;
  readonly json?: boolean | undefined;
};

export async function list(
  { provider: given, all = false, json, ...rest }: ListArgs,
  io: Io,
): Promise<Outcome> {
  const only = given === undefined ? null : findProvider(given.toLowerCase());
  if (typeof only === 'string') return failure('model_wire_unavailable', only);
  if (given !== undefined && only === null)
    return misuse(
      `"${given}" is no provider. There are: ${providers.map(({ prefix }) => prefix).join(', ')}.`,
    );
  const finder = modelsOf(withDiscovery(rest, io));
  const [asked, chosen] = await Promise.all([askProviders(finder, only), finder.choose()]);
  if (isNoModel(chosen)) return chosen;
  const shown = asked.map((one) => ({ ...one, offers: one.offers.filter(({ chats }) => all || chats) }));
  const others = all ? await notConnected(asked, only) : [];
  const listing: Listing = { asked: shown, others, chosen };
  if (json) sayJson(io, documentOf(listing));
  else for (const line of listingLines(listing, outStyle(io))) say(io, line);
  return only !== null && shown.every(({ problem }) => problem !== null) ? 1 : 0;
}

/** What the catalogue knows of providers that were not asked, or did not answer. */
async function notConnected(asked: readonly Asked[], only: Provider | null): Promise<readonly Offer[]> {
  const known = new Set(
    asked.filter(({ problem }) => problem === null).map(({ provider }) => provider.prefix),
  );
  const handles = await catalogueHandles();
  const offers = handles.map(async (handle): Promise<Offer | null> => {
    const [prefix = '', ...id] = handle.split('/');
    if (known.has(prefix) || (only && only.prefix !== prefix)) return null;
    return { ...(await factsOf(prefix, id.join('/'))), handle, id: id.join('/'), chats: true };
  });
  return (await Promise.all(offers)).filter((one) => one !== null);
}

function documentOf({ asked, others, chosen }: Listing): object {
  const told = ({ handle, window, maxOutput, price, images, reasoning, chats }: Offer, usable: boolean) => ({
    handle,
    context_window: window,
    max_output: maxOutput,
    price_per_million: price,
    inputs: images ? ['text', 'image'] : ['text'],
    reasoning,
    chats,
    usable,
    default: handle === chosen.handle,
  });
  return {
    default: { model: chosen.handle, because: chosen.because },
    providers: asked.map(({ provider, address, problem, offers }) => ({
      id: provider.prefix,
      name: provider.name,
      address,
      ok: problem === null,
      problem,
      models: offers.length,
    })),
    models: [
      ...asked.flatMap(({ offers }) => offers.map((one) => told(one, true))),
      ...others.map((one) => told(one, false)),
    ],
  };
}

export async function use(
  { model: given, json }: { readonly model: string; readonly json?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const finder = modelsOf(io);
  const model = given.trim();
  const problem = finder.problemOf(model);
  if (problem) return problem;
  const refused = changeSettings(finder.sources.settings, (before) => ({ ...before, model }));
  if (refused) return refused;
  const chosen: Chosen = { handle: model, because: 'it was chosen now' };
  if (json) sayJson(io, { default: { model: chosen.handle, because: chosen.because } });
  else {
    say(io, `The model of whoever chooses none is now ${model}.`);
    for (const line of await caveats(finder, model)) say(io, line);
  }
  return 0;
}

/** A mistyped name would only be found out in the first turn. */
async function caveats(finder: ModelFinder, handle: string): Promise<readonly string[]> {
  const provider = findProvider(handle.slice(0, Math.max(0, handle.indexOf('/'))));
  if (!provider || typeof provider === 'string') return [];
  const [asked] = await askProviders(finder, provider);
  if (!asked || asked.problem !== null)
    return [`Whether it is there is not known: ${asked?.problem ?? `${provider.name} was not asked`}`];
  if (asked.offers.some((one) => one.id === handle.slice(handle.indexOf('/') + 1))) return [];
  return [`${provider.name} does not list it, though: farhand models ${provider.prefix} shows what it has.`];
}
