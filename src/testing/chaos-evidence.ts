import { DatabaseSync } from 'node:sqlite';
import { type Fact, upcast } from '../core/facts.ts';
import { scopeKey } from '../protocol/shapes.ts';
import type { MemoryHome } from '../store/memory-home.ts';
import type { InputRecord, ScopeId, StoredEvent } from '../store/store.ts';

/** Everything that a store holds of one conversation, whatever it is made of. */
export type Kept = {
  readonly scope: ScopeId;
  readonly log_id: string;
  readonly head: number;
  readonly facts: readonly Fact[];
  readonly events: readonly Pick<StoredEvent, 'event_seq' | 'text'>[];
  readonly inputs: readonly InputRecord[];
};

/** By `scopeKey`. */
export type KeptByScope = ReadonlyMap<string, Kept>;

export function keptInMemory(home: MemoryHome): KeptByScope {
  return byScope(
    [...home.conversations.values()].map(({ record, facts, events, inputs }) => ({
      scope: { agent_id: record.agent_id, conversation_id: record.conversation_id },
      log_id: record.log_id,
      head: record.head,
      facts: facts.map(({ text }) => readFact(text)),
      events,
      inputs: [...inputs.values()],
    })),
  );
}

type Row = {
  readonly id: number;
  readonly conversation_id: string;
  readonly agent: string;
  readonly log_id: string;
  readonly head: number;
};

/** Reads the file as it lies there, beside the store and without its lease: to be called when the owner is gone. */
export function keptInFile(path: string): KeptByScope {
  const db = new DatabaseSync(path, { readOnly: true });
  const all = <T>(sql: string, ...values: number[]): T[] => db.prepare(sql).all(...values) as T[];
  try {
    const rows = all<Row>('SELECT id, agent, conversation_id, log_id, head FROM conversation');
    return byScope(
      rows.map(({ id, agent, conversation_id, log_id, head }) => ({
        scope: { agent_id: agent || null, conversation_id },
        log_id,
        head,
        facts: all<{ body: string }>('SELECT body FROM fact WHERE conversation = ? ORDER BY n', id).map(
          ({ body }) => readFact(body),
        ),
        events: all<StoredEvent>(
          'SELECT seq AS event_seq, text FROM event WHERE conversation = ? ORDER BY seq',
          id,
        ),
        inputs: all<InputRecord>('SELECT * FROM input WHERE conversation = ?', id),
      })),
    );
  } finally {
    db.close();
  }
}

const byScope = (all: readonly Kept[]): KeptByScope =>
  new Map(all.map((kept) => [scopeKey(kept.scope), kept]));

function readFact(text: string): Fact {
  const fact = upcast(JSON.parse(text));
  if (!fact) throw new Error(`the store holds a fact that this program does not know: ${text}`);
  return fact;
}
