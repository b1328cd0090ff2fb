import type { ErrorCode, Failure } from '../protocol/errors.ts';
import type { Mode } from '../protocol/modes.ts';
import type { ReceiptStateName } from '../protocol/shapes.ts';
import type { Keepsake, Mark, Process, RequestedCall, Suggestion, Task, Usage } from './facts.ts';
import type { Rulings } from './permission.ts';

/** How a device looks from outside a conversation; it changes without facts. */
export type DeviceView = {
  readonly connection_id: string | null;
  readonly connection_name: string | null;
  readonly git_context: {
    readonly branch: string | null;
    readonly recent_branches: readonly string[];
  } | null;
  readonly version: string;
  readonly supported_commands: readonly string[];
  readonly tools: readonly string[];
  /** Left out: nothing is set, every mode may be chosen. */
  readonly ceiling?: Mode;
  /** What confines commands; `name` null: nothing, for the `reason`. Left out: not known. */
  readonly sandbox?: { readonly name: string | null; readonly reason?: string } | undefined;
};

/** Everything a step may not make up itself: the time, one fresh ULID, the device as it is. */
export type Env = { readonly at: number; readonly id: string; readonly device: DeviceView };

/** What the store knew of an input's key before this step. */
export type KnownInput = {
  readonly input_id: string;
  readonly hash: string;
  readonly state: ReceiptState;
  readonly turn_id: string | null;
  readonly code: string | null;
};

/** The fates that a device itself gives an input. */
export type ReceiptState = Exclude<ReceiptStateName, 'parked' | 'handed_over'>;

export type Command =
  | {
      readonly do: 'input';
      readonly messages: readonly Record<string, unknown>[];
      readonly client_message_id: string;
      readonly input_id: string;
      readonly hash: string;
      readonly template: string;
      readonly known: KnownInput | null;
    }
  | {
      readonly do: 'decide';
      readonly request_id: string;
      readonly allow: boolean;
      readonly message: string | null;
      readonly updated_input: Readonly<Record<string, unknown>> | null;
      readonly input_hash: string | null;
    }
  /** `as_of`: milliseconds since the epoch, a turn that began later goes on (ABT-4). */
  | { readonly do: 'abort'; readonly run_id: string | null; readonly as_of: number | null }
  | { readonly do: 'set_mode'; readonly mode: string }
  /**
   * A client takes up work here: what it wants changed is changed before it is answered, null stays as it is. `missing`: the path that
   * it asked for and that is not there.
   */
  | {
      readonly do: 'configure';
      readonly mode: Mode | null;
      readonly cwd: string | null;
      readonly missing: string | null;
    }
  /** `cwd` resolved by the host; null when it is not a directory. */
  | { readonly do: 'set_cwd'; readonly cwd: string | null; readonly asked: string; readonly missing: boolean }
  /** `own`: of this conversation alone; else its agent has it already. */
  | {
      readonly do: 'set_model';
      readonly model: string;
      readonly own: boolean;
      /** Left out: as it was. */
      readonly effort?: string | null;
    }
  /** Whole history into a summary, now (CMP-1). */
  | { readonly do: 'compact' }
  | { readonly do: 'tell_status' }
  /** The host could not do what was asked for; everybody on the conversation is told why. */
  | { readonly do: 'tell_problem'; readonly message: string }
  | { readonly do: 'resume_queue' }
  | { readonly do: 'remove_queue_item'; readonly id: string };

export type ModelReport =
  | {
      readonly kind: 'text';
      readonly message: string;
      readonly field: 'assistant' | 'reasoning';
      readonly text: string;
    }
  | {
      readonly kind: 'finished';
      readonly calls: readonly RequestedCall[];
      readonly usage: Usage | null;
      readonly truncated: boolean;
      /** The model would not answer; what it said of it is its answer. */
      readonly refused?: boolean;
      readonly window?: number | null;
      /** What the model wants back with its messages, by message id. */
      readonly keepsakes?: Readonly<Record<string, Keepsake>>;
    }
  /** Said of the run to everybody, such as which model took over. */
  | { readonly kind: 'notice'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'lost' };

export type ToolReport =
  | { readonly kind: 'prepared'; readonly process: Process | null; readonly mark: Mark | null }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'progress'; readonly text: string }
  | {
      readonly kind: 'finished';
      readonly status: 'success' | 'error';
      readonly text: string;
      readonly wrote: readonly { readonly path: string; readonly content: string }[];
      readonly images?: readonly { readonly mediaType: string; readonly data: string }[];
      readonly planning?: { readonly file: string } | 'ended';
      readonly task?: Omit<Task, 'call' | 'at'>;
      /** Nobody can say whether it ran (TOOL-3). */
      readonly indeterminate?: boolean;
    }
  /** `look`: what the disk says about a `verify` call; `unknown` for every other kind. */
  | { readonly kind: 'lost'; readonly look: 'done' | 'absent' | 'unknown' };

export type CompactionReport =
  | { readonly kind: 'finished'; readonly summary: string; readonly usage: Usage | null }
  | Extract<ModelReport, { kind: 'failed' }>
  | { readonly kind: 'lost' };

export type TaskReport =
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'ended'; readonly status: 'success' | 'error'; readonly text: string }
  | { readonly kind: 'lost' };

export type Msg =
  | { readonly kind: 'command'; readonly by: string; readonly command: Command }
  | { readonly kind: 'model'; readonly run: string; readonly report: ModelReport }
  | { readonly kind: 'tool'; readonly call: string; readonly report: ToolReport }
  | { readonly kind: 'gone'; readonly pid: number }
  | { readonly kind: 'compaction'; readonly id: string; readonly report: CompactionReport }
  | { readonly kind: 'task'; readonly task: string; readonly report: TaskReport }
  /** The rules have changed: what they say now of calls that wait to be decided. */
  | {
      readonly kind: 'judged';
      readonly calls: readonly {
        readonly id: string;
        readonly rulings: Rulings;
        readonly suggestions: readonly Suggestion[];
      }[];
    }
  | { readonly kind: 'tick' };

/** The fields of a reply that this step decides; the host addresses and shapes it. */
export type Answer =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly failure: Failure; readonly fields: Readonly<Record<string, unknown>> };

export type Receipt = {
  readonly client_message_id: string;
  readonly input_id: string;
  readonly state: ReceiptState;
  readonly turn_id: string | null;
  readonly code: string | null;
  /** Only a first receipt adds the input to the store: with its content hash. */
  readonly hash: string | null;
};

/** What a step has to say, in the order in which it must be heard. */
export type Say =
  | { readonly say: 'event'; readonly type: string; readonly body: Readonly<Record<string, unknown>> }
  /** The one answer to the command of this step. */
  | { readonly say: 'answer'; readonly answer: Answer }
  /** An unsequenced frame for the asker alone. */
  | { readonly say: 'aside'; readonly type: string; readonly body: Readonly<Record<string, unknown>> }
  /** `known`: nothing changed, the asker is told again. */
  | { readonly say: 'receipt'; readonly receipt: Receipt; readonly known: boolean };
