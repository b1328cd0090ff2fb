import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { DeviceView } from '../core/messages.ts';

const timeoutMs = 20_000;

export type Branch = { readonly name: string; readonly is_current: boolean; readonly is_remote: boolean };

/** Every branch of the repository around `cwd`, remote ones too; a text says why there are none. */
export async function listBranches(cwd: string): Promise<readonly Branch[] | string> {
  const format = '--format=%(refname)\t%(HEAD)';
  const listed = await git(cwd, ['branch', '--all', format]);
  if (!listed.ok) return `The branches of ${cwd} cannot be listed: ${listed.said}`;
  return listed.said.split('\n').flatMap((line) => {
    const [, where, name, head] = /^refs\/(heads|remotes)\/(.+)\t(.)$/.exec(line) ?? [];
    return name === undefined || name.endsWith('/HEAD')
      ? []
      : [{ name, is_current: head === '*', is_remote: where === 'remotes' }];
  });
}

/** Switches the repository around `cwd` to a branch, or to a new one. Null when done, else why not. */
export async function checkOut(
  cwd: string,
  branch: string,
  { create = false }: { readonly create?: boolean } = {},
): Promise<string | null> {
  if (branch.startsWith('-')) return `${branch} is not the name of a branch.`;
  const done = await git(cwd, create ? ['checkout', '-b', branch, '--'] : ['checkout', branch, '--']);
  if (!done.ok) return `The branch ${branch} was not checked out in ${cwd}: ${done.said}`;
  seen.delete(cwd);
  return null;
}

/** What git wrote, or what it said instead. */
async function git(
  cwd: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly said: string }> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', cwd, ...args], { timeout: timeoutMs });
    return { ok: true, said: stdout };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return { ok: false, said: said || String(error) };
  }
}

type GitContext = DeviceView['git_context'];

const keptMs = 15_000;
const branchesShown = 10;
const seen = new Map<string, { readonly at: number; readonly context: GitContext }>();

/** Branch and recent branches of the repository around `cwd`, read from its files; null outside of one. */
export function gitContext(cwd: string, now: number): GitContext {
  const known = seen.get(cwd);
  if (known && now - known.at < keptMs) return known.context;
  const context = read(cwd);
  seen.set(cwd, { at: now, context });
  return context;
}

function read(cwd: string): GitContext {
  const folder = gitFolder(cwd);
  if (folder === null) return null;
  const head = text(join(folder, 'HEAD'));
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head?.trim() ?? '')?.[1] ?? null;
  const heads = join(folder, 'refs', 'heads');
  const recent = branches(heads)
    .filter(({ name }) => name !== branch)
    .sort((a, b) => b.at - a.at);
  return { branch, recent_branches: recent.slice(0, branchesShown).map(({ name }) => name) };
}

function gitFolder(cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const place = join(folder, '.git');
    const kind = statSync(place, { throwIfNoEntry: false });
    if (kind?.isDirectory()) return place;
    // A worktree has a file that names the folder.
    if (kind?.isFile()) return /^gitdir: (.+)$/m.exec(text(place) ?? '')?.[1]?.trim() ?? null;
    if (folder === dirname(folder)) return null;
  }
}

function branches(heads: string): { readonly name: string; readonly at: number }[] {
  try {
    const entries = readdirSync(heads, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return { name: path.slice(heads.length + 1), at: statSync(path).mtimeMs };
      });
  } catch {
    // Packed refs or a folder that is gone: the branch alone is told.
    return [];
  }
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
