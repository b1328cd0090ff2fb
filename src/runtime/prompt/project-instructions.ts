import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { reasonOf } from '../tools/errno.ts';
import { contains } from '../tools/paths.ts';

/** In order of preference: the first that a folder has is its own. */
export const instructionNames = ['AGENTS.md', 'CLAUDE.md'] as const;
const longest = 32 * 1024;

export type Instructions = { readonly path: string; readonly text: string };

/** Files that tell an agent how to work, from the person's own to that of the working directory. `home`: Farhand's. */
export function projectInstructions(cwd: string, home: string): readonly Instructions[] {
  const own = readOne(join(home, 'AGENTS.md'), home);
  const root = repositoryOf(cwd);
  const found = (root === null ? [cwd] : foldersBetween(root, cwd)).flatMap((folder) => {
    for (const name of instructionNames) {
      const one = readOne(join(folder, name), root ?? cwd);
      if (one) return [one];
    }
    return [];
  });
  return own ? [own, ...found] : found;
}

/** The folder of the repository that a folder lies in; null where there is none. */
export function repositoryOf(cwd: string): string | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function foldersBetween(root: string, cwd: string): readonly string[] {
  const folders = [root];
  for (const part of relative(root, cwd).split('/').filter(Boolean))
    folders.push(join(folders.at(-1) ?? root, part));
  return folders;
}

/** [PROMPT-2] A link out of the project is not followed: it could show any file of the person to the model. */
function readOne(path: string, within: string): Instructions | null {
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) return null;
    const real = realpathSync(path);
    if (!contains(realpathSync(within), real) || !lstatSync(real).isFile()) return null;
    const text = readFileSync(real, 'utf8').trim();
    if (text === '') return null;
    return {
      path,
      text: text.length > longest ? `${text.slice(0, longest)}\n[cut: it goes on in ${path}]` : text,
    };
  } catch (error) {
    return { path, text: `[This file cannot be read: ${reasonOf(error)}]` };
  }
}
