import type { ArgsDef } from 'citty';
import { type Command, type Group, isGroup } from '../program/command.ts';
import { aliasesOf, takesValue } from '../program/read-args.ts';
import { type Entries, namesOf } from '../program/route.ts';

/** What may follow the words typed so far: `chat`, `approvals allow`; '' is the beginning. */
export type Word = { readonly word: string; readonly about: string };
export type Place = {
  readonly after: string;
  readonly words: readonly Word[];
  /** Values of flags that have a list of them. */
  readonly values: readonly { readonly flag: string; readonly values: readonly string[] }[];
  /** Flags whose value is anything, such as a folder. */
  readonly open: readonly string[];
};

/** Everything a shell can offer, from the definitions of the commands. */
export async function placesOf(entries: Entries): Promise<readonly Place[]> {
  const loaded = await Promise.all(
    Object.entries(entries).map(async ([name, entry]) => ({ name, entry, found: await entry.load() })),
  );
  const top: Place = {
    after: '',
    words: [
      ...loaded.flatMap(({ name, entry }) =>
        [name, ...(entry.aliases ?? [])].map((word) => ({ word, about: entry.about })),
      ),
      { word: 'help', about: 'Show help' },
      { word: '-p', about: 'Send one prompt, print the answer, end' },
      { word: '--version', about: 'Print the version' },
      { word: '--help', about: 'Show help' },
    ],
    values: [],
    open: [],
  };
  const below = loaded.flatMap(({ name, entry, found }) =>
    [name, ...(entry.aliases ?? [])].flatMap((word) => placesUnder(word, found)),
  );
  return [
    top,
    ...below,
    { ...top, after: 'help', words: namesOf(entries).map((word) => ({ word, about: '' })) },
  ];
}

function placesUnder(after: string, found: Command | Group): readonly Place[] {
  if (!isGroup(found)) return [{ after, ...flagsIn(found.args) }];
  const words = Object.entries(found.commands).map(([word, { about }]) => ({ word, about }));
  const below = Object.entries(found.commands).flatMap(([word, one]) => placesUnder(`${after} ${word}`, one));
  return [{ after, words, values: [], open: [] }, ...below];
}

function flagsIn(args: ArgsDef): Omit<Place, 'after'> {
  const flags = Object.entries(args).flatMap(([name, arg]) =>
    arg.type === 'positional'
      ? []
      : [name, ...aliasesOf(arg)].map((spelling) => ({
          flag: `${spelling.length === 1 ? '-' : '--'}${spelling}`,
          arg,
        })),
  );
  return {
    words: flags
      .filter(({ flag }) => flag.startsWith('--'))
      .map(({ flag, arg }) => ({ word: flag, about: arg.description ?? '' })),
    values: flags.flatMap(({ flag, arg }) =>
      arg.type === 'enum' ? [{ flag, values: arg.options ?? [] }] : [],
    ),
    open: flags.filter(({ arg }) => takesValue(arg) && arg.type !== 'enum').map(({ flag }) => flag),
  };
}
