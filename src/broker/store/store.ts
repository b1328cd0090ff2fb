import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../link/clock.ts';
import { type Database, type Durability, openDatabase } from '../../sqlite/open.ts';
import type { Inbox } from './inbox.ts';
import type { Mirror } from './mirror.ts';
import { firstFree } from './mirror-rows.ts';
import type { Registry } from './registry.ts';
import { defaultRetention, keepWithin, type RetentionPolicy } from './retention.ts';
import { brokerMigrations } from './schema.ts';
import { sqliteInbox } from './sqlite-inbox.ts';
import { SqliteMirror } from './sqlite-mirror.ts';
import { SqliteRegistry } from './sqlite-registry.ts';
import { type OnTrouble, WriteBehind } from './write-behind.ts';

export type BrokerStoreOptions = {
  /** Of the inbox and of registrations. What is written behind never waits for the disk. Default `power`. */
  readonly durability?: Durability | undefined;
  readonly clock: Clock;
  /** What failed where nobody asked. */
  readonly onTrouble: OnTrouble;
  /** Mints ids; at least 120 random bits. Default: a random UUID. */
  readonly random?: () => string;
  /** Default: `defaultRetention`. */
  readonly retention?: RetentionPolicy;
};

/** `broker.db` of one broker. It is trimmed while it is open. */
export type BrokerStore = {
  readonly registry: Registry;
  /** The same one for each id, every time. */
  mirror(environmentId: string): Mirror;
  inbox(environmentId: string): Inbox;
  /**
   * Writes what is written behind.
   * @throws StoreError when the disk fails; it is kept and tried again.
   */
  flush(): void;
  /** One batch of retention now; the rest follows by itself. */
  trim(): void;
  /** Writes what waits, if the disk lets it, and closes the file. */
  close(): void;
};

/**
 * Opens or makes `broker.db` in that folder.
 * @throws StoreError like `openDatabase`.
 */
export function openBrokerStore(home: string, options: BrokerStoreOptions): BrokerStore {
  const path = join(home, 'broker.db');
  const opened: Database[] = [];
  const open = (durability: Durability): Database => {
    const db = openDatabase(path, { migrations: brokerMigrations, durability });
    opened.push(db);
    return db;
  };
  try {
    const db = open(options.durability ?? 'power');
    // A second connection, whose commits do not wait for the disk: devices tell again what a power failure takes of them.
    return brokerStoreOn(db, open('process'), options);
  } catch (error) {
    // A store that cannot be opened must not stay open: its path is free for whoever repairs it.
    for (const db of opened) db.close();
    throw error;
  }
}

function brokerStoreOn(db: Database, later: Database, options: BrokerStoreOptions): BrokerStore {
  const { clock, onTrouble, random = randomUUID, retention: policy = defaultRetention } = options;
  const inboxId = idOf(db, random);
  const behind = new WriteBehind({ db: later, clock, onTrouble });
  const registry = new SqliteRegistry({ db, later, behind, random });
  const keeper = keepWithin({ db: later, clock, onTrouble, policy });
  const mirrors = new Map<string, Mirror>();
  let free = firstFree(db);

  function createMirror(environmentId: string): Mirror {
    const mirror = new SqliteMirror({
      db: later,
      environmentId,
      behind,
      clock,
      mint: () => free++,
      grown: (bytes) => {
        if (bytes > policy.mirrorBytes) keeper.hurry();
      },
    });
    mirrors.set(environmentId, mirror);
    return mirror;
  }

  return {
    registry,
    mirror: (environmentId) => mirrors.get(environmentId) ?? createMirror(environmentId),
    inbox: (environmentId) => sqliteInbox(db, later, environmentId, inboxId),
    flush: () => behind.flush(),
    trim: () => keeper.trim(),
    close() {
      behind.close();
      keeper.close();
      later.close();
      db.close();
    },
  };
}

function idOf(db: Database, random: () => string): string {
  const sql = "SELECT value FROM meta WHERE key = 'inbox_id'";
  const known = db.get<{ value: string }>(sql)?.value;
  if (known !== undefined) return known;
  const fresh = `inbox-${random()}`;
  db.run("INSERT INTO meta (key, value) VALUES ('inbox_id', ?)", fresh);
  return fresh;
}
