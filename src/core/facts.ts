import type { Mode } from '../protocol/modes.ts';
import { type Reach, type Rulings, rulingsByTable } from './permission.ts';

/** `safe`: may run again. `verify`: looking at the file settles it. `once`: never started twice (TOOL-1). */
export type ReplayClass = 'safe' | 'verify' | 'once';

/**
 * What a model gave along with its words and wants back with them, such as the signature of its thoughts. `by`: the handle of the model; no
 * other one can read it.
 */
export type Keepsake = { readonly by: string; readonly data: Readonly<Record<string, unknown>> };

/** An offer to remember a decision: taking it adds `rules` to what is allowed (PERM-6). */
export type Suggestion = {
  readonly id: string;
  readonly text: string;
  readonly rules: readonly string[];
  readonly where: 'project' | 'everywhere';
};

export type Usage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly cached_input_tokens?: number;
  readonly cache_write_tokens?: number;
  readonly reasoning_tokens?: number;
  /** US dollars, where the catalogue knows the price. */
  readonly cost_usd?: number;
};

/** Why a turn ended, in the wire's words (protocol reference 4.1.8). */
export type StopReason =
  | 'end_turn'
  | 'cancelled'
  | 'error'
  | 'llm_api_error'
  | 'invalid_llm_response'
  | 'max_steps'
  | 'max_tokens_exceeded';

/** A client's message as it waits and as it is worked. */
export type QueuedInput = {
  /** `q-<n>`, per conversation for ever. */
  readonly id: string;
  readonly input_id: string;
  /** What identifies the input for ever: `client_message_id`, else `otid`, else minted (IN-1). */
  readonly client_message_id: string;
  readonly by: string;
  /** Inputs merge into one turn only when this is equal: turn options as canonical JSON (QUE-2). */
  readonly template: string;
  readonly messages: readonly Record<string, unknown>[];
  /** Left out: a person's or a program's message. */
  readonly kind?: 'task_notification';
  readonly at: number;
  readonly paused?: true;
};

/** A tool call as the model asked for it, with what the host found out about it. */
export type RequestedCall = {
  readonly id: string;
  /** Id of the message that shows the call. */
  readonly message: string;
  readonly name: string;
  /** Arguments as the model wrote them. */
  readonly args: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly replay: ReplayClass;
  /** The furthest that one of its deeds goes; left out for what cannot be run. */
  readonly reach?: Reach;
  readonly rulings: Rulings;
  readonly suggestions: readonly Suggestion[];
  readonly keepsake?: Keepsake;
  /** Set when the call cannot be run: unknown tool, arguments that are not JSON or of the wrong shape. */
  readonly problem: string | null;
  readonly diffs: readonly Record<string, unknown>[] | null;
  /** SHA-256 of the RFC 8785 form of `input` (APR-2). */
  readonly input_hash: string;
};

/** `startedAt` tells a process from a later one with the same pid; null where the system cannot say. */
export type Process = { readonly pid: number; readonly startedAt: string | null };
/** A process that must not live on, with the call it was started for. */
export type Doomed = Process & { readonly call: string };
/** A process that goes on after its call: its end, and for a monitor its lines, come to the model as messages (TOOL-7). */
export type Task = {
  readonly id: string;
  readonly kind: 'command' | 'monitor';
  readonly title: string;
  readonly process: Process;
  readonly output: string;
  readonly call: string;
  readonly at: number;
};
/** `asked`: by a person. `full`: the next request would hardly fit. `overflow`: the model has refused one for its length. */
export type CompactionCause = 'asked' | 'full' | 'overflow';
/** SHA-256 of a file's content before and after a change; null: there is no file. */
export type FileMark = {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
};
/** What a call changes on disk. */
export type Mark = FileMark | readonly FileMark[];

/**
 * What happened in a conversation. The fold of its facts is its state, whatever was killed in between.
 * Each kind has a version: a fact of an older shape is brought forward on read (`upcast`), never rewritten.
 */
