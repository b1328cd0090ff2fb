import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outbox, type Outgoing, outgoingKey } from '../client/outbox.ts';

type Kept = { readonly v: 1; readonly at: number; readonly outgoing: Outgoing };

/**
 * An outbox in a folder of its own, one file per message, for this user alone. `put` resolves when the message would survive a loss of
 * power. Several processes may use the same folder. It rejects with what the disk said, or with the name of a file that is no message.
 */
export function fileOutbox(folder: string): Outbox {
  let last = 0;
  const fileOf = (key: Pick<Outgoing, 'scope' | 'client_message_id'>): string =>
    join(folder, `${createHash('sha256').update(outgoingKey(key)).digest('hex').slice(0, 40)}.json`);

  return {
    async put(outgoing) {
      // Two messages of the same millisecond keep their order.
      last = Math.max(last + 1, Date.now());
      const kept: Kept = { v: 1, at: last, outgoing };
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeDurably(folder, fileOf(outgoing), JSON.stringify(kept));
    },
    async remove(outgoing) {
      // Its return after a crash would only send a message again that is known there already.
      await unlink(fileOf(outgoing)).catch(unlessMissing);
    },
    async all() {
      const names = (await readdir(folder).catch(unlessMissing)) ?? [];
      const kept = await Promise.all(
        names.filter((name) => name.endsWith('.json')).map((name) => read(join(folder, name))),
      );
      return kept
        .filter((one) => one !== null)
        .sort((one, other) => one.at - other.at)
        .map(({ outgoing }) => outgoing);
    },
  };
}

/** The file is either not there or whole, whenever the machine stops. */
async function writeDurably(folder: string, path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  // Windows has no folders that can be flushed, and needs none.
  if (process.platform === 'win32') return;
  const names = await open(folder, 'r');
  try {
    await names.sync();
  } finally {
    await names.close();
  }
}

/** Null: another process has taken it out meanwhile. */
async function read(path: string): Promise<Kept | null> {
  const text = await readFile(path, 'utf8').catch(unlessMissing);
  if (text === undefined) return null;
  const kept = parsed(text);
  if (kept) return kept;
  throw new Error(`${path} is no message of an outbox. Move it away to send the others.`);
}

function parsed(text: string): Kept | null {
  try {
    const value = JSON.parse(text) as Partial<Kept> | null;
    const { outgoing, at } = value ?? {};
    const isMessage = typeof outgoing?.client_message_id === 'string' && Array.isArray(outgoing.messages);
    return isMessage && typeof at === 'number' ? { v: 1, at, outgoing } : null;
  } catch {
    return null;
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
