import type { Fact } from '../core/facts.ts';
import type { State } from '../core/state.ts';

/** `agent_id` null: a conversation without an agent. */
export type ScopeId = { readonly agent_id: string | null; readonly conversation_id: string };

/** The settled or coming fate of an input (IN-2). */
export type ReceiptState =
  | 'accepted'
  | 'queued'
  | 'started'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'rejected'
  | 'indeterminate';

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
export type StoredEvent = { readonly event_seq: number; readonly text: string };

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
  readonly model: string;
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
  /** Control state after these facts, when a checkpoint is due. */
  readonly checkpoint?: State;
};

export type Committed = { readonly log_id: string; readonly events: readonly StoredEvent[] };

export type Loaded = {
  readonly record: ConversationRecord;
  readonly checkpoint: { readonly facts: number; readonly state: State } | null;
  /** Facts after the checkpoint, or all of them. */
  readonly facts: readonly Fact[];
};

export type Gap = { readonly from: number; readonly to: number };

/** A failure of the store, by code of `src/protocol/errors.ts`: store_full, store_corrupt, store_unwritable, store_newer, lease_lost, store_failed. */
export type StoreFailure = { readonly code: string; readonly message: string };

export class StoreError extends Error {
  readonly code: string;
  constructor(failure: StoreFailure, cause?: unknown) {
    super(failure.message, { cause });
    this.name = 'StoreError';
    this.code = failure.code;
  }
}

/** The device's store. All methods are synchronous; each throws only `StoreError`. */
export interface Store {
  /** Stable id of this home; minted at first open. */
  readonly homeId: string;
  readonly deviceId: string;
  /** Number of the lease this process writes under; every commit checks it (HOME-2). */
  readonly lease: number;

  /** One transaction over all the conversations: all of it or nothing (SEQ-1). */
  commit(batch: readonly Commit[]): readonly Committed[];

  /** Makes the conversation's row (random `log_id`); its first facts come with the next commit. */
  createConversation(scope: ScopeId, at: number): ConversationRecord;
  load(scope: ScopeId): Loaded | null;
  /** Facts of `historyKinds`, oldest first, from fact number `after` (exclusive). */
  history(scope: ScopeId, after?: number): readonly { readonly n: number; readonly fact: Fact }[];
  input(scope: ScopeId, key: string): InputRecord | null;
  conversations(agentId?: string | null): readonly ConversationRecord[];
  conversation(scope: ScopeId): ConversationRecord | null;
  /** The one conversation with that id under any agent. */
  findConversation(conversationId: string): ConversationRecord | null;
  updateConversation(
    scope: ScopeId,
    patch: { summary?: string | null; archived?: boolean },
    at: number,
  ): void;
  /** Scopes whose last checkpoint or facts show unfinished work: a turn, a queue, a doomed process. */
  unfinished(): readonly ScopeId[];

  agents(): readonly AgentRecord[];
  agent(id: string): AgentRecord | null;
  putAgent(agent: AgentRecord): void;
  /** Deletes the agent and its conversations; tombstones of the conversations stay. */
  deleteAgent(id: string): void;
  /** True for a conversation that was here and was deleted. */
  deleted(scope: ScopeId): boolean;

  /** Head of the log, or null when there is no such conversation. */
  head(scope: ScopeId): { readonly log_id: string; readonly event_seq: number } | null;
  /** Stored events after `after`, oldest first, until `maxBytes` is passed (at least one); `gap` where retention took the beginning. */
  read(
    scope: ScopeId,
    after: number,
    maxBytes: number,
  ): { readonly events: readonly StoredEvent[]; readonly gap: Gap | null };

  /** Trims delta facts and events by age and total size (retention of the design); returns what went. */
  trim(policy: { readonly olderThan: number; readonly maxBytes: number }): {
    readonly events: number;
    readonly facts: number;
  };
  meta(key: string): string | null;
  setMeta(key: string, value: string): void;
  close(): void;
}