export type Fact =
  | {
      readonly kind: 'created';
      readonly v: 1;
      readonly agent_id: string | null;
      readonly conversation_id: string;
      readonly cwd: string;
      readonly mode: Mode;
    }
  | { readonly kind: 'mode_set'; readonly v: 1; readonly mode: Mode }
  | { readonly kind: 'cwd_set'; readonly v: 1; readonly cwd: string }
  /** The conversation's own model, which goes before its agent's. */
  | {
      readonly kind: 'model_set';
      readonly v: 1;
      readonly model: string;
      /** Left out: as it was. Null: the model's own. */
      readonly effort?: string | null;
    }
  /** The person decides about a plan before anything is changed. */
  | { readonly kind: 'planning_began'; readonly v: 1; readonly file: string }
  | { readonly kind: 'planning_ended'; readonly v: 1 }
  | { readonly kind: 'cwd_refused'; readonly v: 1 }
  | { readonly kind: 'input_accepted'; readonly v: 1; readonly item: QueuedInput }
  | { readonly kind: 'queue_paused'; readonly v: 1 }
  | { readonly kind: 'queue_resumed'; readonly v: 1 }
  | { readonly kind: 'input_removed'; readonly v: 1; readonly id: string }
  | {
      readonly kind: 'turn_started';
      readonly v: 1;
      readonly turn: string;
      /** Queue ids; the first carries the turn's options. */
      readonly inputs: readonly string[];
      readonly at: number;
    }
  | { readonly kind: 'inputs_merged'; readonly v: 1; readonly inputs: readonly string[]; readonly at: number }
  | {
      readonly kind: 'model_started';
      readonly v: 1;
      readonly run: string;
      readonly attempt: number;
      readonly at: number;
    }
  | {
      readonly kind: 'text';
      readonly v: 1;
      readonly message: string;
      readonly field: 'assistant' | 'reasoning';
      readonly text: string;
    }
  | {
      readonly kind: 'message';
      readonly v: 1;
      readonly id: string;
      readonly field: 'assistant' | 'reasoning';
      readonly text: string;
      readonly run: string;
      readonly at: number;
      readonly keepsake?: Keepsake;
    }
  | {
      readonly kind: 'call';
      readonly v: 2;
      readonly call: RequestedCall;
      readonly run: string;
      readonly at: number;
    }
  | {
      readonly kind: 'model_finished';
      readonly v: 1;
      readonly usage: Usage | null;
      /** Tokens that the model can read at once, where that is known. */
      readonly window?: number | null;
    }
  /** The run said nothing that counts: its text is void. `retryAt` null: no further attempt. */
  | {
      readonly kind: 'model_failed';
      readonly v: 1;
      readonly code: string;
      readonly message: string;
      readonly retryAt: number | null;
      /** False for a call that was lost with its process: that is no fault of the model. */
      readonly counts: boolean;
    }
  /** The sorted calls of the turn are sorted again: rules were added. */
  | {
      readonly kind: 'call_judged';
      readonly v: 1;
      readonly call: string;
      readonly rulings: Rulings;
      readonly suggestions: readonly Suggestion[];
    }
  | { readonly kind: 'call_asked'; readonly v: 1; readonly call: string; readonly at: number }
  | {
      readonly kind: 'call_decided';
      readonly v: 1;
      readonly call: string;
      readonly allow: boolean;
      readonly by: string;
      readonly reason: string | null;
      readonly input: Readonly<Record<string, unknown>> | null;
    }
  | {
      readonly kind: 'tool_started';
      readonly v: 1;
      readonly call: string;
      readonly process: Process | null;
      readonly mark: Mark | null;
      readonly at: number;
    }
  | {
      readonly kind: 'tool_finished';
      readonly v: 1;
      readonly call: string;
      readonly status: 'success' | 'error';
      readonly text: string;
      readonly indeterminate: boolean;
      readonly run: string;
      readonly at: number;
      /** Base64. */
      readonly images?: readonly { readonly mediaType: string; readonly data: string }[];
    }
  | { readonly kind: 'task_started'; readonly v: 1; readonly task: Task }
  /** `lost`: it was there when its runtime died, and what is left of it must go. */
  | { readonly kind: 'task_ended'; readonly v: 1; readonly task: string; readonly lost: boolean }
  | {
      readonly kind: 'compaction_started';
      readonly v: 1;
      readonly id: string;
      readonly cause: CompactionCause;
      readonly attempt: number;
      readonly at: number;
    }
  /** `retryAt` null: it is given up. */
  | {
      readonly kind: 'compaction_failed';
      readonly v: 1;
      readonly retryAt: number | null;
      readonly counts: boolean;
    }
  /** The model reads `summary` from now on instead of all that came before; people read on as ever (CMP-1). */
  | {
      readonly kind: 'compacted';
      readonly v: 1;
      readonly id: string;
      readonly summary: string;
      readonly at: number;
    }
  | { readonly kind: 'tool_lost'; readonly v: 1; readonly call: string }
  | { readonly kind: 'process_gone'; readonly v: 1; readonly pid: number }
  | {
      readonly kind: 'turn_finished';
      readonly v: 1;
      readonly stop_reason: StopReason;
      readonly error: string | null;
      readonly at: number;
    };

