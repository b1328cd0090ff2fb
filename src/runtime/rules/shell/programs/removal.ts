import { absolutes, normal } from '../paths.ts';
import {
  anything,
  type Field,
  literal,
  mayBeName,
  namesOf,
  type Piece,
  someNumber,
  textOf,
} from '../pieces.ts';
import type { Run, Shell } from '../shell.ts';
import { othersHome } from '../words.ts';

type Names = readonly (readonly Piece[])[];

const found = new WeakMap<Run, readonly string[]>();

/** The home and working folders with all above them, and the repository. */
function rootsOf({ run }: Shell): readonly string[] {
  const known = found.get(run);
  if (known) return known;
  const { home, cwd, place } = run.situation;
  const here = place(cwd)?.real ?? cwd;
  const above = (path: string) =>
    path.split('/').map((_, n, names) => names.slice(0, n + 1).join('/') || '/');
  const roots = [...new Set([...above(home), ...above(cwd), ...above(here), `${here}/.git`])];
  found.set(run, roots);
  return roots;
}

const isRepository = (path: string): boolean => /\/\.git(\/|$)/i.test(path);

/** Also every folder right below `/`. Upper and lower case are the same. */
const isRootPath = (path: string, roots: readonly string[]): boolean =>
  /^\/[^/]*$/.test(path) ||
  isRepository(path) ||
  roots.some((root) => root.toLowerCase() === path.toLowerCase());

const join = (folder: string, name: string): string => `${folder === '/' ? '' : folder}/${name}`;

/** [PERM-4] Whether a word that names what is removed, or changed as a whole, may name a root, or cannot be known. */
export function isRoot(word: Field, shell: Shell): boolean {
  const text = textOf(word);
  if (text === '') return false;
  const isUnknown = word.splits || word.pieces.includes(anything) || word.pieces.includes(someNumber);
  if (isUnknown || text?.startsWith(othersHome)) return true;
  const roots = rootsOf(shell);
  const names = namesOf(word.pieces);
  const last = names.at(-1) ?? [];
  const folder = literal(
    names
      .slice(0, -1)
      .flatMap((name) => [...name, '/'])
      .concat('.'),
  );
  if (folder === null) return mayPassToRoot(names, roots, shell);
  const real = (path: string) =>
    (absolutes(path, shell) ?? []).map((each) => shell.run.situation.place(each)?.real);
  if (!word.pieces[0]?.toString().startsWith('/') && !shell.state.cwd) return true;
  if (text !== null && (last.length === 0 || /(^|\/)\.\.?$/.test(text)))
    return real(text).some((path) => path === undefined || isRootPath(path, roots));
  // A link as the last name is removed itself.
  return real(folder).some((path) => {
    if (path === undefined) return true;
    return text === null
      ? mayFindRoot(path, last, roots)
      : isRootPath(join(path, literal(last) ?? ''), roots);
  });
}

/** What a pattern finds in a folder. */
function mayFindRoot(folder: string, last: readonly Piece[], roots: readonly string[]): boolean {
  const isAny = last.every((piece) => typeof piece !== 'string' || piece === '.');
  const parent = folder.slice(0, folder.lastIndexOf('/')) || '/';
  return (
    folder === '/' ||
    isRepository(folder) ||
    (isAny && isRootPath(folder, roots)) ||
    (mayBeName(last, '..') && isRootPath(parent, roots)) ||
    roots.some(
      (root) =>
        root === join(folder, root.slice(root.lastIndexOf('/') + 1)) &&
        mayBeName(last, root.slice(root.lastIndexOf('/') + 1)),
    )
  );
}

/** A pattern before the last name. */
function mayPassToRoot(names: Names, roots: readonly string[], shell: Shell): boolean {
  const firstWild = names.findIndex((name) => literal(name) === null && name.length > 0);
  if (names.slice(firstWild).some((name) => literal(name) === '..')) return true;
  if (!shell.state.cwd) return true;
  const isAbsolute = (names[0] ?? []).length === 0;
  return shell.state.cwd.some((folder) => {
    const all = normal(isAbsolute ? names : [...namesOf([folder]), ...names]);
    return roots.some((root) => {
      const wanted = root.split('/').filter((name) => name !== '');
      return wanted.length === all.length && wanted.every((name, n) => mayBeName(all[n] ?? [], name));
    });
  });
}
