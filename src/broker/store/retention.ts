import type { Clock } from '../../link/clock.ts';
import type { Database } from '../../sqlite/open.ts';
import { costOf, removeConversation } from './mirror-rows.ts';
import type { OnTrouble } from './write-behind.ts';

/** For how long a broker keeps what (milliseconds), and how many bytes of each device. */
export type RetentionPolicy = {
  readonly mirrorMs: number;
  readonly mirrorBytes: number;
  /** After a parked command has expired: its station has had the time to tell. */
  readonly expiredMs: number;
  readonly fateMs: number;
  readonly leaseMs: number;
};

const day = 24 * 60 * 60 * 1000;
export const defaultRetention: RetentionPolicy = {
  mirrorMs: 7 * day,
  mirrorBytes: 256 * 1024 * 1024,
  expiredMs: day,
  fateMs: 7 * day,
  leaseMs: 30 * day,
};

/** What one batch takes away at most: a few milliseconds of work. */
const most = { rows: 500, bytes: 8 * 1024 * 1024 };
type Batch = { rows: number; bytes: number };
const count = (batch: Batch, bytes: number): void => {
  batch.rows += 1;
  batch.bytes += bytes;
};
const isFull = ({ rows, bytes }: Batch): boolean => rows >= most.rows || bytes >= most.bytes;

/** One batch of retention, in one transaction. True when more may have to go. */
export function trimOnce(db: Database, now: number, policy: RetentionPolicy): boolean {
  return db.transaction(() => {
    const batch = { rows: 0, bytes: 0 };
    takeDroppedMirrors(db, batch);
    takeDroppedLogs(db, batch);
    takeOldEvents(db, batch, now - policy.mirrorMs);
    takeExcess(db, batch, policy.mirrorBytes);
    takeOld(db, batch, 'parked', 'expires_at', now - policy.expiredMs);
    takeOld(db, batch, 'fate', 'at', now - policy.fateMs);
    takeOld(db, batch, 'passed', 'at', now - policy.fateMs);
    takeOld(db, batch, 'lease', 'seen_at', now - policy.leaseMs);
    return isFull(batch);
  });
}

type EventRow = { readonly id: number; readonly mirror: number; readonly at: number; readonly bytes: number };

/** Events in that order until the batch is full or one stays. */
function takeEvents(
  db: Database,
  batch: Batch,
  where: string,
  value: number,
  goes: (row: EventRow) => boolean = () => true,
): void {
  if (isFull(batch)) return;
  const rows: EventRow[] = [];
  const sql = `SELECT id, mirror, at, octet_length(text) AS bytes FROM event WHERE ${where}`;
  db.each<EventRow>(sql, [value], (row) => {
    if (!goes(row)) return false;
    rows.push(row);
    count(batch, row.bytes);
    return !isFull(batch);
  });
  for (const row of rows) takeEvent(db, row);
}

function takeEvent(db: Database, { id, mirror, bytes }: EventRow): void {
  db.run('DELETE FROM event WHERE id = ?', id);
  db.run('UPDATE mirror SET bytes = bytes - ? WHERE id = ?', costOf(bytes), mirror);
}

function takeDroppedLogs(db: Database, batch: Batch): void {
  for (const { log } of db.all<{ log: number }>('SELECT log FROM dropped LIMIT ?', most.rows)) {
    // From the front, so that what is left of a log never has a hole.
    takeEvents(db, batch, 'log = ? ORDER BY seq', log);
    if (isFull(batch)) return;
    db.run('DELETE FROM dropped WHERE log = ?', log);
    count(batch, 0);
  }
}

function takeDroppedMirrors(db: Database, batch: Batch): void {
  const sql = 'SELECT id FROM mirror WHERE environment IS NULL LIMIT ?';
  for (const { id } of db.all<{ id: number }>(sql, most.rows)) {
    takeEvents(db, batch, 'mirror = ? ORDER BY id', id);
    for (const one of restingLongest(db, batch, id)) takeConversation(db, batch, id, one);
    if (isFull(batch)) return;
    db.run('DELETE FROM mirror WHERE id = ?', id);
    count(batch, 0);
  }
}

