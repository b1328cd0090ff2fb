import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Migration } from './migrate.ts';
import { type Database, type Durability, openDatabase } from './open.ts';
import { StoreError } from './store-error.ts';

const first: Migration = {
  since: '0.1.0',
  sql: 'CREATE TABLE item (n INTEGER PRIMARY KEY, text TEXT) STRICT',
};
const second: Migration = { since: '0.4.0', sql: 'ALTER TABLE item ADD COLUMN extra TEXT' };

let folder: string;
let path: string;
let opened: Database[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farhand-sqlite-'));
  path = join(folder, 'a.db');
  opened = [];
});
afterEach(() => {
  for (const db of opened) db.close();
  rmSync(folder, { recursive: true });
});

function open(migrations = [first], file = path, durability?: Durability): Database {
  const db = openDatabase(file, durability ? { migrations, durability } : { migrations });
  opened.push(db);
  return db;
}

function errorOf(act: () => unknown): StoreError {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function fill(db: Database, count: number): void {
  db.transaction(() => {
    for (let i = 0; i < count; i += 1) db.run('INSERT INTO item (text) VALUES (?)', 'x'.repeat(500));
  });
}

const count = (db: Database) => db.get<{ n: number }>('SELECT count(*) AS n FROM item')?.n;

describe('openDatabase', () => {
  it('makes the file for this user alone, and what SQLite puts beside it', () => {
    const nested = join(folder, 'home', 'a.db');
    fill(open([first], nested), 1);
    const modes = [nested, `${nested}-wal`, `${nested}-shm`].map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(folder, 'home')).mode & 0o777).toBe(0o700);
  });

  it('takes the rights of others away from a file that has them', () => {
    writeFileSync(path, '', { mode: 0o644 });
    open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    [undefined, 2],
    ['power', 2],
    ['process', 1],
  ] as const)('with durability %s flushes as told', (durability, synchronous) => {
    const db = open([first], path, durability);
    expect({
      ...db.get<object>('PRAGMA synchronous'),
      ...db.get<object>('PRAGMA journal_mode'),
      ...db.get<object>('PRAGMA wal_autocheckpoint'),
      ...db.get<object>('PRAGMA foreign_keys'),
      ...db.get<object>('PRAGMA busy_timeout'),
    }).toEqual({
      synchronous,
      journal_mode: 'wal',
      wal_autocheckpoint: 1000,
      foreign_keys: 1,
      timeout: 5000,
    });
  });

  it('brings an older file forward, step by step, and leaves its content', () => {
    const old = open();
    fill(old, 3);
    old.close();
    const db = open([first, second]);
    db.run('UPDATE item SET extra = ?', 'y');
    expect(count(db)).toBe(3);
    expect(db.all<object>('SELECT version, since FROM migration').map((row) => ({ ...row }))).toEqual([
      { version: 1, since: '0.1.0' },
      { version: 2, since: '0.4.0' },
    ]);
  });

  it('takes no step when one of them fails', () => {
    open().close();
    const broken = { since: '0.5.0', sql: 'CREATE TABLE item (n INTEGER)' };
    expect(errorOf(() => open([first, second, broken])).code).toBe('store_failed');
    expect(errorOf(() => open().run('UPDATE item SET extra = 1')).message).toContain('no such column');
  });

  it('refuses a newer file and names the program that it needs', () => {
    fill(open([first, second]), 1);
    opened.at(-1)?.close();
    const before = readFileSync(path);
    const error = errorOf(() => open([first]));
    expect(error.code).toBe('store_newer');
    expect(error.message).toContain('needs farhand 0.4.0 or newer');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(count(open([first, second]))).toBe(1);
  });

  it('says of a file that is no database what to do, and leaves it as it is', () => {
    writeFileSync(path, 'this was never a database\n'.repeat(1_000));
    const error = errorOf(() => open());
    expect(error.code).toBe('store_corrupt');
    expect(error.message).toContain(path);
    expect(error.message).toContain('move it away');
    expect(readFileSync(path, 'utf8').startsWith('this was never')).toBe(true);
  });

  it.each([50, 5_000, 8_192, 100_000])('notices that only %i bytes of a file are left', (bytes) => {
    fill(open(), 1_000);
    opened.at(-1)?.close();
    truncateSync(path, bytes);
    expect(errorOf(() => open()).code).toBe('store_corrupt');
    expect(statSync(path).size).toBe(bytes);
  });

  it('notices an emptied file whose log has content', () => {
    const db = open();
    fill(db, 10);
    const copy = join(folder, 'copy.db');
    writeFileSync(copy, '');
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    const error = errorOf(() => open([first], copy));
    expect(error.code).toBe('store_corrupt');
    expect(error.message).toContain('lost its content');
    expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);
  });

  it('names damage that shows only later', () => {
    fill(open(), 1_000);
    opened.at(-1)?.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 20 * 4096, 60 * 4096));
    const db = open();
    expect(errorOf(() => db.all('SELECT text FROM item')).code).toBe('store_corrupt');
  });

  it('says that a folder cannot be written to', () => {
    writeFileSync(join(folder, 'file'), '');
    for (const file of [join(folder, 'file', 'a.db'), join(folder, 'file', 'deep', 'a.db'), folder]) {
      const error = errorOf(() => open([first], file));
      expect([error.code, error.message.includes(file)]).toEqual(['store_unwritable', true]);
    }
  });
});

