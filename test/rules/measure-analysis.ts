import { analyse } from '../../src/runtime/rules/shell/analyse.ts';
import { corpus } from './corpus.ts';
import { corpusSituation } from './corpus-situation.ts';

/** Microseconds that the analysis of a command of the corpus takes, places looked up anew for each; the mean of `rounds`, after a warm-up. */
export function measureAnalysis(rounds = 10): number {
  const once = () => {
    for (const { command } of corpus) analyse(command, corpusSituation());
  };
  once();
  const begin = performance.now();
  for (let n = 0; n < rounds; n++) once();
  return ((performance.now() - begin) * 1_000) / rounds / corpus.length;
}
