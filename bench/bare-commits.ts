import { DatabaseSync } from 'node:sqlite';

/** One durable commit of a small row at a time, with the settings of the device's store: what the disk asks for a promise. */
export function bareCommits(path: string): { one(): void; close(): void } {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (n INTEGER PRIMARY KEY, text TEXT)',
  );
  const insert = db.prepare('INSERT INTO bare (text) VALUES (?)');
  return {
    one() {
      db.exec('BEGIN IMMEDIATE');
      insert.run('x'.repeat(500));
      db.exec('COMMIT');
    },
    close: () => db.close(),
  };
}
