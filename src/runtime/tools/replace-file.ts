import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, chown, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from './errno.ts';

/**
 * All or nothing, also when the power fails; keeps mode and owner. A file of somebody else, whom only root could give a new one, is
 * written in its place instead. `like`: the file whose mode a new one gets.
 */
export async function replaceFile(path: string, content: Buffer, callId: string, like = path): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const old = await statOrNull(path);
  // A rename would go round the protection of a file that nobody may write.
  if (old) await access(path, constants.W_OK);
  const uid = process.getuid?.();
  if (old && uid !== undefined && uid !== 0 && old.uid !== uid) return overwrite(path, content);
  // Named after the call, so that running it again after a crash clears what the first run left.
  const temporary = join(
    folder,
    `.farhand-${createHash('sha256').update(callId).digest('hex').slice(0, 16)}.tmp`,
  );
  await rm(temporary, { force: true });
  const model = old ?? (await statOrNull(like));
  try {
    const file = await open(temporary, 'wx', model ? model.mode & 0o777 : 0o666);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (model) {
      if (uid === 0) await chown(temporary, model.uid, model.gid);
      await chmod(temporary, model.mode & 0o7777);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

export async function removeFile(path: string): Promise<void> {
  await unlink(path);
  await syncFolder(dirname(path));
}

async function overwrite(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(0);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
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
