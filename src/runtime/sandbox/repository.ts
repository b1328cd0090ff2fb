import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '../tools/errno.ts';

/** The git folders that work in a directory writes to, and what in them makes git run programs. */
export type Repository = { readonly folders: readonly string[]; readonly guarded: readonly string[] };

const none: Repository = { folders: [], guarded: [] };

/**
 * Looks from `cwd` upwards, but not to `home`, which may be a repository of settings. Only folders that a confined command
 * could not have named are taken: a real `.git`, or one whose entry for this worktree leads back here.
 */
export function repositoryOf(cwd: string, home: string): Repository {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const place = join(folder, '.git');
    const kind = lstatSync(place, { throwIfNoEntry: false });
    if (kind?.isDirectory()) return guarding(place, []);
    if (kind?.isFile()) return worktree(place);
    if (kind || folder === dirname(folder) || dirname(folder) === home) return none;
  }
}

function worktree(place: string): Repository {
  const named = /^gitdir: (.+)$/m.exec(readFileSync(place, 'utf8'))?.[1]?.trim();
  if (named === undefined) return none;
  const own = resolve(dirname(place), named);
  if (basename(dirname(own)) !== 'worktrees') return none;
  try {
    const back = readFileSync(join(own, 'gitdir'), 'utf8').trim();
    if (realpathSync(resolve(own, back)) !== realpathSync(place)) return none;
    return guarding(dirname(dirname(realpathSync(own))), [join(own, 'config.worktree')]);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) return none;
    throw error;
  }
}

function guarding(git: string, more: readonly string[]): Repository {
  makeHooks(git);
  const modules = foldersIn(join(git, 'modules')).map((name) => join(git, 'modules', name));
  const guarded = [git, ...modules].flatMap((folder) =>
    ['hooks', 'config', 'config.worktree'].map((name) => join(folder, name)),
  );
  return { folders: [git], guarded: [...guarded, ...more] };
}

/** What is not there cannot be guarded, and a command could make it. */
function makeHooks(git: string): void {
  try {
    mkdirSync(join(git, 'hooks'));
  } catch (error) {
    if (!['EEXIST', 'EACCES', 'EROFS'].includes(codeOf(error))) throw error;
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) return [];
    throw error;
  }
}
