import type { Database } from '../sqlite/open.ts';
import { feedHead, raiseFloor } from './feed.ts';
import type { AgentRecord } from './store.ts';
import { parseStored } from './stored-text.ts';

type Row = { readonly body: string };

export function listAgents(db: Database): readonly AgentRecord[] {
  return db.all<Row>('SELECT body FROM agent ORDER BY created_at, id').map(toAgent);
}

export function findAgent(db: Database, id: string): AgentRecord | null {
  const row = db.get<Row>('SELECT body FROM agent WHERE id = ?', id);
  return row ? toAgent(row) : null;
}

export function putAgent(db: Database, agent: AgentRecord): void {
  db.run(
    `INSERT INTO agent (id, created_at, body) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, body = excluded.body`,
    agent.id,
    agent.created_at,
    JSON.stringify(agent),
  );
}

/** Takes the agent and all that its conversations hold; their names stay as tombstones. */
export function deleteAgent(db: Database, id: string): void {
  db.run(
    'INSERT INTO tombstone (conversation_id, agent) SELECT conversation_id, agent FROM conversation WHERE agent = ?',
    id,
  );
  raiseFloor(db, feedHead(db));
  db.run('DELETE FROM conversation WHERE agent = ?', id);
  db.run('DELETE FROM agent WHERE id = ?', id);
}

function toAgent(row: Row): AgentRecord {
  return parseStored<AgentRecord>(row.body);
}