describe('Database', () => {
  it('rolls a transaction back when the work throws', () => {
    const db = open();
    fill(db, 1);
    const failing = () =>
      db.transaction(() => {
        db.run('DELETE FROM item');
        throw new Error('no');
      });
    expect(errorOf(failing)).toMatchObject({ code: 'store_failed', cause: new Error('no') });
    expect(count(db)).toBe(1);
  });

  it('does not let writes interleave: no transaction in another, none that waits', () => {
    const db = open();
    const nested = () => db.transaction(() => db.transaction(() => fill(db, 1)));
    expect(errorOf(nested).message).toContain('within a transaction');
    const waiting = () =>
      db.transaction(async () => {
        db.run('INSERT INTO item (text) VALUES (?)', 'x');
      });
    expect(errorOf(waiting).message).toContain('cannot wait');
    expect(count(db)).toBe(0);
    fill(db, 1);
    expect(count(db)).toBe(1);
  });

  it('says that the disk is full, writes nothing of that change, and goes on when there is room', () => {
    const db = open();
    fill(db, 10);
    const { page_count: pages } = db.get<{ page_count: number }>('PRAGMA page_count') ?? { page_count: 0 };
    db.exec(`PRAGMA max_page_count = ${pages + 5}`);
    const error = errorOf(() => fill(db, 1_000));
    expect(error.code).toBe('store_full');
    expect(error.message).toContain('Free some space');
    expect(count(db)).toBe(10);
    fill(db, 1);
    db.exec('PRAGMA max_page_count = 100000');
    fill(db, 1_000);
    expect(count(db)).toBe(1_011);
  });

  it('gives rows one by one until it has enough', () => {
    const db = open();
    fill(db, 10);
    const seen: number[] = [];
    const take = (limit: number) =>
      db.each<{ n: number }>('SELECT n FROM item WHERE n > ? ORDER BY n', [2], ({ n }) => {
        seen.push(n);
        return seen.length < limit;
      });
    take(3);
    take(5);
    expect(seen).toEqual([3, 4, 5, 3, 4]);
  });

  it('reports wrong SQL and a closed file as its own failures', () => {
    const db = open();
    expect(errorOf(() => db.get('SELEC')).message).toContain('syntax error');
    db.close();
    db.close();
    expect(errorOf(() => db.get('SELECT 1')).code).toBe('store_failed');
  });
});
