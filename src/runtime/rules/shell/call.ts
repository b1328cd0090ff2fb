import type { Field } from './pieces.ts';
import type { Shell } from './shell.ts';
import type { State } from './state.ts';

/** One simple command that is judged. */
export type Call = {
  /** Its words, the name first. */
  readonly words: readonly Field[];
  readonly shell: Shell;
  /** For the person. */
  readonly subject: string;
  /** What it is given to read, where that is known. */
  readonly input: Field | null;
  /** Names that functions are not looked up by: behind `command`, or another program. */
  readonly skipsFunctions: boolean;
};

/** What holds if the command fails, where that is another state; `ends`: nothing follows. */
export type Outcome = { readonly failed?: State; readonly ends?: boolean };

export const done: Outcome = {};
