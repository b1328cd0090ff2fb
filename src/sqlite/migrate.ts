import type { Database } from './open.ts';
import { StoreError } from './store-error.ts';

/** One step forward of a file's schema. A released step is never edited: later ones are added behind it. */
export type Migration = {
  /** The first program version that has this step; an older program names it when it refuses the file. */
  readonly since: string;
  readonly sql: string;
};

/**
 * Brings the file to the last of `migrations`, all missing steps or none.
 * @throws StoreError `store_newer` when the file has steps that this program does not know.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  if (schemaVersion(db) === migrations.length) return;
  db.transaction(() => {
    const from = schemaVersion(db);
    if (from > migrations.length) throw newer(db, from);
    db.exec('CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, since TEXT NOT NULL) STRICT');
    for (const [index, { since, sql }] of migrations.entries()) {
      if (index < from) continue;
      db.exec(sql);
      db.run('INSERT INTO migration (version, since) VALUES (?, ?)', index + 1, since);
    }
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function schemaVersion(db: Database): number {
  return db.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}

function newer(db: Database, version: number): StoreError {
  const needed = db.get<{ since: string }>('SELECT since FROM migration WHERE version = ?', version);
  const program = needed ? `farhand ${needed.since} or newer` : 'a newer farhand';
  return new StoreError({
    code: 'store_newer',
    message: `${db.path} was written by a newer program and needs ${program}. Nothing was changed. Update farhand, or use another home.`,
  });
}
