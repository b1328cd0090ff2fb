import type { Database } from '../sqlite/open.ts';
import { type ConversationRecord, type ScopeId, type Store, StoreError } from './store.ts';

export type ConversationRow = {
  readonly id: number;
  readonly conversation_id: string;
  /** '' for none. */
  readonly agent: string;
  readonly log_id: string;
  readonly head: number;
  readonly facts: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly summary: string | null;
  readonly archived: number;
};

const columns = 'id, conversation_id, agent, log_id, head, facts, created_at, updated_at, summary, archived';

export function conversationRow(db: Database, scope: ScopeId): ConversationRow | null {
  const sql = `SELECT ${columns} FROM conversation WHERE conversation_id = ? AND agent = ?`;
  return db.get<ConversationRow>(sql, scope.conversation_id, agentOf(scope)) ?? null;
}

/** @throws StoreError `store_failed` when there is none. */
export function knownRow(db: Database, scope: ScopeId): ConversationRow {
  const row = conversationRow(db, scope);
  if (!row) throw noSuchConversation(scope);
  return row;
}

export function toRecord(row: ConversationRow): ConversationRecord {
  return {
    agent_id: row.agent === '' ? null : row.agent,
    conversation_id: row.conversation_id,
    log_id: row.log_id,
    head: row.head,
    facts: row.facts,
    created_at: row.created_at,
    updated_at: row.updated_at,
    summary: row.summary,
    archived: row.archived === 1,
  };
}

export function createConversation(
  db: Database,
  scope: ScopeId,
  at: number,
  logId: string,
): ConversationRecord {
  if (conversationRow(db, scope)) throw refused(scope, 'exists already');
  if (isDeleted(db, scope)) throw refused(scope, 'was deleted, and its id is not used again');
  db.run(
    'INSERT INTO conversation (conversation_id, agent, log_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)',
    scope.conversation_id,
    agentOf(scope),
    logId,
    at,
    at,
  );
  return toRecord(knownRow(db, scope));
}

export function listConversations(db: Database, agentId?: string | null): readonly ConversationRecord[] {
  const order = 'ORDER BY updated_at DESC, id DESC';
  const rows =
    agentId === undefined
      ? db.all<ConversationRow>(`SELECT ${columns} FROM conversation ${order}`)
      : db.all<ConversationRow>(
          `SELECT ${columns} FROM conversation WHERE agent = ? ${order}`,
          agentId ?? '',
        );
  return rows.map(toRecord);
}

export function findConversation(db: Database, conversationId: string): ConversationRecord | null {
  const sql = `SELECT ${columns} FROM conversation WHERE conversation_id = ? LIMIT 2`;
  const [only, other] = db.all<ConversationRow>(sql, conversationId);
  return only && !other ? toRecord(only) : null;
}

export function updateConversation(
  db: Database,
  scope: ScopeId,
  patch: Parameters<Store['updateConversation']>[1],
  at: number,
): void {
  const row = knownRow(db, scope);
  const summary = patch.summary === undefined ? row.summary : patch.summary;
  const archived = patch.archived === undefined ? row.archived : Number(patch.archived);
  db.run(
    'UPDATE conversation SET summary = ?, archived = ?, updated_at = ? WHERE id = ?',
    summary,
    archived,
    at,
    row.id,
  );
}

export function unfinishedScopes(db: Database): readonly ScopeId[] {
  const rows = db.all<ConversationRow>(`SELECT ${columns} FROM conversation WHERE busy = 1 ORDER BY id`);
  return rows.map(toRecord).map(({ agent_id, conversation_id }) => ({ agent_id, conversation_id }));
}

export function isDeleted(db: Database, scope: ScopeId): boolean {
  const sql = 'SELECT 1 FROM tombstone WHERE conversation_id = ? AND agent = ?';
  return db.get(sql, scope.conversation_id, agentOf(scope)) !== undefined;
}

export function noSuchConversation(scope: ScopeId): StoreError {
  return refused(scope, 'does not exist');
}

export function refused(scope: ScopeId, why: string): StoreError {
  const name = `${scope.conversation_id} of ${scope.agent_id ?? 'no agent'}`;
  return new StoreError({
    code: 'store_failed',
    message: `Nothing was written: conversation ${name} ${why}.`,
  });
}

function agentOf(scope: ScopeId): string {
  return scope.agent_id ?? '';
}
