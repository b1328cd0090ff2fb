import type { Database } from '../sqlite/open.ts';
import { StoreError } from './store.ts';

export type Home = {
  readonly homeId: string;
  readonly deviceId: string;
  readonly feedId: string;
  readonly lease: number;
  /**
   * The next place in the feed. Each lease has its own range above those of all leases before it, so places increase over
   * the whole home and none is given twice, whatever was trimmed, deleted or rolled back.
   */
  feed(): number;
};

/** Places in one lease's range: 2^30, which leaves exact numbers for eight million leases. */
const range = 2 ** 30;

/** Counts the places of a lease's range. */
export function placesOf(lease: number): () => number {
  let place = lease * range;
  return () => ++place;
}

type Row = {
  home_id: string;
  device_id: string;
  machine: string;
  lease: number;
  feed_id: string;
  feed_floor: number;
};

/**
 * Takes the next lease of the home (HOME-2). A home that comes from another machine becomes a device of its own: its
 * original may live on, so it must not go on numbering the same logs.
 */
export function takeLease(db: Database, machine: string, random: () => string): Home {
  return db.transaction(() => {
    const row = db.get<Row>('SELECT home_id, device_id, machine, lease, feed_id, feed_floor FROM home');
    const same = row?.machine === machine;
    const homeId = row?.home_id ?? random();
    const deviceId = row && same ? row.device_id : random();
    // A home from before there was a feed has no name for it.
    const feedId = (same && row.feed_id) || random();
    const lease = (row?.lease ?? 0) + 1;
    db.run(
      `INSERT OR REPLACE INTO home (one, home_id, device_id, machine, lease, feed_id, feed_floor)
       VALUES (1, ?, ?, ?, ?, ?, ?)`,
      homeId,
      deviceId,
      machine,
      lease,
      feedId,
      same ? row.feed_floor : 0,
    );
    if (row && !same) beginNewLogs(db, random);
    return { homeId, deviceId, feedId, lease, feed: placesOf(lease) };
  });
}

/** @throws StoreError `lease_lost` when another process has opened the home since. */
export function checkLease(db: Database, home: Home): void {
  const lease = db.get<{ lease: number }>('SELECT lease FROM home')?.lease;
  if (lease !== home.lease) throw leaseLost(home.lease, lease);
}

export function leaseLost(mine: number, current: number | undefined): StoreError {
  return new StoreError({
    code: 'lease_lost',
    message: `Another farhand process has taken over this home (lease ${current ?? 'gone'}, ours was ${mine}). Nothing was written. This process must stop.`,
  });
}

function beginNewLogs(db: Database, random: () => string): void {
  db.exec('DELETE FROM event');
  for (const { id } of db.all<{ id: number }>('SELECT id FROM conversation ORDER BY id')) {
    db.run(
      `UPDATE conversation SET log_id = ?, head = 0, bytes =
         (SELECT coalesce(sum(octet_length(body)), 0) FROM fact WHERE conversation = conversation.id AND delta = 1)
       WHERE id = ?`,
      random(),
      id,
    );
  }
}
