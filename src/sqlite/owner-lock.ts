import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { asStoreError, isBusy } from './failure.ts';
import { makePrivateFile } from './open.ts';

/** The right to run a home's conversations (HOME-1), or its broker. The kernel frees it when the process dies, however it dies. */
export type OwnerLock = { release(): void };
export type HomeOwned = { readonly code: 'home_owned'; readonly message: string };

/**
 * Milliseconds. Two processes that ask at the same moment each see the other's passing read lock; one of them gets
 * through when both keep trying for a moment.
 */
const patience = 50;

/**
 * Takes the home's lock or says that another process has it; `home` is made when missing. The file `<what>.lock` stays empty
 * and must not be opened by other means: closing any descriptor of it would drop the lock of this process.
 * @throws StoreError `store_unwritable`, `store_full` or `store_failed` when there can be no lock.
 */
export function acquireOwnerLock(home: string, what: 'owner' | 'broker' = 'owner'): OwnerLock | HomeOwned {
  const path = join(home, `${what}.lock`);
  makePrivateFile(path);
  let connection: DatabaseSync | null = null;
  try {
    connection = new DatabaseSync(path, { timeout: patience });
    // Nothing is ever written, so the journal need not be a file. Not a write-ahead log: EXCLUSIVE would let readers in.
    connection.exec('PRAGMA journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection?.close();
    if (!isBusy(error)) throw asStoreError(error, path);
    return { code: 'home_owned', message: `Another farhand process owns ${home}.` };
  }
  const held = connection;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}
