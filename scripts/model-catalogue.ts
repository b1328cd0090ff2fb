// Writes what is known of each provider's models, from the development package that collects it. With --check it writes nothing and fails
// when the file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { providers } from '../src/runtime/models/providers.ts';

type Source = {
  readonly id: string;
  readonly reasoning: boolean;
  readonly input: readonly string[];
  readonly cost: Readonly<Record<'input' | 'output' | 'cacheRead' | 'cacheWrite', number>>;
  readonly contextWindow: number;
  readonly maxTokens: number;
};

export const catalogueFile = new URL('../src/runtime/models/catalogue/models.json', import.meta.url);

/** The text of the file; null where the package is not installed. */
export async function catalogueText(): Promise<string | null> {
  // The package exports no path to its list.
  const path = new URL('../node_modules/@earendil-works/pi-ai/dist/models.generated.js', import.meta.url)
    .href;
  const source: { MODELS: Readonly<Record<string, Readonly<Record<string, Source>>>> } | null = await import(
    path
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  });
  if (source === null) return null;
  const lines = providers.flatMap(({ prefix, catalogue = prefix }) =>
    Object.values(source.MODELS[catalogue] ?? {})
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map((model) => `  ${JSON.stringify(`${prefix}/${model.id}`)}: ${JSON.stringify(factsText(model))}`),
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** `window output [input output cache-read cache-write] flags`: tokens, dollars for a million tokens, `r` reasons, `i` sees images. */
function factsText({ contextWindow, maxTokens, cost, reasoning, input, id }: Source): string {
  const { input: read, output, cacheRead, cacheWrite } = cost;
  // Where nobody knows the price it stands there as nothing at all, or below.
  const isFree = read === 0 && output === 0 && /[:-]free$/.test(id);
  const isKnown = isFree || (read >= 0 && output > 0);
  const price = isKnown ? [read, output, cacheRead, cacheWrite].join(' ') : '? ? ? ?';
  const flags = `${reasoning ? 'r' : ''}${input.includes('image') ? 'i' : ''}` || '-';
  return `${contextWindow} ${maxTokens} ${price} ${flags}`;
}

if (import.meta.main) {
  const text = await catalogueText();
  if (text === null) {
    console.error('The package @earendil-works/pi-ai is not installed. Run: npm install');
    process.exitCode = 1;
  } else if (!process.argv.includes('--check')) {
    writeFileSync(catalogueFile, text);
  } else if (text !== readFileSync(catalogueFile, 'utf8')) {
    console.error('The model catalogue is out of date. Run: node scripts/model-catalogue.ts');
    process.exitCode = 1;
  }
}
