import { parseArgs as tokenize } from 'node:util';
import { type ArgDef, type ArgsDef, type ParsedArgs, parseArgs } from 'citty';
import { nearest } from '../../protocol/nearest.ts';
import { type Misuse, misuse } from './outcome.ts';

/**
 * A command's arguments. citty forgives unknown flags, missing values and left-over words, which in a tool that runs commands would
 * mean doing something else than was asked; so they are looked for first.
 */
export function readArgs<A extends ArgsDef>(def: A, raw: readonly string[]): ParsedArgs<A> | Misuse {
  const problem = firstProblem(def, raw);
  return problem === null ? parseArgs<A>([...raw], def) : misuse(problem);
}

/** What `--name` and `-n` mean. */
export function flagsOf(def: ArgsDef): ReadonlyMap<string, { readonly name: string; readonly def: ArgDef }> {
  const flags = new Map<string, { name: string; def: ArgDef }>();
  for (const [name, one] of Object.entries(def)) {
    if (one.type === 'positional') continue;
    for (const spelling of [name, ...aliasesOf(one)]) flags.set(spelling, { name, def: one });
  }
  return flags;
}

export const aliasesOf = (arg: ArgDef): readonly string[] =>
  'alias' in arg && arg.alias !== undefined ? [arg.alias].flat() : [];

export const takesValue = (def: ArgDef): boolean => def.type === 'string' || def.type === 'enum';

function firstProblem(def: ArgsDef, raw: readonly string[]): string | null {
  const flags = flagsOf(def);
  const options = Object.fromEntries(
    [...flags].map(([spelling, { def: one }]) => {
      const type = takesValue(one) ? ('string' as const) : ('boolean' as const);
      return [spelling, spelling.length === 1 ? { type, short: spelling } : { type }];
    }),
  );
  const { tokens } = tokenize({
    args: [...raw],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags.get(token.name);
    const problem = flag ? valueProblem(flag.def, token) : unknownFlag(token.rawName, [...flags.keys()]);
    if (problem !== null) return problem;
  }
  return wordsProblem(def, words);
}

type OptionToken = {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
};

function valueProblem(def: ArgDef, { rawName, value, inlineValue }: OptionToken): string | null {
  if (!takesValue(def)) return inlineValue ? `${rawName} takes no value; write it alone.` : null;
  const looksLikeFlag = !inlineValue && value?.startsWith('-') && value.length > 1;
  if (value === undefined || value === '' || looksLikeFlag)
    return `${rawName} needs a value${def.type === 'enum' ? `: ${def.options?.join(', ')}` : ''}. Write ${rawName}=<value>.`;
  if (def.type === 'enum' && !def.options?.includes(value))
    return `${rawName} cannot be "${value}". It is one of: ${def.options?.join(', ')}.`;
  return null;
}

function unknownFlag(rawName: string, known: readonly string[]): string {
  const long = known.filter((name) => name.length > 1);
  const meant = nearest(rawName.replace(/^-+/, ''), long);
  const advice = meant
    ? `Did you mean --${meant}?`
    : 'See --help for those there are; text that begins with "-" goes after "--".';
  return `There is no flag ${rawName} here. ${advice}`;
}

function wordsProblem(def: ArgsDef, words: readonly string[]): string | null {
  const places = Object.entries(def).filter(([, one]) => one.type === 'positional');
  const missing = places.slice(words.length).find(([, one]) => one.required !== false);
  if (missing) return `<${missing[0]}> is missing: ${missing[1].description}.`;
  const extra = words[places.length];
  if (extra === undefined) return null;
  return places.length > 0
    ? `"${extra}" is one word too many. Text of several words goes in quotes.`
    : `"${extra}" is not expected here: this command takes no words of its own.`;
}
