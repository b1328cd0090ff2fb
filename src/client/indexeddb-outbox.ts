import { type Outbox, type Outgoing, outgoingKey } from './outbox.ts';

type Told = ((event: never) => unknown) | null;
type Asked<T> = { readonly result: T; readonly error: unknown; onsuccess: Told; onerror: Told };
type Store = {
  put(value: unknown, key: string): Asked<unknown>;
  delete(key: string): Asked<unknown>;
  getAll(): Asked<unknown[]>;
};
type Transaction = {
  readonly error: unknown;
  objectStore(name: string): Store;
  oncomplete: Told;
  onabort: Told;
};
type Database = {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: 'readonly' | 'readwrite', options: { durability: 'strict' }): Transaction;
  close(): void;
  onversionchange: Told;
  onclose: Told;
};

/** What the outbox uses of a browser's `indexedDB`. */
export type IndexedDb = {
  open(name: string, version: number): Asked<Database> & { onupgradeneeded: Told };
};

type Kept = { readonly at: number; readonly outgoing: Outgoing };

const STORE = 'outgoing';

/**
 * An outbox in the browser's IndexedDB, shared by all pages of one origin. `put` resolves when the message would survive the end of the
 * browser. Everything rejects where there is no IndexedDB, as in some private windows.
 */
export function indexedDbOutbox(name = 'farhand-outbox', indexedDb = platformIndexedDb()): Outbox {
  let opening: Promise<Database> | null = null;
  let last = 0;

  async function inStore<T>(mode: 'readonly' | 'readwrite', ask: (store: Store) => Asked<T>): Promise<T> {
    opening ??= open(name, indexedDb, () => {
      opening = null;
    });
    const database = await opening;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const asked = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser gave up a transaction'));
    });
  }

  return {
    async put(outgoing) {
      // Two messages of the same millisecond keep their order.
      last = Math.max(last + 1, Date.now());
      const kept: Kept = { at: last, outgoing };
      await inStore('readwrite', (store) => store.put(kept, outgoingKey(outgoing)));
    },
    async remove(outgoing) {
      await inStore('readwrite', (store) => store.delete(outgoingKey(outgoing)));
    },
    async all() {
      const kept = (await inStore('readonly', (store) => store.getAll())) as Kept[];
      return kept.sort((one, other) => one.at - other.at).map(({ outgoing }) => outgoing);
    },
  };
}

function open(name: string, indexedDb: IndexedDb | undefined, gone: () => void): Promise<Database> {
  return new Promise<Database>((resolve, reject) => {
    if (!indexedDb) throw new Error('there is no IndexedDB here');
    const asked = indexedDb.open(name, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const database = asked.result;
      // Another page wants to change or delete it, or the browser has taken it away: the next use opens it again.
      database.onversionchange = () => {
        database.close();
        gone();
      };
      database.onclose = gone;
      resolve(database);
    };
  }).catch((error: unknown) => {
    gone();
    throw error;
  });
}

const platformIndexedDb = (): IndexedDb | undefined =>
  (globalThis as { readonly indexedDB?: IndexedDb }).indexedDB;
