import type { Reach } from '../../../../core/permission.ts';
import { has, type Options, options, parseOptions, reachOfOptions } from '../options.ts';
import { absolutes, reachOf, reachOfTree } from '../paths.ts';
import { type Field, field, namesOf, textOf } from '../pieces.ts';
import { type Shell, worse } from '../shell.ts';
import type { ShellPlace } from '../situation.ts';

type Editor = {
  readonly options: Options;
  /** What the operands are: all changed, or the last one, to which the others are copied or moved. */
  readonly operands: 'changed' | 'copied' | 'moved';
};

const copies =
  '-abfinpruvTZ -t> -S: --archive --backup? --force --interactive --no-clobber --preserve? --no-preserve: --recursive --update? --verbose ' +
  '--no-target-directory --target-directory> --suffix: --strip-trailing-slashes --parents --reflink? --sparse: --debug';

/** [PERM-4] Programs that create and change regular files and do nothing else, with those of their options that do so too. */
export const editors: ReadonlyMap<string, Editor> = new Map(
  Object.entries({
    cp: {
      options: options(`${copies} -dPRx --no-dereference --one-file-system --attributes-only`),
      operands: 'copied',
    },
    mkdir: { options: options('-pv -m: --parents --verbose --mode:'), operands: 'changed' },
    mv: { options: options(copies.replace('-abfinpruvTZ', '-bfinuvTZ')), operands: 'moved' },
    tee: { options: options('-aip --append --ignore-interrupts'), operands: 'changed' },
    touch: {
      options: options('-acfmh -d: -t: -r< --no-create --date: --time: --reference< --no-dereference'),
      operands: 'changed',
    },
  } as const satisfies Record<string, Editor>),
);

export function reachOfEditor(program: Editor, words: readonly Field[], shell: Shell): Reach {
  const parsed = parseOptions(words, program.options);
  let reach = reachOfOptions(parsed, shell);
  const worsen = (other: Reach) => {
    reach = worse(reach, other);
  };
  const folder = parsed.given.find(({ kind }) => kind === '>')?.value;
  const operands = [...parsed.operands];
  if (program.operands === 'changed') {
    for (const word of operands) worsen(reachOf('edit', word, shell));
    return reach;
  }
  const target = folder ?? operands.pop();
  if (!target || operands.length === 0) return 'execute';
  worsen(reachOf('edit', target, shell));
  const isMove = program.operands === 'moved';
  for (const word of operands) {
    const goesDown = isMove || has(parsed, '-r', '-R', '-a', '--recursive', '--archive');
    const all = goesDown ? reachOfTree(word, shell) : 'read-inside';
    const read = worse(reachOf(isMove ? 'edit' : 'read', word, shell), all);
    // Copying what is elsewhere brings it in: more than a look.
    worsen(read === 'read-outside' ? 'edit-outside' : read);
    if (folder || operands.length > 1 || mayBeFolder(target, shell)) worsen(reachWithin(target, word, shell));
    if (isMove || has(parsed, ...keepingLinks)) noteLinks(word, target, shell);
  }
  return reach;
}

const keepingLinks = ['-a', '-r', '-R', '-d', '-P', '--archive', '--recursive', '--no-dereference'];

const placesOf = (word: Field, shell: Shell): readonly (ShellPlace | null)[] => {
  const text = textOf(word);
  return (text === null ? null : absolutes(text, shell))?.map(shell.run.situation.place) ?? [null];
};

/** What is not there may have been made by a command before. */
const mayBeFolder = (target: Field, shell: Shell): boolean =>
  textOf(target)?.endsWith('/') ||
  placesOf(target, shell).some(
    (place) => place === null || place.kind === 'folder' || (place.kind === 'missing' && shell.run.touched),
  );

/** Of a folder with its links a copy, which is not there yet, may lead anywhere. */
function noteLinks(source: Field, target: Field, shell: Shell): void {
  if (placesOf(source, shell).every((place) => place?.kind === 'other')) return;
  for (const place of placesOf(target, shell)) if (place) shell.run.unsettled.push(place.real);
}

/** In a folder a copy keeps its name. */
function reachWithin(target: Field, source: Field, shell: Shell): Reach {
  const name =
    namesOf(source.pieces)
      .filter((each) => each.length > 0)
      .at(-1) ?? [];
  if (/(^|\/)\.\.?\/*$/.test(textOf(source) ?? '')) {
    // All that is in a folder, also what has a protected name.
    const { cwd, place } = shell.run.situation;
    const isHere = placesOf(target, shell).some((each) => each === null || each.real === place(cwd)?.real);
    return isHere ? 'edit-outside' : 'read-inside';
  }
  const isHidden = typeof name[0] === 'string' && name[0].startsWith('.');
  if (textOf(target) === null) return isHidden ? 'edit-outside' : 'read-inside';
  return reachOf('edit', field([...target.pieces, '/', ...name], { splits: source.splits }), shell);
}
