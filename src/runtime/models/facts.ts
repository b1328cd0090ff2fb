import { providers } from './providers.ts';
import type { ModelFacts } from './wires.ts';

type Catalogue = Readonly<Record<string, string>>;

/** Of a model that nobody knows. */
export const unknownFacts: ModelFacts = {
  window: null,
  maxOutput: null,
  price: null,
  reasoning: false,
  images: false,
};

let loading: Promise<Catalogue> | undefined;

/** Not before it is asked: most of what farhand does needs no list of models. */
const load = (): Promise<Catalogue> => {
  loading ??= import('./catalogue/models.json', { with: { type: 'json' } }).then(({ default: all }) => all);
  return loading;
};

/**
 * What is known of a model without asking anybody. One that is not listed is taken for the one whose name it carries besides a date or
 * `:latest`; elsewhere than at its maker's, where prices differ, for the maker's without its price.
 */
export async function factsOf(prefix: string, modelId: string): Promise<ModelFacts> {
  const catalogue = await load();
  const own = find(catalogue, prefix, modelId);
  if (own !== undefined) return read(own);
  const [, last = modelId] = /([^/]+)$/.exec(modelId) ?? [];
  for (const { prefix: maker } of providers) {
    const found = find(catalogue, maker, last) ?? find(catalogue, maker, dashed(last));
    if (found !== undefined) return { ...read(found), price: null };
  }
  return unknownFacts;
}

/** Every model of the catalogue, by handle. */
export async function catalogueHandles(): Promise<readonly string[]> {
  return Object.keys(await load());
}

function find(catalogue: Catalogue, prefix: string, id: string): string | undefined {
  for (const one of [id, ...plainer(id)]) {
    const handle = `${prefix}/${one}`;
    if (Object.hasOwn(catalogue, handle)) return catalogue[handle];
  }
  return undefined;
}

/** `gpt-5-2025-08-07`, `claude-opus-5@20260101`, `llama3.1:latest`, without what comes after the name. */
function plainer(id: string): readonly string[] {
  const untagged = id.replace(/:[\w.-]+$/, '');
  const undated = untagged.replace(/[-@](\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  return [untagged, undated].filter((one, n, all) => one !== id && all.indexOf(one) === n);
}

/** `claude-sonnet-4.5` and `claude-sonnet-4-5` are one. */
const dashed = (id: string): string => id.replace(/(\d)\.(\d)/g, '$1-$2');

/** A line of the catalogue: see `scripts/model-catalogue.ts`, which writes them. */
function read(line: string): ModelFacts {
  const [window, maxOutput, input, output, cacheRead, cacheWrite, flags = ''] = line.split(' ');
  const price = {
    input: Number(input),
    output: Number(output),
    ...(Number(cacheRead) > 0 && { cacheRead: Number(cacheRead) }),
    ...(Number(cacheWrite) > 0 && { cacheWrite: Number(cacheWrite) }),
  };
  return {
    window: Number(window),
    maxOutput: Number(maxOutput),
    price: input === '?' ? null : price,
    reasoning: flags.includes('r'),
    images: flags.includes('i'),
  };
}
