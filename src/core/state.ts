import type { Mode } from '../protocol/modes.ts';
import type { CompactionCause, Doomed, Mark, Process, QueuedInput, RequestedCall, Task } from './facts.ts';

/** `waiting`: its turn has not come. `asked`: a person decides. `running`: durable before its effect began. `settled`: has its result. */
export type CallStatus = 'waiting' | 'asked' | 'running' | 'settled';

export type Call = RequestedCall & {
  readonly run: string;
  readonly status: CallStatus;
  /** Null until somebody or a rule decided. */
  readonly allowed: boolean | null;
  readonly reason: string | null;
  /** What the tool is given: the person's edit where there is one. */
  readonly edited: Readonly<Record<string, unknown>> | null;
  /** When it was requested, asked about or started, whichever came last. */
  readonly since: number;
  readonly process: Process | null;
  readonly mark: Mark | null;
};

export type OpenMessage = {
  readonly id: string;
  readonly field: 'assistant' | 'reasoning';
  readonly text: string;
};

/** One call of a model, from the request to its last word. */
export type Run = {
  readonly id: string;
  /** 1, 2, …: counts the tries for one answer. */
  readonly attempt: number;
  readonly failures: number;
  readonly streaming: boolean;
  readonly messages: readonly OpenMessage[];
  /** When to try again; null while the call is out. */
  readonly retryAt: number | null;
  readonly at: number;
};

/** A summary in the making; nothing else is asked of the model meanwhile. */
export type Compaction = {
  readonly id: string;
  readonly cause: CompactionCause;
  readonly attempt: number;
  readonly failures: number;
  /** When to try again; null while it is being made. */
  readonly retryAt: number | null;
  readonly at: number;
};

export type Turn = {
  readonly id: string;
  readonly inputs: readonly QueuedInput[];
  readonly run: Run | null;
  /** Every run of this turn, the latest last: an abort may name any of them (ABT-1). */
  readonly runs: readonly string[];
  readonly calls: readonly Call[];
  readonly steps: number;
  /** The model refused a request for its length, and has not answered since. */
  readonly overflowed: boolean;
  readonly at: number;
};

/** What a conversation is now: the fold of its facts, without its history (that stays rows). */
export type State = {
  readonly agent_id: string | null;
  readonly conversation_id: string;
  readonly mode: Mode;
  /** Null: the agent's. */
  readonly model: string | null;
  /** How hard the model shall think, in its provider's words; null: the model's own. */
  readonly effort: string | null;
  /** The file of the plan that is being made (PERM-5). */
  readonly planning: string | null;
  readonly cwd: string;
  readonly cwdRevision: number;
  readonly queue: readonly QueuedInput[];
  /** Number of the next queue id. */
  readonly nextItem: number;
  readonly turn: Turn | null;
  readonly compaction: Compaction | null;
  /** What the model said of its last request: tokens in and out, and how many it can take; null after a compaction. */
  readonly context: { readonly tokens: number; readonly window: number | null } | null;
  readonly tasks: readonly Task[];
  /** An abort came since the last turn began: the next input is told as queued first, as stock does. */
  readonly interrupted: boolean;
  /** The last 32 runs with the client messages that each one works on. */
  readonly runs: readonly (readonly [run: string, clientMessageIds: readonly string[]])[];
  /** Processes whose call is settled and that must not live on (TOOL-5). */
  readonly doomed: readonly Doomed[];
};

export const initialState: State = {
  agent_id: null,
  conversation_id: '',
  mode: 'standard',
  model: null,
  effort: null,
  planning: null,
  cwd: '',
  cwdRevision: 0,
  queue: [],
  nextItem: 1,
  turn: null,
  compaction: null,
  context: null,
  tasks: [],
  interrupted: false,
  runs: [],
  doomed: [],
};
