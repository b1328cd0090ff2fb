import { type StoreCode, StoreError } from './store-error.ts';

/** Whatever went wrong with the file at `path`, as a `StoreError`; the original is its `cause`. */
export function asStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = sqliteCode(error) ?? fileCode(error) ?? 'store_failed';
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreError({ code, message: `${explain(code, path)} (${detail})` }, error);
}

/** True when another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === 5;
}

// Result codes: https://sqlite.org/rescode.html. The low byte is the primary code.
const sqliteCodes: ReadonlyMap<number, StoreCode> = new Map([
  [3, 'store_unwritable'], // PERM
  [8, 'store_unwritable'], // READONLY
  [11, 'store_corrupt'], // CORRUPT
  [13, 'store_full'], // FULL
  [14, 'store_unwritable'], // CANTOPEN
  [26, 'store_corrupt'], // NOTADB
]);

const fileCodes: ReadonlyMap<string, StoreCode> = new Map([
  ['EACCES', 'store_unwritable'],
  ['EEXIST', 'store_unwritable'],
  ['EISDIR', 'store_unwritable'],
  ['ENOENT', 'store_unwritable'],
  ['ENOTDIR', 'store_unwritable'],
  ['EPERM', 'store_unwritable'],
  ['EROFS', 'store_unwritable'],
  ['EDQUOT', 'store_full'],
  ['ENOSPC', 'store_full'],
]);

function primaryCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null;
}

function sqliteCode(error: unknown): StoreCode | null {
  const primary = primaryCode(error);
  return primary === null ? null : (sqliteCodes.get(primary) ?? 'store_failed');
}

function fileCode(error: unknown): StoreCode | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? (fileCodes.get(error.code) ?? null) : null;
}

function explain(code: StoreCode, path: string): string {
  switch (code) {
    case 'store_full':
      return `No space is left for ${path}. Nothing of this change was written. Free some space on that disk, then try again`;
    case 'store_corrupt':
      return (
        `${path} is damaged or is no database of this program. It was left as it is. Stop every farhand that uses it, ` +
        `then move it away together with ${path}-wal and ${path}-shm, or put a backup of all three in their place; ` +
        'without a backup the next start begins with an empty store'
      );
    case 'store_unwritable':
      return `${path} cannot be opened for writing. Make its folder and the file writable for this user, or choose another home`;
    default:
      return `Writing or reading ${path} failed. Nothing of this change was written; see the reason and try again`;
  }
}
