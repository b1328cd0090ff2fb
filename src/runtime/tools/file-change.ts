import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileMark } from '../../core/facts.ts';
import { failure, prepared, success } from './define.ts';
import { codeOf, reasonOf } from './errno.ts';
import type { Place } from './paths.ts';
import type { Prepared, Problem, ToolContext } from './tool.ts';

/** A change of one file that is worked out and not made. */
export type FileChange = {
  readonly place: Place;
  /** Null when there is no file yet. */
  readonly before: Buffer | null;
  readonly after: Buffer;
  /** What to tell the model once it is made. */
  readonly done: string;
};

const largest = 16 * 1024 * 1024;

/** The content of a regular file; null when nothing is there. */
export async function contentOf(place: Place): Promise<Buffer | Problem | null> {
  try {
    const found = await stat(place.real);
    if (found.isDirectory()) return { problem: `${place.shown} is a folder. Give the path of a file.` };
    if (!found.isFile()) return { problem: `${place.shown} is not a regular file, so it is left alone.` };
    if (found.size > largest)
      return {
        problem: `${place.shown} has ${found.size} bytes, more than ${largest}. Use a Bash command for it.`,
      };
    return await readFile(place.real);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    return { problem: `${place.shown} cannot be read: ${reasonOf(error)}.` };
  }
}

/** Carries the mark by which looking at the file settles a lost call (TOOL-4). */
export function prepareChange(change: FileChange, context: ToolContext): Prepared {
  const { place, before, after } = change;
  const mark: FileMark = {
    path: place.real,
    before: before && sha256(before),
    after: sha256(after),
  };
  const work = async (signal: AbortSignal) => {
    if ((await hashOf(place.real)) !== mark.before)
      return failure(
        `${place.shown} has changed since this call was made ready. Nothing was written; read it again.`,
      );
    signal.throwIfAborted();
    await replaceFile(place.real, after, context.callId);
    return { ...success(change.done), wrote: [{ path: place.real, content: after.toString('utf8') }] };
  };
  return { mark, ...prepared(`Writing ${place.shown}`, work) };
}

/** Settles a lost call: `done` had its effect, `absent` had none, `unknown` cannot be told (TOOL-4). */
export async function lookAt(mark: FileMark): Promise<'done' | 'absent' | 'unknown'> {
  try {
    const now = await hashOf(mark.path);
    if (now === mark.after) return 'done';
    return now === mark.before ? 'absent' : 'unknown';
  } catch {
    // What cannot be read cannot be told; the caller reports that.
    return 'unknown';
  }
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}

/** All or nothing, also when the power fails; keeps mode and, where the system lets us, the owner. */
async function replaceFile(path: string, content: Buffer, callId: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  // Named after the call, so that running it again after a crash clears what the first run left.
  const temporary = join(folder, `.farhand-${sha256(Buffer.from(callId)).slice(0, 16)}.tmp`);
  await rm(temporary, { force: true });
  const old = await statOrNull(path);
  try {
    const file = await open(temporary, 'wx', old ? old.mode & 0o777 : 0o666);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (old) {
      if (process.getuid?.() === 0) await chown(temporary, old.uid, old.gid);
      await chmod(temporary, old.mode & 0o7777);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the rename itself durable; Windows cannot open folders. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
