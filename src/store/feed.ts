import type { Database } from '../sqlite/open.ts';
import { pageOf } from './read.ts';
import type { Consumed, StoredEvent } from './store.ts';

/** The events of all conversations in the order of their commits (SEQ-4). */
export function readFeed(db: Database, after: number, maxBytes: number): readonly StoredEvent[] {
  const sql = 'SELECT seq AS event_seq, position, text FROM event WHERE position > ? ORDER BY position';
  return pageOf(db, maxBytes, sql, after);
}

export function feedHead(db: Database): number {
  const sql = 'SELECT max(feed_floor, coalesce((SELECT max(position) FROM event), 0)) AS head FROM home';
  return db.get<{ head: number }>(sql)?.head ?? 0;
}

/** Remembers where the feed stood, before its events up to there go. */
export function raiseFloor(db: Database, position: number): void {
  db.run('UPDATE home SET feed_floor = max(feed_floor, ?)', position);
}

export function markConsumed(db: Database, { inbox_id, position }: Consumed): void {
  db.run('INSERT OR IGNORE INTO consumed (inbox_id, position) VALUES (?, ?)', inbox_id, position);
}

export function consumedFrom(db: Database, inboxId: string, from: number): readonly number[] {
  const sql = 'SELECT position FROM consumed WHERE inbox_id = ? AND position >= ? ORDER BY position';
  return db.all<{ position: number }>(sql, inboxId, from).map(({ position }) => position);
}

export function forgetConsumed(db: Database, inboxId: string, below: number): void {
  db.run('DELETE FROM consumed WHERE inbox_id = ? AND position < ?', inboxId, below);
}