function takeOldEvents(db: Database, batch: Batch, olderThan: number): void {
  takeEvents(db, batch, 'id > ? ORDER BY id', 0, ({ at }) => at < olderThan);
}

/** Of a device that has told too much the oldest goes: events, and conversations of which nothing was heard for longer than that. */
function takeExcess(db: Database, batch: Batch, maxBytes: number): void {
  const sql = 'SELECT id, bytes - ? AS excess FROM mirror WHERE bytes > ? AND environment IS NOT NULL';
  for (const { id, excess } of db.all<{ id: number; excess: number }>(sql, maxBytes, maxBytes)) {
    let left = excess;
    const resting = restingLongest(db, batch, id);
    const takeResting = (before: number): void => {
      for (let one = resting[0]; one && one.at < before && left > 0; one = resting[0]) {
        if (isFull(batch)) return;
        takeConversation(db, batch, id, one);
        left -= one.bytes;
        resting.shift();
      }
    };
    takeEvents(db, batch, 'mirror = ? ORDER BY id', id, ({ at, bytes }) => {
      takeResting(at);
      if (left <= 0 || isFull(batch)) return false;
      left -= costOf(bytes);
      return true;
    });
    takeResting(Number.POSITIVE_INFINITY);
  }
}

type Resting = { readonly id: number; readonly log: number; readonly at: number; readonly bytes: number };

function restingLongest(db: Database, batch: Batch, mirror: number): Resting[] {
  const sql = 'SELECT id, log, at, bytes FROM conversation WHERE mirror = ? ORDER BY at LIMIT ?';
  return db.all<Resting>(sql, mirror, Math.max(0, most.rows - batch.rows));
}

function takeConversation(db: Database, batch: Batch, mirror: number, one: Resting): void {
  count(batch, one.bytes);
  const freed = removeConversation(db, { id: one.id, stored: one.log });
  db.run('UPDATE mirror SET bytes = bytes + ? WHERE id = ?', freed, mirror);
}

function takeOld(
  db: Database,
  batch: Batch,
  table: 'parked' | 'fate' | 'passed' | 'lease',
  age: 'expires_at' | 'at' | 'seen_at',
  olderThan: number,
): void {
  if (isFull(batch)) return;
  const oldest = `SELECT rowid FROM ${table} WHERE ${age} < ? ORDER BY ${age} LIMIT ?`;
  batch.rows += db.run(`DELETE FROM ${table} WHERE rowid IN (${oldest})`, olderThan, most.rows - batch.rows);
}

export type KeeperOptions = {
  readonly db: Database;
  readonly clock: Clock;
  readonly policy: RetentionPolicy;
  readonly onTrouble: OnTrouble;
};

/** Keeps the file within its bounds. */
export type Keeper = {
  /** Takes a batch now, and goes on by itself while there is more. */
  trim(): void;
  /** Somebody has told much: a batch comes soon. */
  hurry(): void;
  close(): void;
};

const everyMs = 10 * 60 * 1000;
const pauseMs = 10;

export function keepWithin({ db, clock, policy, onTrouble }: KeeperOptions): Keeper {
  let soon = false;
  let timer = clock.after(everyMs, trim);

  function next(isSoon: boolean): void {
    soon = isSoon;
    timer.cancel();
    timer = clock.after(isSoon ? pauseMs : everyMs, trim);
  }

  function trim(): void {
    let more = false;
    try {
      more = trimOnce(db, clock.now(), policy);
    } catch (error) {
      onTrouble('what is too old cannot be taken out of the store', error);
    }
    next(more);
  }

  return {
    trim,
    hurry() {
      if (!soon) next(true);
    },
    close: () => timer.cancel(),
  };
}
