import { randomUUID } from 'node:crypto';
import { asStoreError } from '../sqlite/failure.ts';
import { leaseLost, placesOf } from './home.ts';
import { machineFingerprint } from './machine.ts';
import {
  commitOne,
  create,
  feed,
  keyOf,
  known,
  load,
  type MemoryHome,
  memoryHome,
  page,
  takeLease,
  trimOnce,
} from './memory-home.ts';
import {
  type AgentRecord,
  type ScopeId,
  type Store,
  type StoreCode,
  StoreError,
  type StoreOptions,
} from './store.ts';
import { parseStored, readFact } from './stored-text.ts';

export type MemoryStore = Store & {
  /** The next `commit` changes nothing and throws this. */
  failNextCommit(code: StoreCode): void;
};

/** A store for tests: the contract of `openStore`, with nothing on disk. */
export function openMemoryStore(options: StoreOptions & { readonly home?: MemoryHome }): MemoryStore {
  const { applyVersion, home = memoryHome(), random = randomUUID } = options;
  takeLease(home, options.machine ?? machineFingerprint(), random);
  const { homeId, deviceId, feedId, lease } = home;
  const place = placesOf(lease);
  let failure: StoreCode | null = null;
  let open = true;

  const read = <Result>(work: () => Result): Result => {
    try {
      if (!open) throw new Error('the store is closed');
      return work();
    } catch (error) {
      throw asStoreError(error, 'the store in memory');
    }
  };
  const write = <Result>(work: (draft: MemoryHome) => Result): Result =>
    read(() => {
      if (home.lease !== lease) throw leaseLost(lease, home.lease);
      const draft = {
        ...home,
        conversations: new Map(home.conversations),
        agents: new Map(home.agents),
        tombstones: new Set(home.tombstones),
        meta: new Map(home.meta),
        consumed: new Map(home.consumed),
      };
      const result = work(draft);
      Object.assign(home, draft);
      return result;
    });
  const find = (scope: ScopeId) => read(() => home.conversations.get(keyOf(scope)) ?? null);

  return {
    homeId,
    deviceId,
    feedId,
    lease,
    failNextCommit(code) {
      failure = code;
    },
    commit: (batch) =>
      write((draft) => {
        const code = failure;
        failure = null;
        if (code)
          throw new StoreError({ code, message: 'Nothing was written: a test wants this commit to fail.' });
        return batch.map((commit) => commitOne(draft, commit, applyVersion, place));
      }),

    createConversation: (scope, at) => write((draft) => create(draft, scope, at, random())),
    load(scope) {
      const found = find(scope);
      return found && read(() => load(found, applyVersion));
    },
    history: (scope, after = 0) =>
      read(() =>
        (find(scope)?.facts ?? [])
          .filter((fact) => fact.history && fact.n > after)
          .map(({ n, text }) => ({ n, fact: readFact(text) })),
      ),
    input: (scope, key) => find(scope)?.inputs.get(key) ?? null,
    conversations: (agentId) =>
      read(() =>
        [...home.conversations.values()]
          .reverse()
          .map(({ record }) => record)
          .filter((record) => agentId === undefined || record.agent_id === agentId)
          .sort((a, b) => b.updated_at - a.updated_at),
      ),
    conversation: (scope) => find(scope)?.record ?? null,
    findConversation: (conversationId) =>
      read(() => {
        const all = [...home.conversations.values()].map(({ record }) => record);
        const [only, other] = all.filter((record) => record.conversation_id === conversationId);
        return only && !other ? only : null;
      }),
    updateConversation: (scope, patch, at) =>
      write((draft) => {
        const found = known(draft, scope);
        const { summary = found.record.summary, archived = found.record.archived } = patch;
        const record = { ...found.record, summary, archived, updated_at: at };
        draft.conversations.set(keyOf(scope), { ...found, record });
      }),
    unfinished: () =>
      read(() =>
        [...home.conversations.values()]
          .filter(({ busy }) => busy)
          .map(({ record: { agent_id, conversation_id } }) => ({ agent_id, conversation_id })),
      ),

    agents: () =>
      read(() =>
        [...home.agents.values()]
          .map((text) => parseStored<AgentRecord>(text))
          .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1)),
      ),
    agent(id) {
      const text = read(() => home.agents.get(id));
      return text === undefined ? null : parseStored<AgentRecord>(text);
    },
    putAgent: (agent) => write((draft) => void draft.agents.set(agent.id, JSON.stringify(agent))),
    deleteAgent: (id) =>
      write((draft) => {
        draft.agents.delete(id);
        for (const [key, { record }] of home.conversations) {
          if (record.agent_id !== id) continue;
          draft.conversations.delete(key);
          draft.tombstones.add(key);
        }
      }),
    deleted: (scope) => read(() => home.tombstones.has(keyOf(scope))),

    head(scope) {
      const record = find(scope)?.record;
      return record ? { log_id: record.log_id, event_seq: record.head } : null;
    },
    read: (scope, after, maxBytes) => page(find(scope), after, maxBytes),

    feed: (after, maxBytes) => read(() => feed(home, after, maxBytes)),
    feedHead: () => read(() => home.feedHead),
    consumed: (inboxId, from) =>
      read(() => (home.consumed.get(inboxId) ?? []).filter((position) => position >= from)),
    forgetConsumed: (inboxId, below) =>
      write((draft) => {
        const left = (draft.consumed.get(inboxId) ?? []).filter((position) => position >= below);
        draft.consumed.set(inboxId, left);
      }),

    trim: (policy) => write((draft) => trimOnce(draft, policy)),
    meta: (key) => read(() => home.meta.get(key) ?? null),
    setMeta: (key, value) => write((draft) => void draft.meta.set(key, value)),
    close() {
      open = false;
    },
  };
}
