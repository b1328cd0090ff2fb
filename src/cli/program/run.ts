import type { ArgsDef } from 'citty';
import { version } from '../version.ts';
import { type Command, type Example, type Group, isGroup } from './command.ts';
import { commandHelp, groupHelp, mainHelp } from './help.ts';
import { type Io, outStyle, say } from './io.ts';
import { conclude, isProblem, type Misuse, misuse, type Outcome } from './outcome.ts';
import { type Entries, entryName, firstWord, namesOf, routeOf, unknownCommand } from './route.ts';

export type Program = {
  readonly entries: Entries;
  /** Flags that may stand before a command's name. */
  readonly leading: ArgsDef;
  readonly examples: readonly Example[];
};

/** Does what a command line says and returns the exit code. */
export async function runProgram(argv: readonly string[], program: Program, io: Io): Promise<number> {
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
  return conclude(await outcomeOf(argv, program, io), io, json);
}

async function outcomeOf(argv: readonly string[], program: Program, io: Io): Promise<Outcome> {
  const { entries, leading } = program;
  const route = routeOf(argv, entries, leading);
  if (isProblem(route)) return route;
  if (route.to === 'version') return done(io, version);
  if (route.to === 'help') return help(route.words, program, io);
  const entry = entries[route.name];
  if (!entry) return misuse(unknownCommand(route.name, namesOf(entries)));
  const chosen = choose(route.name, await entry.load(), route.args);
  if (isProblem(chosen)) return chosen;
  if ('help' in chosen) return done(io, chosen.help(io));
  const outcome = await chosen.command.run(chosen.args, io);
  const misused = isProblem(outcome) && outcome.code === 'usage';
  return misused ? misuse(`${outcome.message}\nfarhand ${chosen.name} --help says more.`) : outcome;
}

type Chosen =
  | { readonly name: string; readonly command: Command; readonly args: readonly string[] }
  | { readonly help: (io: Io) => string };

function choose(name: string, found: Command | Group, args: readonly string[]): Chosen | Misuse {
  const wantsHelp = args.includes('--help') || args.includes('-h');
  if (!isGroup(found)) {
    return wantsHelp
      ? { help: (io) => commandHelp(name, found, outStyle(io)) }
      : { name, command: found, args };
  }
  const every = Object.assign({}, ...Object.values(found.commands).map((one) => one.args)) as ArgsDef;
  const at = firstWord(args, every);
  const word = at === null ? found.standard : (args[at] ?? null);
  if (at === null && wantsHelp) return { help: (io) => groupHelp(name, found, outStyle(io)) };
  const command = word === null ? undefined : wordOf(found.commands, word);
  const standard = found.standard === null ? undefined : wordOf(found.commands, found.standard);
  // A word that names no command is meant for the one that needs no naming, where that takes words.
  if (word !== null && !command && standard && takesWords(standard)) return choose(name, standard, args);
  if (word === null)
    return misuse(`farhand ${name} needs one of: ${Object.keys(found.commands).join(', ')}.`);
  if (!command) return misuse(unknownCommand(word, Object.keys(found.commands), `farhand ${name}`));
  const rest = at === null ? args : [...args.slice(0, at), ...args.slice(at + 1)];
  return choose(`${name} ${word}`, command, rest);
}

const wordOf = (commands: Group['commands'], word: string): Command | undefined =>
  Object.hasOwn(commands, word) ? commands[word] : undefined;

const takesWords = ({ args }: Command): boolean =>
  Object.values(args).some(({ type }) => type === 'positional');

async function help(words: readonly string[], program: Program, io: Io): Promise<Outcome> {
  const { entries, examples } = program;
  const [word, ...rest] = words;
  if (word === undefined) return done(io, mainHelp(entries, examples, outStyle(io)));
  const name = entryName(word, entries);
  const found = name === null ? undefined : await entries[name]?.load();
  if (name === null || !found) return misuse(unknownCommand(word, namesOf(entries)));
  const chosen = choose(name, found, [...rest, '--help']);
  if (isProblem(chosen)) return chosen;
  return 'help' in chosen ? done(io, chosen.help(io)) : 0;
}

function done(io: Io, text: string): Outcome {
  say(io, text);
  return 0;
}
