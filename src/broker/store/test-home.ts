import { copyFileSync, existsSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { virtualClock } from '../../link/virtual-clock.ts';
import type { Scope } from '../../protocol/shapes.ts';
import type { Parked } from './inbox.ts';
import type { Mirror } from './mirror.ts';
import { type BrokerStore, type BrokerStoreOptions, openBrokerStore } from './store.ts';

export const agentA: Scope = { agent_id: 'agent-a', conversation_id: 'default' };
export const agentB: Scope = { agent_id: 'agent-b', conversation_id: 'default' };
export const noAgent: Scope = { agent_id: null, conversation_id: 'default' };

export type Trouble = { readonly what: string; readonly error: unknown };

/** A folder with `broker.db`, and what may happen to it. */
export class TestHome {
  readonly clock = virtualClock();
  readonly troubles: Trouble[] = [];
  folder = mkdtempSync(join(tmpdir(), 'farhand-broker-'));
  readonly #folders = [this.folder];
  readonly #opened: BrokerStore[] = [];

  open(options: Partial<BrokerStoreOptions> = {}): BrokerStore {
    const store = openBrokerStore(this.folder, {
      clock: this.clock,
      durability: 'process',
      onTrouble: (what, error) => this.troubles.push({ what, error }),
      ...options,
    });
    this.#opened.push(store);
    return store;
  }

  /** The files as a process leaves them that dies now, in a folder of their own, from now on. `walBytes`: the rest of the log is lost. */
  crash(walBytes?: number): void {
    const from = this.folder;
    const to = mkdtempSync(join(tmpdir(), 'farhand-broker-'));
    this.#folders.push(to);
    this.folder = to;
    for (const file of ['broker.db', 'broker.db-wal']) {
      if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
    }
    if (walBytes !== undefined) truncateSync(join(to, 'broker.db-wal'), walBytes);
  }

  /** From now on, or until it works again, the disk takes no events. */
  disk(works: boolean): void {
    const fails =
      "CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'the disk fails'); END";
    this.exec(works ? 'DROP TRIGGER broken' : fails);
  }

  exec(sql: string): void {
    const raw = new DatabaseSync(join(this.folder, 'broker.db'));
    raw.exec(sql);
    raw.close();
  }

  query<Row>(sql: string): Row[] {
    const raw = new DatabaseSync(join(this.folder, 'broker.db'), { readOnly: true });
    try {
      return raw.prepare(sql).all() as Row[];
    } finally {
      raw.close();
    }
  }

  leave(): void {
    for (const store of this.#opened) store.close();
    for (const folder of this.#folders) rmSync(folder, { recursive: true });
  }
}

type Told = { readonly seqs: number[]; readonly texts: string[]; readonly gaps: [number, number][] };

/** All that a mirror has of a conversation, read in pages of that many bytes. */
export function readAll(mirror: Mirror, scope: Scope, maxBytes = 1e6): Told {
  const told: Told = { seqs: [], texts: [], gaps: [] };
  for (let after = 0; ; ) {
    const { events, gap } = mirror.read(scope, after, maxBytes);
    if (gap) told.gaps.push([gap.from, gap.to]);
    for (const { event_seq, text } of events) {
      told.seqs.push(event_seq);
      told.texts.push(text);
    }
    const last = events.at(-1);
    if (!last) return told;
    after = last.event_seq;
  }
}

/** A message that waits; it expires a week later. */
export function message(key: string, at: number, text = 'hello'): Omit<Parked, 'position' | 'state'> {
  const frame = { type: 'input', runtime: agentA, payload: { kind: 'create_message', text } };
  const expiresAt = at + 7 * 24 * 60 * 60 * 1000;
  return {
    kind: 'message',
    scope: agentA,
    key,
    hash: `hash of ${text}`,
    inputId: `input-${key}`,
    frame,
    at,
    expiresAt,
  };
}
