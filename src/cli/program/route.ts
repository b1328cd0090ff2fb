import type { ArgsDef } from 'citty';
import { nearest } from '../../protocol/nearest.ts';
import type { Entry } from './command.ts';
import { type Misuse, misuse } from './outcome.ts';
import { flagsOf, takesValue } from './read-args.ts';

export type Entries = Readonly<Record<string, Entry>>;

export type Route =
  | { readonly to: 'version' }
  | { readonly to: 'help'; readonly words: readonly string[] }
  | { readonly to: 'command'; readonly name: string; readonly args: readonly string[] };

/** Flags may stand before a command's name, as in `farhand --backend local server`; they are read as if they stood after it. */
export function routeOf(argv: readonly string[], entries: Entries, leading: ArgsDef): Route | Misuse {
  const at = firstWord(argv, leading);
  const word = at === null ? undefined : argv[at];
  const flags = argv.slice(0, endOfFlags(argv));
  const prints = flags.includes('-p') || flags.includes('--print');
  if (at === null || word === undefined) {
    if (prints) return { to: 'command', name: 'print', args: argv };
    if (argv[0] === '--version' || argv[0] === '-v') return { to: 'version' };
    if (flags.includes('--help') || flags.includes('-h')) return { to: 'help', words: [] };
    return { to: 'command', name: 'chat', args: argv };
  }
  if (word === 'help') return { to: 'help', words: argv.slice(at + 1).filter((one) => !one.startsWith('-')) };
  const name = entryName(word, entries);
  if (name !== null) return { to: 'command', name, args: [...argv.slice(0, at), ...argv.slice(at + 1)] };
  if (prints) return { to: 'command', name: 'print', args: argv };
  return misuse(unknownCommand(word, namesOf(entries)));
}

/** The name under which a command or an alias of it stands in the table; null for any other word. */
export function entryName(word: string, entries: Entries): string | null {
  if (Object.hasOwn(entries, word)) return word;
  return Object.keys(entries).find((name) => entries[name]?.aliases?.includes(word)) ?? null;
}

export const namesOf = (entries: Entries): readonly string[] =>
  Object.entries(entries).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);

export function unknownCommand(word: string, names: readonly string[], under = 'farhand'): string {
  if (/\s/.test(word)) return `To send a prompt from the command line: farhand -p "<prompt>".`;
  const meant = nearest(word, names);
  const advice = meant ? `Did you mean "${meant}"?` : `See "${under} --help" for those there are.`;
  return `"${under} ${word}" is no command. ${advice}`;
}

/** Where the first word stands that is neither a flag nor a flag's value. */
export function firstWord(argv: readonly string[], def: ArgsDef): number | null {
  const flags = flagsOf(def);
  for (let at = 0; at < endOfFlags(argv); at++) {
    const arg = argv[at] ?? '';
    if (!arg.startsWith('-') || arg === '-') return at;
    const flag = flags.get(arg.replace(/^--?/, ''));
    if (flag && takesValue(flag.def)) at++;
  }
  return null;
}

function endOfFlags(argv: readonly string[]): number {
  const end = argv.indexOf('--');
  return end < 0 ? argv.length : end;
}
