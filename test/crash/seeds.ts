/** The seeds of a test file, or only those that `FARHAND_SEED` names, with commas between. */
export type Seeds = { readonly seeds: readonly number[]; readonly all: boolean };

export function seedsFrom(first: number, count: number): Seeds {
  const chosen = process.env.FARHAND_SEED;
  if (chosen === undefined || chosen === '')
    return { seeds: Array.from({ length: count }, (_, n) => first + n), all: true };
  const seeds = chosen.split(',').map(Number);
  if (seeds.every(Number.isSafeInteger)) return { seeds, all: false };
  throw new Error(`FARHAND_SEED is a number, or several with commas between, not ${JSON.stringify(chosen)}.`);
}

/** What is shown with a failure. */
export const replayOf = (seed: number, file: string, trace: readonly string[]): string =>
  `seed ${seed}. Once more: FARHAND_SEED=${seed} npx vitest run --config vitest.crash.config.ts test/crash/${file}\n${trace.join('\n')}\n`;
