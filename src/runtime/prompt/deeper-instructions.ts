import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { instructionNames } from './project-instructions.ts';

const mostFolders = 500;
const mostFiles = 20;
const keptMs = 60_000;
/** Folders that hold what others wrote, or what was made. */
const passedOver = new Set([
  'node_modules',
  'vendor',
  'target',
  'dist',
  'build',
  'out',
  'venv',
  '__pycache__',
]);

/** Finds instruction files below a working directory, and looks again after a minute. `now`: milliseconds. */
export function deeperInstructions(now: () => number): (cwd: string) => Promise<readonly string[]> {
  const known = new Map<string, { readonly at: number; readonly found: Promise<readonly string[]> }>();
  return (cwd) => {
    const before = known.get(cwd);
    if (before && now() - before.at < keptMs) return before.found;
    const found = search(cwd);
    known.set(cwd, { at: now(), found });
    return found;
  };
}

/** Breadth first, so that of a huge tree the parts near the top are found. Links are not followed. */
async function search(cwd: string): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [cwd];
  for (let n = 0; n < waiting.length && n < mostFolders && found.length < mostFiles; n += 1) {
    const folder = waiting[n] ?? cwd;
    // A folder that cannot be listed has nothing to tell; whoever works in it will be told why.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const mine = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const name = instructionNames.find((one) => mine.includes(one));
    const path = relative(cwd, join(folder, name ?? ''));
    if (folder !== cwd && name && !/[\p{Cc}\p{Cf}]/u.test(path)) found.push(path);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      if (entry.isDirectory() && !entry.name.startsWith('.') && !passedOver.has(entry.name))
        waiting.push(join(folder, entry.name));
  }
  return found;
}