export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;

/** Facts that the transcript is folded from; the store keeps them for the conversation's life. */
export const historyKinds: ReadonlySet<FactKind> = new Set([
  'input_accepted',
  'input_removed',
  'turn_started',
  'inputs_merged',
  'message',
  'call',
  'tool_finished',
  'compacted',
]);

/** The only facts that retention may trim: their text stands whole in a `message` fact once it is finished. */
export const trimmableKinds: ReadonlySet<FactKind> = new Set(['text']);
/** The fact after which no trimmable fact before it says anything about the state. */
export const turnEnd = 'turn_finished' satisfies FactKind;

/** Brings a stored fact to today's shape. A kind or version this program does not know is a newer program's. */
export function upcast(stored: { readonly kind: string; readonly v: number }): Fact | null {
  if (stored.kind === 'call' && stored.v === 1) return callOfVersion1(stored as unknown as CallV1);
  const version = stored.kind === 'call' ? 2 : 1;
  return stored.v === version && knownKinds.has(stored.kind) ? (stored as Fact) : null;
}

type CallV1 = {
  readonly run: string;
  readonly at: number;
  readonly call: Omit<RequestedCall, 'rulings' | 'suggestions'> & {
    readonly access: 'read' | 'edit' | 'execute' | 'question';
    readonly inside: boolean;
  };
};

/** Until version 2 a call knew what it does and where, and its mode alone decided. */
function callOfVersion1({ run, at, call }: CallV1): FactOf<'call'> {
  const { access, inside, ...rest } = call;
  const place = inside ? 'inside' : 'outside';
  const reach: Reach = access === 'read' || access === 'edit' ? `${access}-${place}` : access;
  const rulings = rulingsByTable(reach, `${call.name} was asked for before an update`);
  return { kind: 'call', v: 2, run, at, call: { ...rest, rulings, suggestions: [] } };
}

const kinds: Readonly<Record<FactKind, true>> = {
  created: true,
  mode_set: true,
  cwd_set: true,
  model_set: true,
  planning_began: true,
  planning_ended: true,
  cwd_refused: true,
  input_accepted: true,
  queue_paused: true,
  queue_resumed: true,
  input_removed: true,
  turn_started: true,
  inputs_merged: true,
  model_started: true,
  text: true,
  message: true,
  call: true,
  model_finished: true,
  model_failed: true,
  call_judged: true,
  call_asked: true,
  call_decided: true,
  tool_started: true,
  tool_finished: true,
  task_started: true,
  task_ended: true,
  compaction_started: true,
  compaction_failed: true,
  compacted: true,
  tool_lost: true,
  process_gone: true,
  turn_finished: true,
};
const knownKinds: ReadonlySet<string> = new Set(Object.keys(kinds));
