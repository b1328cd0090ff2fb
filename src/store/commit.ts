import { historyKinds, trimmableKinds } from '../core/facts.ts';
import type { Database } from '../sqlite/open.ts';
import { type ConversationRow, conversationRow, knownRow } from './conversations.ts';
import { eventText } from './event-text.ts';
import { markConsumed } from './feed.ts';
import type { Home } from './home.ts';
import { changedInput } from './input-move.ts';
import type { Commit, Committed, InputChange, InputRecord, ScopeId, StoredEvent } from './store.ts';

/** Writes one conversation's part of a batch. Runs inside the batch's transaction. */
export function commitOne(db: Database, home: Home, commit: Commit, applyVersion: number): Committed {
  const row = knownRow(db, commit.scope);
  const deltaBytes = addFacts(db, row, commit);
  const events = addEvents(db, home, row, commit);
  for (const change of commit.inputs) changeInput(db, row, change);
  for (const mark of commit.consumed ?? []) markConsumed(db, mark);
  const facts = row.facts + commit.facts.length;
  if (commit.checkpoint) {
    db.run(
      'INSERT OR REPLACE INTO checkpoint (conversation, facts, apply, state) VALUES (?, ?, ?, ?)',
      row.id,
      facts,
      applyVersion,
      JSON.stringify(commit.checkpoint),
    );
  }
  const eventBytes = events.reduce((sum, event) => sum + Buffer.byteLength(event.text), 0);
  db.run(
    `UPDATE conversation SET head = ?, facts = ?, bytes = bytes + ?, busy = coalesce(?, busy), updated_at = ?
     WHERE id = ?`,
    row.head + events.length,
    facts,
    deltaBytes + eventBytes,
    commit.busy === undefined ? null : Number(commit.busy),
    commit.at,
    row.id,
  );
  return { log_id: row.log_id, events };
}

export function findInput(db: Database, scope: ScopeId, key: string): InputRecord | null {
  const row = conversationRow(db, scope);
  return row ? inputOf(db, row.id, key) : null;
}

/** Returns the bytes that retention may take one day. */
function addFacts(db: Database, row: ConversationRow, commit: Commit): number {
  let n = row.facts;
  let bytes = 0;
  for (const fact of commit.facts) {
    n += 1;
    const body = JSON.stringify(fact);
    const delta = trimmableKinds.has(fact.kind);
    if (delta) bytes += Buffer.byteLength(body);
    db.run(
      'INSERT INTO fact (conversation, n, kind, v, at, history, delta, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      row.id,
      n,
      fact.kind,
      fact.v,
      commit.at,
      Number(historyKinds.has(fact.kind)),
      Number(delta),
      body,
    );
  }
  return bytes;
}

function addEvents(db: Database, home: Home, row: ConversationRow, commit: Commit): readonly StoredEvent[] {
  return commit.events.map((draft, index) => {
    const event_seq = row.head + index + 1;
    const text = eventText(draft, { scope: commit.scope, log_id: row.log_id, event_seq, at: commit.at });
    const position = home.feed();
    db.run(
      'INSERT INTO event (position, conversation, seq, at, text) VALUES (?, ?, ?, ?, ?)',
      position,
      row.id,
      event_seq,
      commit.at,
      text,
    );
    return { event_seq, position, text };
  });
}

function changeInput(db: Database, row: ConversationRow, change: InputChange): void {
  const key = change.kind === 'add' ? change.input.key : change.key;
  const input = changedInput(inputOf(db, row.id, key), change);
  db.run(
    `INSERT OR REPLACE INTO input (conversation, key, input_id, hash, state, turn_id, code, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    row.id,
    key,
    input.input_id,
    input.hash,
    input.state,
    input.turn_id,
    input.code,
    input.at,
  );
}

function inputOf(db: Database, conversation: number, key: string): InputRecord | null {
  const sql =
    'SELECT key, input_id, hash, state, turn_id, code, at FROM input WHERE conversation = ? AND key = ?';
  const row = db.get<InputRecord>(sql, conversation, key);
  return row ? { ...row } : null;
}
