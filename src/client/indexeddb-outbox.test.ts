import { describe, expect, it } from 'vitest';
import { type IndexedDb, indexedDbOutbox } from './indexeddb-outbox.ts';

type Told = ((event: never) => unknown) | null;
const tell = (handler: Told) => handler?.({} as never);

/** As little of IndexedDB as the outbox uses: requests that succeed later, and transactions that complete after them or abort. */
function smallIndexedDb() {
  const stores = new Map<string, Map<string, unknown>>();
  const databases: { onversionchange: Told; onclose: Told; closed: boolean }[] = [];
  const faults = { open: false, commit: false };

  function asked<T>(result: T) {
    return { result, error: null as unknown, onsuccess: null as Told, onerror: null as Told };
  }
  function database(name: string) {
    const one = {
      onversionchange: null as Told,
      onclose: null as Told,
      closed: false,
      createObjectStore: () => stores.set(name, new Map()),
      transaction() {
        if (one.closed) throw new Error('The database connection is closing.');
        const changes: (() => void)[] = [];
        const content = stores.get(name) ?? new Map<string, unknown>();
        const transaction = {
          error: null as unknown,
          oncomplete: null as Told,
          onabort: null as Told,
          objectStore: () => ({
            put: (value: unknown, key: string) => {
              const copy = structuredClone(value);
              changes.push(() => content.set(key, copy));
              return asked<unknown>(key);
            },
            delete: (key: string) => {
              changes.push(() => content.delete(key));
              return asked<unknown>(undefined);
            },
            getAll: () => asked<unknown[]>(structuredClone([...content.values()])),
          }),
        };
        setImmediate(() => {
          if (faults.commit) transaction.error = new Error('QuotaExceededError');
          else for (const change of changes) change();
          tell(faults.commit ? transaction.onabort : transaction.oncomplete);
        });
        return transaction;
      },
      close() {
        one.closed = true;
      },
    };
    databases.push(one);
    return one;
  }
  const indexedDb: IndexedDb = {
    open(name) {
      const request = { ...asked(database(name)), onupgradeneeded: null as Told };
      setImmediate(() => {
        if (faults.open) request.error = new Error('a private window');
        else if (!stores.has(name)) tell(request.onupgradeneeded);
        tell(faults.open ? request.onerror : request.onsuccess);
      });
      return request;
    },
  };
  return { indexedDb, databases, faults };
}

const outgoing = (id: string) => ({
  scope: { agent_id: 'agent-1', conversation_id: 'conv-1' },
  client_message_id: id,
  messages: [{ role: 'user', content: `hello ${id}`, client_message_id: id }],
});

describe('[IN-6] an outbox in IndexedDB', () => {
  it('keeps messages in their order until they are taken out, also for the next page', async () => {
    const { indexedDb } = smallIndexedDb();
    const outbox = indexedDbOutbox('box', indexedDb);
    for (const id of ['c', 'a', 'b']) await outbox.put(outgoing(id));
    await outbox.remove(outgoing('a'));
    const next = indexedDbOutbox('box', indexedDb);
    expect(await next.all()).toEqual([outgoing('c'), outgoing('b')]);
    expect(await indexedDbOutbox('other', indexedDb).all()).toEqual([]);
  });

  it('rejects what the browser did not commit, or where there is none', async () => {
    const { indexedDb, faults } = smallIndexedDb();
    const outbox = indexedDbOutbox('box', indexedDb);
    faults.open = true;
    await expect(outbox.put(outgoing('a'))).rejects.toThrow('a private window');
    faults.open = false;
    faults.commit = true;
    await expect(outbox.put(outgoing('a'))).rejects.toThrow('QuotaExceededError');
    faults.commit = false;
    expect(await outbox.all()).toEqual([]);
    await expect(indexedDbOutbox('box', undefined).all()).rejects.toThrow('there is no IndexedDB here');
  });

  it('makes way for another page that changes the database, and opens it again', async () => {
    const { indexedDb, databases } = smallIndexedDb();
    const outbox = indexedDbOutbox('box', indexedDb);
    await outbox.put(outgoing('a'));
    tell(databases[0]?.onversionchange ?? null);
    expect(databases[0]?.closed).toBe(true);
    expect(await outbox.all()).toEqual([outgoing('a')]);
    expect(databases).toHaveLength(2);
  });
});
