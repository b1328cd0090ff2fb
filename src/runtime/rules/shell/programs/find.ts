import type { Reach } from '../../../../core/permission.ts';
import { reachOf } from '../paths.ts';
import { beginning, type Field, mayBeOption, plainField, textOf } from '../pieces.ts';
import { type Shell, worse } from '../shell.ts';

const without = new Set(
  '( ) ! , -a -and -o -or -not -print -print0 -ls -prune -quit -depth -d -mount -xdev -noleaf -daystart -empty -true -false -readable -writable -executable -nouser -nogroup -noignore_readdir_race -ignore_readdir_race -warn -nowarn -follow'.split(
    ' ',
  ),
);
const withText = new Set(
  '-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -type -xtype -maxdepth -mindepth -mtime -atime -ctime -mmin -amin -cmin -size -perm -user -group -uid -gid -links -inum -used -fstype -printf -lname -ilname -newermt -newerct'.split(
    ' ',
  ),
);
const withPath = new Set(['-newer', '-anewer', '-cnewer', '-samefile']);
const running = new Set(['-exec', '-execdir', '-ok', '-okdir']);

export type Find = {
  readonly reach: Reach;
  /** The folders it begins at. */
  readonly roots: readonly Field[];
  /** The commands it runs for what it finds. */
  readonly commands: readonly (readonly Field[])[];
  readonly deletes: boolean;
};

const isEnd = (word: Field | undefined): boolean => word !== undefined && /^[;+]$/.test(textOf(word) ?? '');

export function readFind(words: readonly Field[], shell: Shell): Find {
  let reach: Reach = 'read-inside';
  const worsen = (other: Reach) => {
    reach = worse(reach, other);
  };
  const roots: Field[] = [];
  const commands: (readonly Field[])[] = [];
  let deletes = false;
  let at = 0;
  for (; /^-([HLP]|O\d)$/.test(beginning(words[at] ?? plainField(''))); at++)
    if (/^-[HL]$/.test(textOf(words[at] ?? plainField('')) ?? '')) worsen('read-outside');
  for (; at < words.length; at++) {
    const word = words[at];
    if (!word || (textOf(word) !== null && /^[-(!,]/.test(beginning(word)))) break;
    if (mayBeOption(word)) worsen('execute');
    roots.push(word);
  }
  for (; at < words.length; at++) {
    const text = textOf(words[at] ?? plainField(''));
    if (text === '-delete') deletes = true;
    if (text !== null && running.has(text)) {
      const start = at + 1;
      while (at < words.length && !isEnd(words[at])) at += 1;
      commands.push(words.slice(start, at));
      worsen('execute');
    } else if (text !== null && withText.has(text)) {
      const value = words[++at];
      if (!value || textOf(value) === null) worsen('execute');
    } else if (text !== null && (withPath.has(text) || /^-newer[aBcm][aBcm]$/.test(text))) {
      worsen(reachOf('read', words[++at] ?? plainField(''), shell));
    } else if (text === '-follow') worsen('read-outside');
    else if (text === null || !without.has(text)) worsen('execute');
  }
  const all = roots.length > 0 ? roots : [plainField('.')];
  for (const root of all) worsen(reachOf('read', root, shell));
  return { reach, roots: all, commands, deletes };
}
