import { turnEnd } from '../core/facts.ts';
import type { State } from '../core/state.ts';
import type { Database } from '../sqlite/open.ts';
import { conversationRow, toRecord } from './conversations.ts';
import type { HistoryFact, Loaded, Page, ScopeId, StoredEvent } from './store.ts';
import { parseStored, readFact } from './stored-text.ts';

type FactRow = { readonly n: number; readonly body: string };

export function load(db: Database, scope: ScopeId, applyVersion: number): Loaded | null {
  const row = conversationRow(db, scope);
  if (!row) return null;
  const stored = db.get<{ facts: number; state: string }>(
    'SELECT facts, state FROM checkpoint WHERE conversation = ? AND apply = ?',
    row.id,
    applyVersion,
  );
  const checkpoint = stored ? { facts: stored.facts, state: parseStored<State>(stored.state) } : null;
  const after = checkpoint?.facts ?? 0;
  const ended = 'SELECT n FROM fact WHERE conversation = ? AND kind = ? ORDER BY n DESC LIMIT 1';
  const over = db.get<{ n: number }>(ended, row.id, turnEnd)?.n ?? 0;
  const sql = 'SELECT n, body FROM fact WHERE conversation = ? AND n > ? AND (delta = 0 OR n > ?) ORDER BY n';
  const rows = db.all<FactRow>(sql, row.id, after, over);
  return { record: toRecord(row), checkpoint, facts: rows.map((fact) => readFact(fact.body)) };
}

export function history(db: Database, scope: ScopeId, after: number): readonly HistoryFact[] {
  const row = conversationRow(db, scope);
  if (!row) return [];
  const found: HistoryFact[] = [];
  const sql = 'SELECT n, body FROM fact WHERE conversation = ? AND history = 1 AND n > ? ORDER BY n';
  db.each<FactRow>(sql, [row.id, after], ({ n, body }) => {
    found.push({ n, fact: readFact(body) });
    return true;
  });
  return found;
}

export function readEvents(db: Database, scope: ScopeId, after: number, maxBytes: number): Page {
  const row = conversationRow(db, scope);
  if (!row) return { events: [], gap: null };
  const sql =
    'SELECT seq AS event_seq, position, text FROM event WHERE conversation = ? AND seq > ? ORDER BY seq';
  const events = pageOf(db, maxBytes, sql, row.id, after);
  return { events, gap: gapBefore(events, after, row.head) };
}

/** Events as a statement selects them, as many as fit into `maxBytes` but at least one. */
export function pageOf(
  db: Database,
  maxBytes: number,
  sql: string,
  ...values: readonly number[]
): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  db.each<StoredEvent>(sql, values, ({ event_seq, position, text }) => {
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes && events.length > 0) return false;
    events.push({ event_seq, position, text });
    return true;
  });
  return events;
}

/** What retention took between a cursor and the first event that is left, or the head when none is. */
export function gapBefore(
  events: readonly StoredEvent[],
  after: number,
  head: number,
): { readonly from: number; readonly to: number } | null {
  const to = events[0] ? events[0].event_seq - 1 : head;
  return to > after ? { from: after + 1, to } : null;
}
