import { absolutes, isDevice } from '../paths.ts';
import { beginning, type Field, isUnknown, mayBeOption, textOf } from '../pieces.ts';
import type { Shell } from '../shell.ts';
import { isRoot } from './removal.ts';

type Grave = (words: readonly Field[], shell: Shell) => boolean;

const always: Grave = () => true;

/** A long option as GNU programs take it, also shortened to two letters. */
const isLong = (text: string, name: string): boolean =>
  /^--[a-z]{2}/.test(text) && `--${name}`.startsWith(text.replace(/=.*/s, ''));

/** Whether an option stands among the words, or a word that may be one. */
const mayHave = (words: readonly Field[], letters: string, ...names: readonly string[]): boolean =>
  words.some((word) => {
    const text = textOf(word);
    if (text === null) return word.splits || (mayBeOption(word) && !word.glob);
    return (
      names.some((name) => isLong(text, name)) ||
      (/^-[A-Za-z]/.test(text) && [...text.slice(1)].some((letter) => letters.includes(letter)))
    );
  });

const operandsOf = (words: readonly Field[]): readonly Field[] =>
  words.filter((word) => !beginning(word).startsWith('-') || word.splits);

/** Recursively or by force, of a root or of what cannot be known. */
const removes: Grave = (words, shell) =>
  mayHave(words, 'rRf', 'recursive', 'force') && operandsOf(words).some((word) => isRoot(word, shell));

const changesAll: Grave = (words, shell) =>
  mayHave(words, 'R', 'recursive') && operandsOf(words).some((word) => isRoot(word, shell));

const writesDevice: Grave = (words, shell) =>
  words.some((word) => {
    if (word.splits || !beginning(word).startsWith('of=')) return word.splits;
    const text = textOf(word);
    if (text === null) return true;
    const paths = absolutes(text.slice(3), shell) ?? [];
    return paths.some((path) => isDevice(path) || isDevice(shell.run.situation.place(path)?.real ?? path));
  });

/** Nobody writes more of them in front of a sub-command. */
const mostOptions = 50;

/**
 * Whether the sub-commands stand there, options and their values between them: whether an option has a value is not known, so the
 * word behind one is passed over as well as taken.
 */
export function hasWords(words: readonly Field[], wanted: readonly string[]): boolean {
  const [next, ...others] = wanted;
  if (next === undefined) return true;
  let mayBeValue = false;
  for (const [n, word] of words.entries()) {
    const text = textOf(word);
    if (n > mostOptions) return true;
    if (text?.startsWith('-')) {
      mayBeValue = text !== '--' && !text.includes('=');
      continue;
    }
    if (text?.startsWith('+')) continue;
    if ((text === null || text === next) && hasWords(words.slice(n + 1), others)) return true;
    if (!mayBeValue) return false;
    mayBeValue = false;
  }
  return false;
}

const says = (...commands: readonly string[]): Grave => {
  const all = commands.map((command) => command.split(' '));
  return (words) => all.some((wanted) => hasWords(words, wanted));
};

const saysWith =
  (command: string, option: RegExp): Grave =>
  (words) =>
    hasWords(words, command.split(' ')) &&
    words.some((word) => word.splits || option.test(textOf(word) ?? ''));

const either =
  (...graves: readonly Grave[]): Grave =>
  (words, shell) =>
    graves.some((grave) => grave(words, shell));

/** After the signal, a process whose number is -1 is all of them. */
const killsAll: Grave = (words) => {
  const texts = words.map(textOf);
  const isSignal = /^-/.test(texts[0] ?? '') && texts[0] !== '--';
  const skipped = isSignal ? (/^-[sn]$|^--signal$/.test(texts[0] ?? '') ? 2 : 1) : 0;
  const mayBeAll = (word: Field) =>
    textOf(word) === '-1' ||
    (isUnknown(word) && !word.pieces.some((piece) => typeof piece !== 'string' && piece.wild === 'number'));
  return words.slice(skipped).some(mayBeAll);
};

const dropping = /\b(drop\s+(database|table|schema)|truncate)\b/i;

const dropsTables: Grave = (words) =>
  words.some((word, n) => {
    const text = textOf(word);
    const before = textOf(words[n - 1] ?? word) ?? '';
    return text === null
      ? word.splits || /^(-\w*[ce]|--command|--execute)$/.test(before)
      : dropping.test(text);
  });

/** npm takes the beginning of a name for the name. */
const publishes = says('publish', 'npm publish', 'pub', 'publ', 'publi', 'publis');

/** The levels at which a machine stops or begins anew. */
const stopsMachine = says('0', '6');

/** [PERM-4] What cannot be undone, by program; git has a table of its own. */
const graves: Readonly<Record<string, Grave>> = {
  rm: removes,
  chmod: changesAll,
  chown: changesAll,
  chgrp: changesAll,
  dd: writesDevice,
  wipefs: always,
  fdisk: always,
  sfdisk: always,
  cfdisk: always,
  gdisk: always,
  sgdisk: always,
  parted: always,
  blkdiscard: always,
  shred: always,
  npm: publishes,
  pnpm: publishes,
  yarn: publishes,
  bun: publishes,
  cargo: publishes,
  gem: says('push'),
  twine: says('upload'),
  docker: says('push', 'image push'),
  podman: says('push', 'image push'),
  gh: says('release create', 'repo delete'),
  shutdown: always,
  reboot: always,
  halt: always,
  poweroff: always,
  init: stopsMachine,
  telinit: stopsMachine,
  truncate: (words, shell) =>
    words.some((word) => absolutes(textOf(word) ?? '', shell)?.some((path) => isDevice(path))),
  dropdb: always,
  systemctl: says('reboot', 'poweroff', 'halt', 'kexec'),
  kill: killsAll,
  killall: (words) => mayHave(words, 'u', 'user'),
  pkill: (words) => mayHave(words, 'u', 'euid'),
  crontab: (words) => mayHave(words, 'r'),
  terraform: either(says('destroy'), saysWith('apply', /^--?(auto-approve|destroy)/)),
  tofu: either(says('destroy'), saysWith('apply', /^--?(auto-approve|destroy)/)),
  kubectl: says('delete'),
  helm: says('uninstall', 'delete'),
  aws: either(saysWith('s3 rm', /^--recursive$/), saysWith('s3 rb', /^--force$/)),
  psql: dropsTables,
  mysql: dropsTables,
  mariadb: dropsTables,
  sqlite3: dropsTables,
};

/** `program`: its name without a folder, in lower case. */
export function isGrave(program: string, words: readonly Field[], shell: Shell): boolean {
  if (program.startsWith('mkfs')) return true;
  return Object.hasOwn(graves, program) && (graves[program]?.(words, shell) ?? false);
}

export const isGraveName = (program: string): boolean =>
  program.startsWith('mkfs') || Object.hasOwn(graves, program);

/** What decides for the person, or changes what is allowed: nobody's to run from inside of a tool. */
const decisions = [
  'approvals allow',
  'approvals deny',
  'rules add',
  'rules rm',
  'rules remove',
  'rules trust',
  'tokens',
  'connect',
  'disconnect',
  'models use',
  'serve',
  'remote',
  'server',
  'app-server',
  'chat',
].map((command) => command.split(' '));

export const decidesForPerson = (words: readonly Field[]): boolean =>
  decisions.some((wanted) => hasWords(words, wanted)) ||
  words.some((word) => isLong(textOf(word) ?? '', 'mode'));
