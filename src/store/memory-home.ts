import { historyKinds, trimmableKinds, turnEnd } from '../core/facts.ts';
import type { State } from '../core/state.ts';
import { noSuchConversation, refused } from './conversations.ts';
import { eventText } from './event-text.ts';
import { changedInput } from './input-move.ts';
import { gapBefore } from './read.ts';
import type {
  Commit,
  Committed,
  ConversationRecord,
  InputRecord,
  Loaded,
  Page,
  ScopeId,
  StoredEvent,
  Trimmed,
  TrimPolicy,
} from './store.ts';
import { parseStored, readFact } from './stored-text.ts';
import { chooseTrim, trimBatch } from './trim-choice.ts';

type StoredFact = {
  readonly n: number;
  readonly at: number;
  readonly history: boolean;
  readonly delta: boolean;
  readonly text: string;
};
type KeptEvent = StoredEvent & { readonly at: number };

/** Everything of a conversation; replaced as a whole, so that a failed batch leaves the old one. */
type Conversation = {
  readonly record: ConversationRecord;
  readonly busy: boolean;
  readonly facts: readonly StoredFact[];
  readonly events: readonly KeptEvent[];
  readonly inputs: ReadonlyMap<string, InputRecord>;
  readonly checkpoint: { readonly facts: number; readonly apply: number; readonly state: string } | null;
};

/** What stays when a store in memory is closed: open it again with the same home. */
export type MemoryHome = {
  homeId: string;
  deviceId: string;
  machine: string;
  feedId: string;
  lease: number;
  /** The place of the newest event, kept or not. */
  feedHead: number;
  /** Marks by inbox. */
  consumed: Map<string, readonly number[]>;
  conversations: Map<string, Conversation>;
  agents: Map<string, string>;
  tombstones: Set<string>;
  meta: Map<string, string>;
};

export function memoryHome(): MemoryHome {
  return {
    homeId: '',
    deviceId: '',
    machine: '',
    feedId: '',
    lease: 0,
    feedHead: 0,
    consumed: new Map(),
    conversations: new Map(),
    agents: new Map(),
    tombstones: new Set(),
    meta: new Map(),
  };
}

export function keyOf(scope: ScopeId): string {
  return `${scope.conversation_id}\n${scope.agent_id ?? ''}`;
}

export function known(home: MemoryHome, scope: ScopeId): Conversation {
  const found = home.conversations.get(keyOf(scope));
  if (!found) throw noSuchConversation(scope);
  return found;
}

export function takeLease(home: MemoryHome, machine: string, random: () => string): void {
  const isNew = home.lease === 0;
  if (isNew) home.homeId = random();
  if (home.machine !== machine) {
    home.machine = machine;
    home.deviceId = random();
    home.feedId = random();
    home.feedHead = 0;
    for (const [key, found] of home.conversations) {
      const record = { ...found.record, log_id: random(), head: 0 };
      home.conversations.set(key, { ...found, record, events: [] });
    }
  }
  home.lease += 1;
}

export function create(draft: MemoryHome, scope: ScopeId, at: number, log_id: string): ConversationRecord {
  const key = keyOf(scope);
  if (draft.conversations.has(key)) throw refused(scope, 'exists already');
  if (draft.tombstones.has(key)) throw refused(scope, 'was deleted, and its id is not used again');
  const { agent_id, conversation_id } = scope;
  const times = { created_at: at, updated_at: at };
  const record = {
    agent_id,
    conversation_id,
    log_id,
    head: 0,
    facts: 0,
    ...times,
    summary: null,
    archived: false,
  };
  const empty = { busy: false, facts: [], events: [], inputs: new Map(), checkpoint: null };
  draft.conversations.set(key, { record, ...empty });
  return record;
}

