import { absolutes } from '../paths.ts';
import { type Field, isUnknown, textOf } from '../pieces.ts';
import type { Shell } from '../shell.ts';

/** A long option, also shortened, as git takes it. */
const isLong = (text: string, ...names: readonly string[]): boolean => {
  const [, said] = /^--([a-z-]+)/.exec(text) ?? [];
  return said !== undefined && names.some((name) => name.startsWith(said));
};

/** A short option, alone or among others. */
const isShort = (text: string, letters: string): boolean =>
  /^-[A-Za-z]+/.test(text) && [...text.slice(1)].some((letter) => letters.includes(letter));

type Grave = (word: string, words: readonly string[], shell: Shell) => boolean;

const never: Grave = () => false;

/** The commands of git that throw work away, by what one of their words says. */
const graves: Readonly<Record<string, { readonly word: Grave; readonly unknown: boolean }>> = {
  push: {
    word: (word) =>
      isLong(word, 'force', 'force-with-lease', 'mirror', 'delete', 'prune') ||
      isShort(word, 'fd') ||
      /^(\+|:.)/.test(word),
    unknown: true,
  },
  reset: { word: (word) => isLong(word, 'hard'), unknown: true },
  clean: { word: (word) => isLong(word, 'force') || isShort(word, 'f'), unknown: true },
  checkout: {
    word: (word, words, shell) =>
      word === '--' ||
      isLong(word, 'force', 'pathspec-from-file') ||
      isShort(word, 'f') ||
      /^(\.{1,2}\/?|:.*|.*[*?[].*)$/.test(word) ||
      (!words.some((each) => /^-[bB]/.test(each)) && isThere(word, shell)),
    unknown: true,
  },
  switch: { word: (word) => isLong(word, 'force', 'discard-changes') || isShort(word, 'f'), unknown: true },
  restore: {
    word: (word, words) =>
      !word.startsWith('-') &&
      (!words.some((each) => isLong(each, 'staged') || isShort(each, 'S')) ||
        words.some((each) => isLong(each, 'worktree') || isShort(each, 'W'))),
    unknown: true,
  },
  stash: { word: (word) => word === 'drop' || word === 'clear', unknown: true },
  branch: {
    word: (word, words) =>
      isShort(word, 'D') ||
      ((isLong(word, 'force') || isShort(word, 'f')) &&
        words.some((each) => isLong(each, 'delete') || isShort(each, 'd'))),
    unknown: true,
  },
  reflog: { word: (word) => word === 'expire' || word === 'delete', unknown: true },
  gc: { word: (word) => isLong(word, 'prune') && !word.endsWith('=never'), unknown: true },
  prune: { word: never, unknown: false },
  'update-ref': { word: (word) => isShort(word, 'd') || isLong(word, 'stdin', 'delete'), unknown: true },
  'filter-branch': { word: () => true, unknown: true },
  'filter-repo': { word: () => true, unknown: true },
};

function isThere(word: string, shell: Shell): boolean {
  if (word.startsWith('-') || word === '') return false;
  return (absolutes(word, shell) ?? []).some((path) => {
    const place = shell.run.situation.place(path);
    return place !== null && place.kind !== 'missing';
  });
}

/** [PERM-4] Whether a command of git cannot be undone, or may be one that cannot. */
export function isGitGrave(
  {
    name,
    words,
    settings,
  }: {
    readonly name: string | null;
    readonly words: readonly Field[];
    readonly settings: readonly (string | null)[];
  },
  shell: Shell,
): boolean {
  if (name === null) return true;
  const grave = Object.hasOwn(graves, name) ? graves[name] : undefined;
  if (!grave) return false;
  if (
    name === 'clean' &&
    settings.some((setting) => /^clean\.requireforce/i.test(setting ?? 'clean.requireforce'))
  )
    return true;
  if (words.some((word) => isUnknown(word) || word.glob)) return grave.unknown;
  const texts = words.flatMap((word) => textOf(word) ?? []);
  return texts.some((text) => grave.word(text, texts, shell));
}
