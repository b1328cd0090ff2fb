import type { Fact } from '../core/facts.ts';
import type { ReceiptState } from '../core/messages.ts';
import type { State } from '../core/state.ts';

export { type StoreCode, StoreError, type StoreFailure } from '../sqlite/store-error.ts';

/** `agent_id` null: a conversation without an agent. */
export type ScopeId = { readonly agent_id: string | null; readonly conversation_id: string };

/** What whoever opens a store of any kind decides. */
export type StoreOptions = {
  /** Version of `apply`: a checkpoint of another version is ignored and its conversation folded again. */
  readonly applyVersion: number;
  /** Mints names of homes, devices and logs; at least 128 random bits. Default: a random UUID. */
  readonly random?: () => string;
  /** What tells this machine from another. Default: `machineFingerprint()`. */
  readonly machine?: string;
};

export type InputRecord = {
  /** `client_message_id`, else `otid`, else minted. Unique per scope for ever. */
  readonly key: string;
  readonly input_id: string;
  /** SHA-256 over the content: the same key with another hash is a conflict. */
  readonly hash: string;
  readonly state: ReceiptState;
  readonly turn_id: string | null;
  readonly code: string | null;
  readonly at: number;
};

export type InputChange =
  | { readonly kind: 'add'; readonly input: InputRecord }
  | {
      readonly kind: 'move';
      readonly key: string;
      readonly state: ReceiptState;
      readonly turn_id?: string | null;
      readonly code?: string | null;
      readonly at: number;
    };

/** An event before it has a number: the frame's `type` and body fields, no envelope. */
export type EventDraft = { readonly type: string; readonly [field: string]: unknown };
/** `position`: its place in the feed, the events of all scopes in the order of their commits. Places increase, and leap. */
export type StoredEvent = { readonly event_seq: number; readonly position: number; readonly text: string };
/** A command out of a broker's inbox, by its place there. */
export type Consumed = { readonly inbox_id: string; readonly position: number };

export type ConversationRecord = ScopeId & {
  readonly log_id: string;
  readonly head: number;
  readonly facts: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly summary: string | null;
  readonly archived: boolean;
};

export type AgentRecord = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** Null: whatever model the device uses by default. */
  readonly model: string | null;
  readonly created_at: number;
  /** Fields a client gave that this program does not read; kept and given back. */
  readonly extra: Readonly<Record<string, unknown>>;
};

/** Everything one conversation wants durable at once; part of one transaction over the whole home. */
export type Commit = {
  readonly scope: ScopeId;
  readonly at: number;
  readonly facts: readonly Fact[];
  readonly events: readonly EventDraft[];
  readonly inputs: readonly InputChange[];
  /** The commands of inboxes that this is what they did (IN-4); one that is marked already stays so. */
  readonly consumed?: readonly Consumed[];
  /** Whether work is left after this commit: a turn, a queue, a doomed process. Absent: as before; false at first. */
  readonly busy?: boolean;
  /** Control state after these facts, when a checkpoint is due. */
  readonly checkpoint?: State;
};

export type Committed = { readonly log_id: string; readonly events: readonly StoredEvent[] };

export type Loaded = {
  readonly record: ConversationRecord;
  readonly checkpoint: { readonly facts: number; readonly state: State } | null;
  /** Facts after the checkpoint, or all of them; without the text of turns that are over, which says nothing about the state. */
  readonly facts: readonly Fact[];
};

export type Gap = { readonly from: number; readonly to: number };
export type Page = { readonly events: readonly StoredEvent[]; readonly gap: Gap | null };
export type HistoryFact = { readonly n: number; readonly fact: Fact };

/** `olderThan`: milliseconds since the epoch, exclusive. */
export type TrimPolicy = { readonly olderThan: number; readonly maxBytes: number };
export type Trimmed = { readonly events: number; readonly facts: number };

/**
 * The device's store. All methods are synchronous; each throws only `StoreError`: `store_full`, `store_corrupt`,
 * `store_unwritable`, `store_newer`, `store_failed`, and whatever writes also `lease_lost` once another process has opened it.
 */
export interface Store {
  /** Stable id of this home; minted at first open. */
  readonly homeId: string;
  readonly deviceId: string;
  /** Random name of what places of the feed count in; a home on another machine has another (HOME-3). */
  readonly feedId: string;
  /** Number of the lease this process writes under; every commit checks it (HOME-2). */
  readonly lease: number;

  /**
   * One transaction over all the conversations: all of it or nothing (SEQ-1). An unknown conversation, an input key that is
   * taken or unknown, and a move of an input out of a terminal state (IN-3) are mistakes of the caller: `store_failed`.
   */
  commit(batch: readonly Commit[]): readonly Committed[];

  /** Makes the conversation's row (random `log_id`); its first facts come with the next commit. `store_failed` where it is or was. */
  createConversation(scope: ScopeId, at: number): ConversationRecord;
  load(scope: ScopeId): Loaded | null;
  /** Facts of `historyKinds`, oldest first, from fact number `after` (exclusive). */
  history(scope: ScopeId, after?: number): readonly HistoryFact[];
  input(scope: ScopeId, key: string): InputRecord | null;
  /** Last changed first. Without an argument all of them; with null those without an agent. */
  conversations(agentId?: string | null): readonly ConversationRecord[];
  conversation(scope: ScopeId): ConversationRecord | null;
  /** The one conversation with that id under any agent; null when there is none or more than one. */
  findConversation(conversationId: string): ConversationRecord | null;
  updateConversation(
    scope: ScopeId,
    patch: { readonly summary?: string | null; readonly archived?: boolean },
    at: number,
  ): void;
  /** Scopes whose last commit that said so was `busy`. */
  unfinished(): readonly ScopeId[];

  /** Oldest first. */
  agents(): readonly AgentRecord[];
  agent(id: string): AgentRecord | null;
  putAgent(agent: AgentRecord): void;
  /** Deletes the agent and its conversations; tombstones of the conversations stay. */
  deleteAgent(id: string): void;
  /** True for a conversation that was here and was deleted. */
  deleted(scope: ScopeId): boolean;

  /** Head of the log, or null when there is no such conversation. */
  head(scope: ScopeId): { readonly log_id: string; readonly event_seq: number } | null;
  /**
   * Stored events after `after`, oldest first, as many as fit into `maxBytes` of text but at least one; `gap` names the
   * numbers between `after` and the first of them (or the head) that retention took.
   */
  read(scope: ScopeId, after: number, maxBytes: number): Page;

  /** What is left of the feed after the place `after`, oldest first, as much as fits into `maxBytes` of text but at least one event. */
  feed(after: number, maxBytes: number): readonly StoredEvent[];
  /** The place of the newest event, also when retention took it; 0 before the first. */
  feedHead(): number;
  /** The marks of that inbox from `from` on (inclusive), ascending. */
  consumed(inboxId: string, from: number): readonly number[];
  /** Takes away the marks of that inbox below `below`: they will not be asked for again. */
  forgetConsumed(inboxId: string, below: number): void;

  /**
   * Takes away events and `trimmableKinds` facts that are older than `olderThan`, and the oldest while they come to
   * more than `maxBytes` of text in all; no fact after its conversation's last checkpoint. One bounded batch per call, so
   * that nobody waits long: call again at a later turn of the event loop until nothing went.
   */
  trim(policy: TrimPolicy): Trimmed;
  meta(key: string): string | null;
  setMeta(key: string, value: string): void;
  close(): void;
}
