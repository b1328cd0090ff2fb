import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, vi } from 'vitest';

/** The disk under a database: SQLite itself finds no room, and says so, whenever it needs another page. */
export type Disk = {
  fill(): void;
  free(): void;
  /** Transactions that were begun and not committed. */
  readonly failed: number;
};

/** The disk under the database at `path`, which is opened later; for the test that runs. */
export function diskUnder(path: string): Disk {
  const exec = DatabaseSync.prototype.exec;
  let database: DatabaseSync | undefined;
  let begun = 0;
  let committed = 0;
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (this.location() !== path) return exec.call(this, sql);
    database = this;
    if (sql === 'BEGIN IMMEDIATE') begun++;
    exec.call(this, sql);
    if (sql === 'COMMIT') committed++;
  });
  onTestFinished(() => spy.mockRestore());
  const limit = (pages: number) => {
    if (!database) throw new Error(`Nobody has opened ${path}.`);
    exec.call(database, `PRAGMA max_page_count = ${pages}`);
  };
  return {
    // Less than there are means as many as there are.
    fill: () => limit(1),
    free: () => limit(1_000_000),
    get failed() {
      return begun - committed;
    },
  };
}
