import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import type { Privilege } from '../../protocol/privileges.ts';
import { type Database, openDatabase } from '../../sqlite/open.ts';
import { parseStored } from '../../sqlite/stored-text.ts';
import { tokenMigrations } from './schema.ts';
import type { TokenKind, TokenRecord, Tokens } from './tokens.ts';

export type TokensOptions = {
  /** Default: the system's random numbers. */
  readonly random?: (bytes: number) => Buffer;
};

type Row = {
  readonly id: string;
  readonly hash: Uint8Array;
  readonly kind: TokenKind;
  readonly name: string;
  readonly privileges: string;
  readonly devices: string | null;
  readonly agents: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
};

/** [SEC-9] 256 bits, and behind them six characters that tell a mistyped token without a look into the file. */
const secretBytes = 32;
const checksumLength = 6;
const shape = /^(fh_(?:client|device)_[A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/;

/**
 * Opens or makes `tokens.db` in that folder. Several processes may have it open.
 * @throws StoreError like `openDatabase`; so do the methods.
 */
export function openTokens(home: string, { random = randomBytes }: TokensOptions = {}): Tokens {
  const db = openDatabase(join(home, 'tokens.db'), { migrations: tokenMigrations });
  const changes = countChanges(db);
  /** The tokens that were shown since the file last changed, by their hashes. */
  const known = new Map<string, TokenRecord>();
  let knownAt = changes.count();

  function find(hash: Buffer): TokenRecord | undefined {
    const now = changes.count();
    if (now !== knownAt) known.clear();
    knownAt = now;
    const key = hash.toString('base64url');
    const record = known.get(key) ?? recordOf(db, hash);
    if (record) known.set(key, record);
    return record;
  }

  return {
    create(request, now) {
      const secret = `fh_${request.kind}_${random(secretBytes).toString('base64url')}`;
      const token = secret + checksumOf(secret);
      const record: TokenRecord = {
        ...request,
        id: `token-${random(8).toString('hex')}`,
        createdAt: now,
        revokedAt: null,
      };
      insert(db, record, hashOf(token));
      changes.own();
      return { record, token };
    },
    check(token, kind, now) {
      const record = isWellFormed(token) ? find(hashOf(token)) : undefined;
      if (!record) return { ok: false, why: 'unknown' };
      if (record.kind !== kind) return { ok: false, why: 'kind' };
      if (record.revokedAt !== null) return { ok: false, why: 'revoked' };
      if (record.expiresAt !== null && record.expiresAt <= now) return { ok: false, why: 'expired' };
      return { ok: true, record };
    },
    list: () => db.all<Row>('SELECT * FROM token ORDER BY created_at, id').map(toRecord),
    revoke(id, now) {
      const changed = db.run('UPDATE token SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?', now, id);
      changes.own();
      return changed > 0;
    },
    version: () => changes.count(),
    close: () => db.close(),
  };
}

/** SQLite's own number changes for the writes of other connections alone. */
function countChanges(db: Database): { own(): void; count(): number } {
  const others = (): number => db.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
  let seen = others();
  let changes = 0;
  return {
    own: () => {
      changes += 1;
    },
    count() {
      const now = others();
      if (now !== seen) changes += 1;
      seen = now;
      return changes;
    },
  };
}

function recordOf(db: Database, hash: Buffer): TokenRecord | undefined {
  const row = db.get<Row>('SELECT * FROM token WHERE hash = ?', hash);
  return row && timingSafeEqual(row.hash, hash) ? toRecord(row) : undefined;
}

function insert(db: Database, record: TokenRecord, hash: Buffer): void {
  const { id, kind, name, privileges, devices, agents, createdAt, expiresAt } = record;
  db.run(
    `INSERT INTO token (id, hash, kind, name, privileges, devices, agents, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    hash,
    kind,
    name,
    JSON.stringify(privileges),
    devices && JSON.stringify(devices),
    agents && JSON.stringify(agents),
    createdAt,
    expiresAt,
  );
}

function toRecord(row: Row): TokenRecord {
  const { id, kind, name, privileges, devices, agents } = row;
  return {
    id,
    kind,
    name,
    privileges: parseStored<readonly Privilege[]>(privileges),
    devices: devices === null ? null : parseStored<readonly string[]>(devices),
    agents: agents === null ? null : parseStored<readonly string[]>(agents),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}

function isWellFormed(token: string): boolean {
  const [, secret, checksum] = shape.exec(token) ?? [];
  return secret !== undefined && checksumOf(secret) === checksum;
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const checksumOf = (secret: string): string => hashOf(secret).toString('base64url').slice(0, checksumLength);
