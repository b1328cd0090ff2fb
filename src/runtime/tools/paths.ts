import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isProtected, isSecret } from '../rules/protected.ts';
import { codeOf, reasonOf } from './errno.ts';
import type { Problem, ToolContext } from './tool.ts';

/** Where a path that a model wrote leads. */
export type Place = {
  /** Absolute, with every symbolic link followed, also a dangling one; the only path that tools touch. */
  readonly real: string;
  /** Whether `real` lies in the working directory. */
  readonly inside: boolean;
  /** Whether it lies there at what lets others run code later (PERM-3). */
  readonly guarded: boolean;
  /** Whether `real` is the plan that is being made, which belongs to the conversation. */
  readonly plan: boolean;
  /** For texts: relative to the working directory where it was asked for below it, else absolute. */
  readonly shown: string;
};

export const isProblem = (value: object): value is Problem => 'problem' in value;

const maxLinks = 40;

type Around = Pick<ToolContext, 'cwd' | 'denied' | 'env'> &
  Partial<Pick<ToolContext, 'readable' | 'planFile'>>;

/**
 * Resolves an absolute, `~` or cwd-relative path. A problem when it leads nowhere or into a denied folder, of which some parts may be
 * read, and the plan that is being made may be changed.
 */
export async function locate(
  asked: string,
  context: Around,
  use: 'read' | 'change' = 'change',
): Promise<Place | Problem> {
  if (asked.includes('\0'))
    return { problem: 'The path contains a NUL character. Send the path without it.' };
  const path = resolve(context.cwd, expandHome(asked, context.env.HOME));
  try {
    const real = await follow(path);
    const plan = context.planFile != null && real === (await follow(context.planFile));
    const open = plan || (use === 'read' && (await isBelow(context.readable ?? [], real)));
    if (!open && (await deniedFolders(context)).some((folder) => contains(folder, real)))
      return { problem: `${asked} is in a folder that tools may not touch. Use a path outside of it.` };
    const shown = contains(context.cwd, path) ? relative(context.cwd, path) || '.' : path;
    const cwd = await follow(context.cwd);
    return {
      real,
      inside: contains(cwd, real) && !isSecret(cwd, real),
      guarded: isProtected(cwd, real),
      plan,
      shown,
    };
  } catch (error) {
    return { problem: `The path ${asked} cannot be used: ${reasonOf(error)}.` };
  }
}

/** The denied folders, symbolic links followed; our own /proc entry would show the unscrubbed environment. */
export async function deniedFolders(
  context: Pick<ToolContext, 'cwd' | 'denied'>,
): Promise<readonly string[]> {
  const folders = context.denied.map((folder) => follow(resolve(context.cwd, folder)));
  return [...(await Promise.all(folders)), `/proc/${process.pid}`];
}

/** Whether `path` is `folder` or lies below it; both absolute. */
export function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Whether a path, links followed, lies in one of the folders. */
export async function isBelow(folders: readonly string[], real: string): Promise<boolean> {
  const followed = await Promise.all(folders.map((folder) => follow(folder)));
  return followed.some((folder) => contains(folder, real));
}

function expandHome(path: string, home: string | undefined): string {
  return home !== undefined && (path === '~' || path.startsWith('~/')) ? join(home, path.slice(1)) : path;
}

/** `realpath` that also answers for what does not exist yet: through its nearest existing ancestor. */
async function follow(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || links > maxLinks) throw error;
  }
  const parent = dirname(path) === path ? path : await follow(dirname(path), links);
  const here = join(parent, basename(path));
  const target = await linkTarget(here);
  return target === null ? here : follow(resolve(parent, target), links + 1);
}

async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (['ENOENT', 'EINVAL', 'UNKNOWN'].includes(codeOf(error))) return null;
    throw error;
  }
}
