import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where a path leads; of what does not exist, or cannot be looked at, as far as it can be told. */
export const realPath = (path: string): string => follow(path, new Map());

/** The same for many paths at one moment, whose folders are looked at once. */
export function realPaths(): (path: string) => string {
  const known = new Map<string, string>();
  return (path) => follow(path, known);
}

function follow(path: string, known: Map<string, string>): string {
  const before = known.get(path);
  if (before !== undefined) return before;
  const parent = dirname(path);
  const real = isThere(path) ? asSystem(path) : null;
  const found = real ?? (parent === path ? path : join(follow(parent, known), basename(path)));
  known.set(path, found);
  return found;
}

/** An error costs a hundred times what an answer does, so it is asked for first. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function asSystem(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    // A link to nowhere, or a folder that may not be looked into.
    return null;
  }
}
