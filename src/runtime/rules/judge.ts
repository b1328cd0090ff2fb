import type { Suggestion } from '../../core/facts.ts';
import { inEachMode, type Rulings, stricter } from '../../core/permission.ts';
import type { Deed } from '../tools/tool.ts';

/** What the rules of a device say of a call. */
export type Judgement = { readonly rulings: Rulings; readonly suggestions: readonly Suggestion[] };

export interface Rules {
  judge(tool: string, deeds: readonly Deed[], cwd: string): Judgement;
  /** Adds the rules that the person chose to remember. Idempotent. Throws where they cannot be kept. */
  remember(suggestion: Suggestion, cwd: string): void;
}

/** The worst of the deeds decides (PERM-2). */
export function worst(rulings: readonly Rulings[]): Rulings {
  return rulings.reduce((a, b) => inEachMode((column) => stricter(a[column], b[column])));
}
