import { randomUUID } from 'node:crypto';
import { type Database, type Durability, openDatabase } from '../sqlite/open.ts';
import { deleteAgent, findAgent, listAgents, putAgent } from './agents.ts';
import { commitOne, findInput } from './commit.ts';
import {
  conversationRow,
  createConversation,
  findConversation,
  isDeleted,
  listConversations,
  toRecord,
  unfinishedScopes,
  updateConversation,
} from './conversations.ts';
import { consumedFrom, feedHead, forgetConsumed, readFeed } from './feed.ts';
import { checkLease, takeLease } from './home.ts';
import { machineFingerprint } from './machine.ts';
import { history, load, readEvents } from './read.ts';
import { migrations } from './schema.ts';
import type { Store, StoreOptions } from './store.ts';
import { trimOnce } from './trim.ts';

/**
 * Opens or makes the device's store at `path`. From then on every commit of whoever opened it before fails with `lease_lost`
 * (HOME-2). Default durability: `power`.
 * @throws StoreError like `openDatabase`.
 */
export function openStore(path: string, options: StoreOptions & { readonly durability?: Durability }): Store {
  const { applyVersion, durability = 'power', random = randomUUID } = options;
  const db = openDatabase(path, { migrations, durability });
  const home = firstWrite(db, () => takeLease(db, options.machine ?? machineFingerprint(), random));

  const write = <Result>(work: () => Result): Result =>
    db.transaction(() => {
      checkLease(db, home);
      return work();
    });

  return {
    homeId: home.homeId,
    deviceId: home.deviceId,
    feedId: home.feedId,
    lease: home.lease,
    commit: (batch) => write(() => batch.map((commit) => commitOne(db, home, commit, applyVersion))),

    createConversation: (scope, at) => write(() => createConversation(db, scope, at, random())),
    load: (scope) => load(db, scope, applyVersion),
    history: (scope, after = 0) => history(db, scope, after),
    input: (scope, key) => findInput(db, scope, key),
    conversations: (agentId) => listConversations(db, agentId),
    conversation(scope) {
      const row = conversationRow(db, scope);
      return row && toRecord(row);
    },
    findConversation: (conversationId) => findConversation(db, conversationId),
    updateConversation: (scope, patch, at) => write(() => updateConversation(db, scope, patch, at)),
    unfinished: () => unfinishedScopes(db),

    agents: () => listAgents(db),
    agent: (id) => findAgent(db, id),
    putAgent: (agent) => write(() => putAgent(db, agent)),
    deleteAgent: (id) => write(() => deleteAgent(db, id)),
    deleted: (scope) => isDeleted(db, scope),

    head(scope) {
      const row = conversationRow(db, scope);
      return row && { log_id: row.log_id, event_seq: row.head };
    },
    read: (scope, after, maxBytes) => readEvents(db, scope, after, maxBytes),

    feed: (after, maxBytes) => readFeed(db, after, maxBytes),
    feedHead: () => feedHead(db),
    consumed: (inboxId, from) => consumedFrom(db, inboxId, from),
    forgetConsumed: (inboxId, below) => write(() => forgetConsumed(db, inboxId, below)),

    trim: (policy) => write(() => trimOnce(db, policy)),
    meta: (key) => db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value ?? null,
    setMeta: (key, value) =>
      write(() => {
        db.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', key, value);
      }),
    close: () => db.close(),
  };
}

// A store that cannot be opened must not stay open: its path is free for whoever repairs it.
function firstWrite<Result>(db: Database, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    db.close();
    throw error;
  }
}
