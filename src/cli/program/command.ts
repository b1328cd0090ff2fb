import type { ArgsDef, ParsedArgs } from 'citty';
import type { Io } from './io.ts';
import { isProblem, type Outcome } from './outcome.ts';
import { readArgs } from './read-args.ts';

/** A command line as one would type it, and what it is good for. */
export type Example = readonly [line: string, what: string];

/** One command, complete enough that its parsing, its help and its completions follow from it. */
export type Command = {
  /** One sentence without a full stop. */
  readonly about: string;
  readonly details?: string;
  readonly args: ArgsDef;
  readonly examples: readonly Example[];
  run(raw: readonly string[], io: Io): Promise<Outcome>;
};

type Definition<A extends ArgsDef> = Omit<Command, 'args' | 'run'> & {
  readonly args: A;
  run(args: ParsedArgs<A>, io: Io): Promise<Outcome>;
};

/** A command whose `run` gets its arguments checked. */
export const command = <const A extends ArgsDef>(definition: Definition<A>): Command => ({
  ...definition,
  async run(raw, io) {
    const args = readArgs(definition.args, raw);
    return isProblem(args) ? args : definition.run(args, io);
  },
});

/** Commands under one name; `standard` is run when none of them is named. */
export type Group = {
  readonly about: string;
  readonly commands: Readonly<Record<string, Command>>;
  readonly standard: string | null;
  readonly examples: readonly Example[];
};

/** A top-level command that is loaded when it is needed. */
export type Entry = {
  readonly about: string;
  readonly aliases?: readonly string[];
  load(): Promise<Command | Group>;
};

export const isGroup = (one: Command | Group): one is Group => 'commands' in one;

/** Every command knows these. `backend`: other programs of this protocol have several. */
export const commonArgs = {
  backend: { type: 'enum', options: ['local'], description: 'Where agents live; this build has only local' },
  help: { type: 'boolean', alias: 'h', description: 'Show this help' },
} as const satisfies ArgsDef;

export const jsonArg = {
  json: { type: 'boolean', description: 'Print one JSON document instead of text' },
} as const satisfies ArgsDef;