export function commitOne(
  draft: MemoryHome,
  commit: Commit,
  applyVersion: number,
  place: () => number,
): Committed {
  const before = known(draft, commit.scope);
  const { log_id, head, facts } = before.record;
  const newFacts = commit.facts.map((fact, index) => ({
    n: facts + index + 1,
    at: commit.at,
    history: historyKinds.has(fact.kind),
    delta: trimmableKinds.has(fact.kind),
    text: JSON.stringify(fact),
  }));
  const events = commit.events.map((event, index) => {
    const event_seq = head + index + 1;
    const text = eventText(event, { scope: commit.scope, log_id, event_seq, at: commit.at });
    return { event_seq, position: place(), text };
  });
  const kept = events.map((event) => ({ ...event, at: commit.at }));
  draft.feedHead = events.at(-1)?.position ?? draft.feedHead;
  const inputs = new Map(before.inputs);
  for (const change of commit.inputs) {
    const key = change.kind === 'add' ? change.input.key : change.key;
    inputs.set(key, { ...changedInput(inputs.get(key) ?? null, change) });
  }
  for (const { inbox_id, position } of commit.consumed ?? []) {
    const marks = new Set(draft.consumed.get(inbox_id)).add(position);
    draft.consumed.set(
      inbox_id,
      [...marks].sort((a, b) => a - b),
    );
  }
  const record = {
    ...before.record,
    head: head + events.length,
    facts: facts + newFacts.length,
    updated_at: commit.at,
  };
  const checkpoint = commit.checkpoint
    ? { facts: record.facts, apply: applyVersion, state: JSON.stringify(commit.checkpoint) }
    : before.checkpoint;
  draft.conversations.set(keyOf(commit.scope), {
    record,
    busy: commit.busy ?? before.busy,
    facts: [...before.facts, ...newFacts],
    events: [...before.events, ...kept],
    inputs,
    checkpoint,
  });
  return { log_id, events };
}

export function load(found: Conversation, applyVersion: number): Loaded {
  const { record } = found;
  const stored = found.checkpoint?.apply === applyVersion ? found.checkpoint : null;
  const checkpoint = stored && { facts: stored.facts, state: parseStored<State>(stored.state) };
  const after = checkpoint?.facts ?? 0;
  const later = found.facts.filter((fact) => fact.n > after).map((fact) => readFact(fact.text));
  const over = later.findLastIndex((fact) => fact.kind === turnEnd);
  const facts = later.filter((fact, n) => n > over || !trimmableKinds.has(fact.kind));
  return { record, checkpoint, facts };
}

export function page(found: Conversation | null, after: number, maxBytes: number): Page {
  if (!found) return { events: [], gap: null };
  const later = found.events.filter((event) => event.event_seq > after);
  const events = fitting(later, maxBytes);
  return { events, gap: gapBefore(events, after, found.record.head) };
}

export function feed(home: MemoryHome, after: number, maxBytes: number): readonly StoredEvent[] {
  const all = [...home.conversations.values()].flatMap(({ events }) => events);
  const later = all.filter(({ position }) => position > after).sort((a, b) => a.position - b.position);
  return fitting(later, maxBytes);
}

function fitting(kept: readonly KeptEvent[], maxBytes: number): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for (const { event_seq, position, text } of kept) {
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes && events.length > 0) break;
    events.push({ event_seq, position, text });
  }
  return events;
}

export function trimOnce(draft: MemoryHome, policy: TrimPolicy): Trimmed {
  const all = [...draft.conversations.values()];
  const size = <Row extends { readonly text: string }>(row: Row) => ({
    row,
    bytes: Buffer.byteLength(row.text),
  });
  const events = all
    .flatMap((found) =>
      found.events.map((event) => ({ ...size(event), at: event.at, position: event.position })),
    )
    .sort((a, b) => a.position - b.position);
  const deltas = all
    .flatMap((found) =>
      found.facts.filter((fact) => fact.delta).map((fact) => ({ ...size(fact), at: fact.at, found })),
    )
    .sort((a, b) => a.at - b.at);
  const covered = deltas.filter(({ row, found }) => row.n <= (found.checkpoint?.facts ?? 0));
  const total = [...events, ...deltas].reduce((sum, { bytes }) => sum + bytes, 0);
  const gone = chooseTrim(events.slice(0, trimBatch), covered.slice(0, trimBatch), {
    olderThan: policy.olderThan,
    excess: total - policy.maxBytes,
  });
  const rows = new Set<StoredFact | StoredEvent>([...gone.events, ...gone.deltas].map(({ row }) => row));
  for (const [key, found] of draft.conversations) {
    draft.conversations.set(key, {
      ...found,
      facts: found.facts.filter((fact) => !rows.has(fact)),
      events: found.events.filter((event) => !rows.has(event)),
    });
  }
  return { events: gone.events.length, facts: gone.deltas.length };
}
