import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Io } from '../program/io.ts';

/** By this line we know our own. */
const mark = '# Made by farhand shim install; farhand shim remove takes it away.';

export const shimPath = (dir: string | undefined, io: Io): string =>
  join(dir === undefined ? join(io.env.HOME || homedir(), '.local', 'bin') : resolve(io.cwd, dir), 'letta');

/** Writes the launcher, or renews one of ours. `home_unwritable` where the folder is, `input_invalid` where something else lies there. */
export async function installShim(
  path: string,
  launcher = process.argv[1] ?? 'farhand',
): Promise<{ path: string } | Failure> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const found = await ours(path);
    if (found === 'foreign') return foreign(path);
    await writeFile(path, script(launcher), { mode: 0o755, flag: found === 'ours' ? 'w' : 'wx' });
    return { path };
  } catch (error) {
    return unwritable(path, error);
  }
}

/** Null where there was none. */
export async function removeShim(path: string): Promise<{ path: string } | Failure | null> {
  try {
    const found = await ours(path);
    if (found === 'none') return null;
    if (found === 'foreign') return foreign(path);
    await rm(path);
    return { path };
  } catch (error) {
    return unwritable(path, error);
  }
}

/** A link is never ours: what it leads to is somebody else's. */
async function ours(path: string): Promise<'ours' | 'foreign' | 'none'> {
  const found = await lstat(path).catch(() => null);
  if (!found) return 'none';
  if (!found.isFile()) return 'foreign';
  return (await readFile(path, 'utf8')).includes(mark) ? 'ours' : 'foreign';
}

/** The node that runs this now: a `letta` called from a service may find another one, or none. */
const script = (launcher: string): string => `#!/bin/sh
${mark}
exec ${quoted(process.execPath)} ${quoted(launcher)} "$@"
`;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const foreign = (path: string): Failure =>
  failure(
    'input_invalid',
    `${path} is not a command that farhand has made, so it stays as it is. Move it away, or choose another folder with --dir.`,
  );

const unwritable = (path: string, error: unknown): Failure =>
  failure(
    'home_unwritable',
    `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}. Choose another folder with --dir.`,
  );
