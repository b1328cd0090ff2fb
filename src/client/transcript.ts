import type { Frame } from '../protocol/frames.ts';
import { listOf, recordOf, textOf } from './loose.ts';
import { foldDelta } from './transcript-delta.ts';

/** One thing to show. Ids are unique among items of a kind. */
export type Item =
  | { readonly kind: 'user'; readonly id: string; readonly otid: string | null; readonly content: unknown }
  | {
      readonly kind: 'assistant' | 'reasoning';
      readonly id: string;
      readonly run: string | null;
      readonly text: string;
    }
  | CallItem
  | { readonly kind: 'notice'; readonly id: string; readonly level: Level; readonly text: string }
  /** Events that are no longer kept, both numbers inclusive. */
  | { readonly kind: 'gap'; readonly id: string; readonly from: number; readonly to: number };

export type CallItem = {
  readonly kind: 'call';
  /** The tool call's id. */
  readonly id: string;
  /** The message that asked for it. */
  readonly message: string | null;
  readonly run: string | null;
  readonly name: string;
  /** JSON, as far as it has come; what a person made of it once it runs. */
  readonly args: string;
  readonly status: 'requested' | 'running' | 'success' | 'error';
  /** What came of it so far; null: nothing yet. */
  readonly output: string | null;
};

export type Level = 'info' | 'success' | 'warning' | 'error';

/** A tool request that waits for a person. */
export type Approval = {
  readonly request_id: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly input_hash: string | null;
};

export type Loop = {
  /** `WAITING_ON_INPUT` is idle. */
  readonly status: string;
  readonly waiting_for: Readonly<Record<string, unknown>> | null;
};

/** A conversation as a person sees it. */
export type Transcript = {
  readonly items: readonly Item[];
  /** Null until a first status was heard. */
  readonly loop: Loop | null;
  readonly queue: readonly Readonly<Record<string, unknown>>[];
  /** The one asked now first. */
  readonly approvals: readonly Approval[];
  readonly mode: string | null;
  readonly cwd: string | null;
  readonly lastTurn: {
    readonly turn_id: string;
    readonly stop_reason: string;
    readonly error: string | null;
  } | null;
};

export const emptyTranscript: Transcript = {
  items: [],
  loop: null,
  queue: [],
  approvals: [],
  mode: null,
  cwd: null,
  lastTurn: null,
};

/**
 * The transcript after one more frame that a follower told, event or snapshot. Pure; what does not change stays the same object, and a
 * frame that shows nothing gives the transcript back as it was.
 */
export function fold(transcript: Transcript, frame: Frame): Transcript {
  switch (frame.type) {
    case 'stream_delta':
      // What a subagent says belongs to its own conversation.
      return frame.subagent_id === undefined ? foldDelta(transcript, recordOf(frame.delta)) : transcript;
    case 'update_loop_status': {
      const { status, waiting_for } = recordOf(frame.loop_status);
      const waits = waiting_for === undefined ? null : recordOf(waiting_for);
      return { ...transcript, loop: { status: textOf(status), waiting_for: waits } };
    }
    case 'update_queue':
      return { ...transcript, queue: listOf(frame.queue) };
    case 'update_device_status':
      return foldStatus(transcript, recordOf(frame.device_status));
    case 'control_request': {
      const asked = approvalOf(frame);
      const others = transcript.approvals.filter(({ request_id }) => request_id !== asked.request_id);
      return { ...transcript, approvals: [asked, ...others] };
    }
    case 'turn_finished': {
      const error = typeof frame.error === 'string' ? frame.error : null;
      const lastTurn = { turn_id: textOf(frame.turn_id), stop_reason: textOf(frame.stop_reason), error };
      return { ...transcript, approvals: [], lastTurn };
    }
    default:
      return transcript;
  }
}

/**
 * A message that this client sends, shown before it is heard of: the device repeats only those that had to wait. When it does, the same
 * id shows it once.
 */
export function withSent(
  transcript: Transcript,
  sent: { readonly client_message_id: string; readonly content: unknown },
): Transcript {
  const { client_message_id: otid, content } = sent;
  if (transcript.items.some((item) => item.kind === 'user' && item.otid === otid)) return transcript;
  return { ...transcript, items: [...transcript.items, { kind: 'user', id: otid, otid, content }] };
}

/** Events are missing here for good. */
export const withGap = (
  transcript: Transcript,
  { from, to }: { readonly from: number; readonly to: number },
): Transcript => ({
  ...transcript,
  items: [...transcript.items, { kind: 'gap', id: `gap-${from}`, from, to }],
});

function foldStatus(transcript: Transcript, status: Readonly<Record<string, unknown>>): Transcript {
  const {
    current_permission_mode: mode,
    current_working_directory: cwd,
    pending_control_requests: pending,
  } = status;
  return {
    ...transcript,
    mode: typeof mode === 'string' ? mode : transcript.mode,
    cwd: typeof cwd === 'string' ? cwd : transcript.cwd,
    approvals: Array.isArray(pending) ? listOf(pending).map(approvalOf) : transcript.approvals,
  };
}

const approvalOf = ({ request_id, request, input_hash }: Readonly<Record<string, unknown>>): Approval => ({
  request_id: textOf(request_id),
  request: recordOf(request),
  input_hash: typeof input_hash === 'string' ? input_hash : null,
});
