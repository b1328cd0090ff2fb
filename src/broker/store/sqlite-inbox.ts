import { type Failure, failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Database } from '../../sqlite/open.ts';
import { StoreError } from '../../sqlite/store-error.ts';
import { parseStored } from '../../sqlite/stored-text.ts';
import type { Fate, Inbox, Parked } from './inbox.ts';
import { agentOf } from './mirror-rows.ts';

/** Bytes of commands that wait for one device. */
export const parkedBytes = 256 * 1024 * 1024;

type Row = {
  readonly position: number;
  readonly kind: Parked['kind'];
  readonly conversation_id: string;
  readonly agent: string;
  readonly key: string | null;
  readonly hash: string | null;
  readonly input_id: string;
  readonly frame: string;
  readonly at: number;
  readonly expires_at: number;
  readonly state: Parked['state'];
};

const columns = 'position, kind, conversation_id, agent, key, hash, input_id, frame, at, expires_at, state';

/** `later`: a connection whose commits do not wait for the disk. */
export function sqliteInbox(db: Database, later: Database, environment: string, id: string): Inbox {
  const select = (where: string, ...values: (string | number)[]): readonly Parked[] =>
    db
      .all<Row>(
        `SELECT ${columns} FROM parked WHERE environment = ? AND ${where} ORDER BY position`,
        environment,
        ...values,
      )
      .map(toParked);

  const remove = (position: number): void => {
    db.run('DELETE FROM parked WHERE environment = ? AND position = ?', environment, position);
  };

  const note = (position: number, state: Parked['state']): void => {
    db.run(
      'UPDATE parked SET state = ? WHERE environment = ? AND position = ?',
      state,
      environment,
      position,
    );
  };

  return {
    id,
    put(entry) {
      try {
        return db.transaction(() => park(db, environment, entry));
      } catch (error) {
        if (error instanceof StoreError) return failure(error.code, error.message);
        throw error;
      }
    },
    all: () => select('true'),
    of: (scope) => select('conversation_id = ? AND agent = ?', scope.conversation_id, agentOf(scope)),
    find: (scope, key) =>
      select(
        'conversation_id = ? AND agent = ? AND key = ?',
        scope.conversation_id,
        agentOf(scope),
        key,
      )[0] ?? null,
    sent: (position) => note(position, 'sent'),
    written: (position) => note(position, 'written'),
    remove,
    settle({ position, scope, key, inputId, hash }, fate) {
      db.transaction(() => {
        remove(position);
        if (key !== null) keepFate(db, environment, scope, key, { inputId, hash, ...fate });
      });
    },
    fate: (scope, key) => fateOf(db, environment, scope, key),
    pass({ conversation_id, agent_id }, key, hash, at) {
      const sql = `INSERT INTO passed (environment, conversation_id, agent, key, hash, at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (environment, conversation_id, agent, key) DO UPDATE SET at = excluded.at`;
      later.run(sql, environment, conversation_id, agentOf({ conversation_id, agent_id }), key, hash, at);
    },
    passed(scope, key) {
      const sql = `SELECT hash FROM passed
        WHERE environment = ? AND conversation_id = ? AND agent = ? AND key = ?`;
      const row = db.get<{ hash: string }>(sql, environment, scope.conversation_id, agentOf(scope), key);
      return row?.hash ?? null;
    },
    expire: (now) =>
      db.transaction(() => {
        const expired = select('expires_at <= ?', now);
        for (const { position } of expired) remove(position);
        return expired;
      }),
    first() {
      const sql = `SELECT coalesce(
        (SELECT min(position) FROM parked WHERE environment = ?),
        (SELECT seq + 1 FROM sqlite_sequence WHERE name = 'parked'), 1) AS first`;
      return db.get<{ first: number }>(sql, environment)?.first ?? 1;
    },
  };
}

/** [IN-4] AUTOINCREMENT gives no position twice, even when the last one was removed. */
function park(
  db: Database,
  environment: string,
  entry: Omit<Parked, 'position' | 'state'>,
): Parked | Failure {
  const { kind, scope, key, hash, inputId, at, expiresAt } = entry;
  const frame = JSON.stringify(entry.frame);
  const bytes = Buffer.byteLength(frame);
  const full = refusal(db, environment, bytes);
  if (full) return full;
  const sql = `INSERT INTO parked
    (environment, kind, conversation_id, agent, key, hash, input_id, frame, bytes, at, expires_at, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting') RETURNING position`;
  const ids = [environment, kind, scope.conversation_id, agentOf(scope), key, hash, inputId];
  const row = db.get<{ position: number }>(sql, ...ids, frame, bytes, at, expiresAt);
  if (!row) throw new StoreError({ code: 'store_failed', message: 'A parked command got no position.' });
  return { ...entry, position: row.position, state: 'waiting' };
}

function refusal(db: Database, environment: string, more: number): Failure | null {
  const sql =
    'SELECT count(*) AS entries, coalesce(sum(bytes), 0) AS bytes FROM parked WHERE environment = ?';
  const { entries, bytes } = db.get<{ entries: number; bytes: number }>(sql, environment) ?? {
    entries: 0,
    bytes: 0,
  };
  if (entries < limits.parked && bytes + more <= parkedBytes) return null;
  const what =
    entries < limits.parked ? `${parkedBytes / 1024 / 1024} MiB of them` : `${limits.parked} of them`;
  const message = `The device is away, and no more commands can wait for it: ${what} do. Send this again when the device is back.`;
  return failure('queue_full', message);
}

function keepFate(db: Database, environment: string, scope: Scope, key: string, fate: Fate): void {
  const { inputId, hash, state, code, at } = fate;
  // [IN-3] The first fate stays.
  const sql = `INSERT INTO fate
    (environment, conversation_id, agent, key, input_id, hash, state, code, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (environment, conversation_id, agent, key) DO NOTHING`;
  db.run(sql, environment, scope.conversation_id, agentOf(scope), key, inputId, hash, state, code, at);
}

function fateOf(db: Database, environment: string, scope: Scope, key: string): Fate | null {
  const sql = `SELECT input_id AS inputId, hash, state, code, at FROM fate
    WHERE environment = ? AND conversation_id = ? AND agent = ? AND key = ?`;
  const row = db.get<Fate>(sql, environment, scope.conversation_id, agentOf(scope), key);
  return row ? { ...row } : null;
}

function toParked(row: Row): Parked {
  const { position, kind, conversation_id, agent, key, hash, input_id: inputId, at, expires_at, state } = row;
  const scope = { agent_id: agent === '' ? null : agent, conversation_id };
  const frame = parseStored<Frame>(row.frame);
  return { position, kind, scope, key, hash, inputId, frame, at, expiresAt: expires_at, state };
}
