import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Database } from '../../sqlite/open.ts';
import { parseStored } from '../../sqlite/stored-text.ts';

/** A conversation of a mirror, as far as it is told by its row and by what waits to be written. */
export type Conversation = {
  readonly id: number;
  readonly scope: Scope;
  /** Null: nothing but states was heard of it. */
  logId: string | null;
  /** The number that its events bear; another log has another one. */
  log: number;
  /** The same as the file knows it; null when the file has no such conversation. */
  stored: number | null;
  head: number;
  /** Events of the log that wait. */
  queued: number;
  /** States that wait, by type. */
  readonly states: Map<string, string>;
};

/** What a row takes on disk besides its text. */
const rowCost = 100;

export const costOf = (bytes: number): number => bytes + rowCost;

/** A conversation without an agent is stored under ''. */
export const agentOf = (scope: Scope): string => scope.agent_id ?? '';

type Row = {
  readonly id: number;
  readonly log: number;
  readonly log_id: string | null;
  readonly head: number;
};

export function findConversation(db: Database, mirror: number, scope: Scope): Conversation | null {
  const { agent_id, conversation_id } = scope;
  const sql =
    'SELECT id, log, log_id, head FROM conversation WHERE mirror = ? AND conversation_id = ? AND agent = ?';
  const row = db.get<Row>(sql, mirror, conversation_id, agentOf(scope));
  if (!row) return null;
  const { id, log, log_id: logId, head } = row;
  const states = new Map<string, string>();
  return { id, scope: { agent_id, conversation_id }, logId, log, stored: log, head, queued: 0, states };
}

/** Writes a conversation's row and its states. Returns how many bytes more it takes now. */
export function writeConversation(db: Database, mirror: number, one: Conversation, at: number): number {
  const { id, scope, logId, log, stored, head, states } = one;
  const before = db.get<{ bytes: number }>('SELECT bytes FROM conversation WHERE id = ?', id)?.bytes;
  if (stored !== null && stored !== log) dropLog(db, stored);
  // Retention has put it out, and it is heard again: what is left of its log stays.
  else if (before === undefined) db.run('DELETE FROM dropped WHERE log = ?', log);
  for (const [type, text] of states) {
    const sql = `INSERT INTO state (conversation, type, text) VALUES (?, ?, ?)
      ON CONFLICT (conversation, type) DO UPDATE SET text = excluded.text`;
    db.run(sql, id, type, text);
  }
  const bytes = before !== undefined && states.size === 0 ? before : costOf(stateBytes(db, id));
  db.run(
    `INSERT INTO conversation (id, mirror, conversation_id, agent, log, log_id, head, at, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET
       log = excluded.log, log_id = excluded.log_id, head = excluded.head, at = excluded.at, bytes = excluded.bytes`,
    id,
    mirror,
    scope.conversation_id,
    agentOf(scope),
    log,
    logId,
    head,
    at,
    bytes,
  );
  return bytes - (before ?? 0);
}

/** Returns how many bytes more a mirror takes without that conversation: none, or fewer. Its events go later. */
export function removeConversation(
  db: Database,
  { id, stored }: Pick<Conversation, 'id' | 'stored'>,
): number {
  if (stored === null) return 0;
  dropLog(db, stored);
  db.run('DELETE FROM state WHERE conversation = ?', id);
  const sql = 'DELETE FROM conversation WHERE id = ? RETURNING bytes';
  return -(db.get<{ bytes: number }>(sql, id)?.bytes ?? 0);
}

/** Retention takes its events away. */
function dropLog(db: Database, log: number): void {
  db.run('INSERT OR IGNORE INTO dropped (log) VALUES (?)', log);
}

function stateBytes(db: Database, conversation: number): number {
  const sql = `SELECT coalesce(sum(octet_length(text) + ${rowCost}), 0) AS bytes FROM state WHERE conversation = ?`;
  return db.get<{ bytes: number }>(sql, conversation)?.bytes ?? 0;
}

/** An event as it waits to be written. */
export type EventRow = {
  readonly log: number;
  readonly seq: number;
  readonly at: number;
  readonly text: string;
};

/** Rows of one statement: a third cheaper than one by one. */
const atOnce = 16;
const insertOf = (rows: number): string =>
  `INSERT INTO event (mirror, log, seq, at, text) VALUES ${Array(rows).fill('(?, ?, ?, ?, ?)').join(', ')}`;
const [insertMany, insertOne] = [insertOf(atOnce), insertOf(1)];

/** Returns how many bytes more a mirror takes. */
export function writeEvents(db: Database, mirror: number, events: readonly EventRow[]): number {
  let bytes = 0;
  let values: (number | string)[] = [];
  const whole = events.length - (events.length % atOnce);
  for (const [n, { log, seq, at, text }] of events.entries()) {
    values.push(mirror, log, seq, at, text);
    bytes += costOf(Buffer.byteLength(text));
    const isRest = n >= whole;
    if (!isRest && (n + 1) % atOnce > 0) continue;
    db.run(isRest ? insertOne : insertMany, ...values);
    values = [];
  }
  return bytes;
}

/** The first number that no mirror, conversation or log of the file bears. */
export function firstFree(db: Database): number {
  const sql = `SELECT 1 + max(
    (SELECT coalesce(max(id), 0) FROM mirror),
    (SELECT coalesce(max(id), 0) FROM conversation),
    (SELECT coalesce(max(log), 0) FROM conversation),
    (SELECT coalesce(max(log), 0) FROM dropped),
    (SELECT coalesce(max(log), 0) FROM event)) AS n`;
  return db.get<{ n: number }>(sql)?.n ?? 1;
}

/** Conversations whose device status names a tool request, with that status. */
export function askingIn(
  db: Database,
  mirror: number,
): readonly { readonly scope: Scope; readonly status: Frame }[] {
  const sql = `SELECT conversation_id, agent, text FROM state JOIN conversation ON conversation.id = state.conversation
    WHERE mirror = ? AND type = 'update_device_status' AND text LIKE '%"pending_control_requests":[{%' LIMIT 1000`;
  return db
    .all<{ conversation_id: string; agent: string; text: string }>(sql, mirror)
    .map(({ conversation_id, agent, text }) => ({
      scope: { agent_id: agent === '' ? null : agent, conversation_id },
      status: parseStored<Frame>(text),
    }));
}
