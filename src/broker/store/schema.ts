import type { Migration } from '../../sqlite/migrate.ts';

/**
 * `agent` is '' for a conversation without one. A mirror is one device's feed; one whose `environment` is null was put out by another
 * feed, and a `dropped` log by another log of its conversation: retention takes their events away, a few at a time. `mirror.bytes` is
 * what all of its events and states cost, `conversation.bytes` its states' part of that. An `id` of `event` is its age: the lower the
 * older.
 */
const broker = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE environment (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  device_id TEXT NOT NULL,
  listener_instance_id TEXT NOT NULL,
  connection_name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  last_heartbeat INTEGER,
  last_seen_at INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  current_mode TEXT,
  working_directory TEXT,
  git_branch TEXT,
  bound_to TEXT,
  UNIQUE (device_id, listener_instance_id)
) STRICT;

CREATE TABLE lease (
  n INTEGER PRIMARY KEY,
  connection_id TEXT NOT NULL UNIQUE,
  environment TEXT NOT NULL,
  token TEXT,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX lease_environment ON lease (environment, n);
CREATE INDEX lease_age ON lease (seen_at);

CREATE TABLE mirror (
  id INTEGER PRIMARY KEY,
  environment TEXT UNIQUE,
  feed_id TEXT,
  have INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX mirror_dropped ON mirror (id) WHERE environment IS NULL;
CREATE INDEX mirror_size ON mirror (bytes);

CREATE TABLE conversation (
  id INTEGER PRIMARY KEY,
  mirror INTEGER NOT NULL,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  log INTEGER NOT NULL,
  log_id TEXT,
  head INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (mirror, conversation_id, agent)
) STRICT;
CREATE INDEX conversation_age ON conversation (mirror, at);

CREATE TABLE state (
  conversation INTEGER NOT NULL,
  type TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (conversation, type)
) STRICT;

CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  mirror INTEGER NOT NULL,
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (log, seq)
) STRICT;
CREATE INDEX event_age ON event (mirror, id);

CREATE TABLE dropped (log INTEGER PRIMARY KEY) STRICT;

CREATE TABLE parked (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  environment TEXT NOT NULL,
  kind TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  key TEXT,
  hash TEXT,
  input_id TEXT NOT NULL,
  frame TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX parked_environment ON parked (environment, position, bytes);
CREATE INDEX parked_scope ON parked (environment, conversation_id, agent, key);
CREATE INDEX parked_age ON parked (expires_at);

CREATE TABLE fate (
  environment TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  key TEXT NOT NULL,
  input_id TEXT NOT NULL,
  hash TEXT,
  state TEXT NOT NULL,
  code TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (environment, conversation_id, agent, key)
) STRICT;
CREATE INDEX fate_age ON fate (at);

CREATE TABLE passed (
  environment TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  key TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (environment, conversation_id, agent, key)
) STRICT;
CREATE INDEX passed_age ON passed (at);
`;

/** Lists are JSON; null: no bound. */
const tokens = `
CREATE TABLE token (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  privileges TEXT NOT NULL,
  devices TEXT,
  agents TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;
`;

/** Of `broker.db`. */
export const brokerMigrations: readonly Migration[] = [{ since: '0.2.0', sql: broker }];
/** Of `tokens.db`. */
export const tokenMigrations: readonly Migration[] = [{ since: '0.2.0', sql: tokens }];
