import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { asStoreError } from './failure.ts';
import { type Migration, migrate } from './migrate.ts';
import { StoreError } from './store-error.ts';

/** `power`: a commit survives power loss where the disk honours flushes. `process`: it survives the death of the process. */
export type Durability = 'power' | 'process';

/** Milliseconds that a write waits for another connection. Normally there is one writer per file, so none. */
const busyTimeout = 5_000;

/** An open file: statements are prepared once, and whatever fails is a `StoreError`. */
export class Database {
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Use `openDatabase`. */
  constructor(path: string) {
    this.path = path;
    this.#connection = this.#guard(() => new DatabaseSync(path, { timeout: busyTimeout }));
  }

  exec(sql: string): void {
    this.#guard(() => this.#connection.exec(sql));
  }

  /** Returns the number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#prepared(sql).run(...values).changes));
  }

  /** The first row. `Row` is what the statement selects; nothing checks it. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepared(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepared(sql).all(...values) as Row[]);
  }

  /** Rows one by one, as long as `take` returns true. It must not run the same statement again. */
  each<Row>(sql: string, values: readonly SQLInputValue[], take: (row: Row) => boolean): void {
    this.#guard(() => {
      for (const row of this.#prepared(sql).iterate(...values)) if (!take(row as Row)) return;
    });
  }

  /**
   * Runs `work` as one write: all of it, or nothing when it throws. The lock is taken at the start, so that nothing
   * it reads can change under it. `work` is synchronous and does not nest, so writes never interleave.
   */
  transaction<Result>(work: () => Result): Result {
    return this.#guard(() => {
      this.#connection.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        if (result instanceof Promise) throw new TypeError('A transaction cannot wait for a promise.');
        this.#connection.exec('COMMIT');
        return result;
      } catch (error) {
        // After a full disk or a failed write SQLite has rolled back by itself.
        if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    this.#statements.clear();
    if (this.#connection.isOpen) this.#guard(() => this.#connection.close());
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #guard<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      throw asStoreError(error, this.path);
    }
  }
}

/**
 * Opens or makes the file at `path` (mode 0600, folders 0700) and brings its schema forward.
 * @throws StoreError `store_unwritable`, `store_corrupt`, `store_newer`, `store_full` or `store_failed`.
 */
export function openDatabase(
  path: string,
  options: { readonly migrations: readonly Migration[]; readonly durability?: Durability },
): Database {
  makePrivateFile(path);
  refuseEmptied(path);
  const db = new Database(path);
  try {
    configure(db, options.durability ?? 'power');
    migrate(db, options.migrations);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Makes the file where there is none; SQLite gives the files that it puts beside it the same mode. */
export function makePrivateFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Never opens a file that exists: closing any descriptor of an open database drops its POSIX locks.
    if (!existsSync(path)) create(path);
    else if (process.platform !== 'win32' && statSync(path).mode & 0o077) chmodSync(path, 0o600);
  } catch (error) {
    throw asStoreError(error, path);
  }
}

function create(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    // Another process made it in between.
    if (!existsSync(path)) throw error;
  }
}

// SQLite takes a file of no bytes for a new database and deletes its log. A log beside it proves that it had content.
function refuseEmptied(path: string): void {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (!log?.size || statSync(path).size > 0) return;
  const message = `${path} has lost its content: it is empty, but ${path}-wal is not. Nothing was changed. Put a backup in their place, or move both away to begin with an empty store.`;
  throw new StoreError({ code: 'store_corrupt', message });
}

function configure(db: Database, durability: Durability): void {
  const mode = db.get<{ journal_mode: string }>('PRAGMA journal_mode = WAL')?.journal_mode;
  if (mode !== 'wal') {
    const message = `${db.path} lies on a file system that cannot share memory between processes, which write-ahead logging needs. Put the home on a local disk.`;
    throw new StoreError({ code: 'store_failed', message });
  }
  db.exec('PRAGMA wal_autocheckpoint = 1000');
  db.exec('PRAGMA foreign_keys = ON');
  db.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`);
  // On macOS a plain fsync leaves the data in the drive's cache; elsewhere this changes nothing.
  if (durability === 'power') db.exec('PRAGMA fullfsync = ON');
}
