import type { Database } from '../sqlite/open.ts';
import { raiseFloor } from './feed.ts';
import type { Trimmed, TrimPolicy } from './store.ts';
import { chooseTrim, trimBatch } from './trim-choice.ts';

type Row = {
  readonly id: number;
  readonly conversation: number;
  readonly at: number;
  readonly bytes: number;
};

/** One batch of retention. Runs inside a transaction. */
export function trimOnce(db: Database, policy: TrimPolicy): Trimmed {
  const total = db.get<{ bytes: number }>('SELECT coalesce(sum(bytes), 0) AS bytes FROM conversation')?.bytes;
  const excess = (total ?? 0) - policy.maxBytes;
  const { events, deltas } = chooseTrim(oldestEvents(db), oldestDeltas(db), {
    olderThan: policy.olderThan,
    excess,
  });
  const last = events.at(-1);
  if (last) {
    raiseFloor(db, last.id);
    db.run('DELETE FROM event WHERE position <= ?', last.id);
  }
  for (const delta of deltas) db.run('DELETE FROM fact WHERE id = ?', delta.id);
  const freed = new Map<number, number>();
  for (const row of [...events, ...deltas]) {
    freed.set(row.conversation, (freed.get(row.conversation) ?? 0) + row.bytes);
  }
  for (const [conversation, bytes] of freed) {
    db.run('UPDATE conversation SET bytes = bytes - ? WHERE id = ?', bytes, conversation);
  }
  return { events: events.length, facts: deltas.length };
}

function oldestEvents(db: Database): readonly Row[] {
  return db.all<Row>(
    'SELECT position AS id, conversation, at, octet_length(text) AS bytes FROM event ORDER BY position LIMIT ?',
    trimBatch,
  );
}

// CROSS JOIN keeps the order of the tables: the index on age first, so that the limit ends the search.
function oldestDeltas(db: Database): readonly Row[] {
  return db.all<Row>(
    `SELECT fact.id, fact.conversation, fact.at, octet_length(fact.body) AS bytes
     FROM fact CROSS JOIN checkpoint ON checkpoint.conversation = fact.conversation
     WHERE fact.delta = 1 AND fact.n <= checkpoint.facts ORDER BY fact.at, fact.id LIMIT ?`,
    trimBatch,
  );
}
