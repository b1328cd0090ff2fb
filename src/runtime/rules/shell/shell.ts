import type { ParsedScript } from 'unbash';
import { type Reach, reaches } from '../../../core/permission.ts';
import type { Deed, Match } from '../../tools/tool.ts';
import type { Situation } from './situation.ts';
import type { Body, State } from './state.ts';

const rank = Object.fromEntries(reaches.map((reach, n) => [reach, n])) as Readonly<Record<Reach, number>>;

export const worse = (a: Reach, b: Reach): Reach => (rank[b] > rank[a] ? b : a);
export const isAtLeast = (a: Reach, b: Reach): boolean => rank[a] >= rank[b];

/** Of what is shown of a command. */
const longest = 2_000;

/** Thrown where looking on would take too long; whoever began the analysis judges the rest by its text. */
export class TooMuch extends Error {
  readonly what: 'depth' | 'commands' | 'text' | 'braces';

  constructor(what: TooMuch['what']) {
    super(what);
    this.what = what;
  }
}

/** One analysis, from the text to its deeds. */
export class Run {
  readonly situation: Situation;
  readonly #deeds = new Map<string, Deed>();
  /** Something was changed or run before: what was there may be gone. */
  touched = false;
  /** Folders in which there will be links that are not there yet. */
  readonly unsettled: string[] = [];
  /** How often something was run that is not understood. */
  executions = 0;
  /** Many deeds have one subject, which may be long. */
  #shown = { text: '', subject: '' };
  #commands: number;
  #characters: number;
  readonly #walk: (script: ParsedScript, shell: Shell) => void;

  constructor(situation: Situation, size: number, walk: (script: ParsedScript, shell: Shell) => void) {
    this.situation = situation;
    this.#walk = walk;
    this.#commands = 10_000;
    this.#characters = 3 * size + 20_000;
  }

  get deeds(): readonly Deed[] {
    return [...this.#deeds.values()];
  }

  add(reach: Reach, text: string, match: Match | null = null): void {
    if (text !== this.#shown.text) this.#shown = { text, subject: shown(text) };
    const { subject } = this.#shown;
    if (isAtLeast(reach, 'edit-outside') || reach === 'edit-inside') this.touched = true;
    if (isAtLeast(reach, 'execute')) this.executions += 1;
    const said = match?.kind === 'command' ? match.words.map((word) => JSON.stringify(word)).join(' ') : '';
    const key = `${reach} ${match?.kind} ${subject} ${said}`;
    if (!this.#deeds.has(key)) this.#deeds.set(key, { reach, subject, match });
  }

  /** A file that a command names. */
  witness(path: string, subject: string, use: 'read' | 'edit', sure: boolean): void {
    const key = `witness ${use} ${sure} ${path}`;
    const witness = { use, sure };
    if (!this.#deeds.has(key))
      this.#deeds.set(key, {
        reach: 'internal',
        subject: shown(subject),
        match: { kind: 'path', path },
        witness,
      });
  }

  /** Counts a command, long ones for more. Throws when there were too many, as loops within loops may make. */
  spend(cost: number): void {
    this.#commands -= cost;
    if (this.#commands < 0) throw new TooMuch('commands');
  }

  /** Counts text that is parsed again. */
  spendText(length: number): void {
    this.#characters -= length;
    if (this.#characters < 0) throw new TooMuch('text');
  }

  walk(script: ParsedScript, shell: Shell): void {
    this.#walk(script, shell);
  }
}

/** A shell at work. Its state is replaced as its script goes on. */
export type Shell = {
  readonly run: Run;
  state: State;
  /** The text that positions of nodes count in. */
  readonly source: string;
  /** How many shells and scripts are around it. */
  readonly depth: number;
  /** No command in it reaches less far. */
  readonly floor: Reach;
  /** The functions that are being called. */
  readonly calls: readonly Body[];
  /** It may not be bash, and read some of its text otherwise. */
  readonly posix: boolean;
  /** Variables of the function that is being called; null outside of functions. */
  readonly locals: Set<string> | null;
  /** It runs beside another, within a function. */
  readonly spawned: boolean;
  /** States with which a loop is left early. */
  readonly left: State[];
  /** The same of a function. */
  readonly returned: State[];
};

const deepest = 60;

/** Another shell that begins as this one is. Throws when they are too deep in each other. */
export function fork(shell: Shell, marks: Partial<Shell> = {}): Shell {
  if (shell.depth >= deepest) throw new TooMuch('depth');
  return { ...shell, depth: shell.depth + 1, ...marks };
}

export const deed = (shell: Shell, reach: Reach, subject: string, match: Match | null = null): void =>
  shell.run.add(worse(reach, shell.floor), subject, match);

/** As people read it: on one line, with nothing in it that is not seen. */
function shown(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
