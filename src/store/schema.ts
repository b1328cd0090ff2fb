import type { Migration } from '../sqlite/migrate.ts';

/**
 * `agent` is '' for a conversation without one, so that the scope is a plain unique key. `bytes` is the text that retention
 * may take: all kept events and delta facts. An event's `position` is its place in the feed (`Home.feed`). A commit changes
 * few pages: each page more is four kilobytes to flush.
 */
const first = `
CREATE TABLE home (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  home_id TEXT NOT NULL,
  device_id TEXT NOT NULL,
  machine TEXT NOT NULL,
  lease INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE agent (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;

CREATE TABLE conversation (
  id INTEGER PRIMARY KEY,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  log_id TEXT NOT NULL,
  head INTEGER NOT NULL DEFAULT 0,
  facts INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  busy INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  summary TEXT,
  archived INTEGER NOT NULL DEFAULT 0,
  UNIQUE (conversation_id, agent)
) STRICT;
CREATE INDEX conversation_busy ON conversation (id) WHERE busy = 1;

CREATE TABLE tombstone (
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  PRIMARY KEY (conversation_id, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
  n INTEGER NOT NULL,
  kind TEXT NOT NULL,
  v INTEGER NOT NULL,
  at INTEGER NOT NULL,
  history INTEGER NOT NULL,
  delta INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (conversation, n)
) STRICT;
CREATE INDEX fact_history ON fact (conversation, n) WHERE history = 1;
CREATE INDEX fact_delta ON fact (at) WHERE delta = 1;

CREATE TABLE checkpoint (
  conversation INTEGER PRIMARY KEY REFERENCES conversation ON DELETE CASCADE,
  facts INTEGER NOT NULL,
  apply INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;

CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (conversation, seq)
) STRICT;

CREATE TABLE input (
  conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
  key TEXT NOT NULL,
  input_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  state TEXT NOT NULL,
  turn_id TEXT,
  code TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (conversation, key)
) STRICT, WITHOUT ROWID;
`;

/** `feed_floor`: the place of the newest event that is no longer kept, so that the feed's head never falls. */
const feed = `
ALTER TABLE home ADD COLUMN feed_id TEXT NOT NULL DEFAULT '';
ALTER TABLE home ADD COLUMN feed_floor INTEGER NOT NULL DEFAULT 0;

CREATE TABLE consumed (
  inbox_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (inbox_id, position)
) STRICT, WITHOUT ROWID;
`;

export const migrations: readonly Migration[] = [
  { since: '0.1.0', sql: first },
  { since: '0.2.0', sql: feed },
];
