import type { Frame } from '../../protocol/frames.ts';
import { type Fields, fieldsOf, isObject, listOf, textOf, textsOf } from '../show/fields.ts';
import { errorCodeOf, isSuccess, type ResultMessage, type SdkMessage } from './sdk-message.ts';
import { translateDelta } from './translate-delta.ts';

/** The turn that one input is worked in, as a client sees it that watches for its end. */
export type WatchedTurn = {
  readonly clientMessageId: string;
  readonly agentId: string;
  readonly conversationId: string;
  /** Runs that work on the input; other runs of the conversation belong to somebody else's turn. */
  readonly runs: readonly string[];
  readonly active: boolean;
  /** The input began the turn, rather than joining one that somebody else is there to watch. */
  readonly leads: boolean;
  readonly startedAt: number | null;
  /** The answer so far, by message. */
  readonly texts: ReadonlyMap<string, string>;
  readonly heard: number;
  readonly result: ResultMessage | null;
};

export const watchTurn = (
  of: Pick<WatchedTurn, 'clientMessageId' | 'agentId' | 'conversationId'>,
): WatchedTurn => ({
  ...of,
  runs: [],
  active: false,
  leads: false,
  startedAt: null,
  texts: new Map(),
  heard: 0,
  result: null,
});

export type Heard = { readonly turn: WatchedTurn; readonly messages: readonly SdkMessage[] };

/** What a frame of the conversation says about the turn, in the SDK's words. Nothing follows the result. */
export function hearFrame(turn: WatchedTurn, frame: Frame, now: number): Heard {
  if (turn.result || frame.snapshot === true) return { turn, messages: [] };
  switch (frame.type) {
    case 'update_loop_status':
      return hearLoop(turn, fieldsOf(frame.loop_status), now);
    case 'update_queue':
      return { turn, messages: [queueUpdate(frame)] };
    case 'stream_delta':
      return hearDelta(turn, fieldsOf(frame.delta));
    case 'turn_finished':
      return hearEnd(turn, frame, now);
    default:
      return { turn, messages: [] };
  }
}

/** The end of a turn that nobody will hear the end of: refused, out of reach, or given up. */
export function failTurn(turn: WatchedTurn, stopReason: string, detail: string, now: number): Heard {
  if (turn.result) return { turn, messages: [] };
  const errorCode = errorCodeOf(stopReason);
  const failed = { type: 'result', success: false, error: errorCode, errorCode } as const;
  const result = { ...failed, errorDetail: detail, stopReason, ...howItWent(turn, now) };
  const last = turn.runs.at(-1);
  const error = {
    type: 'error',
    message: detail,
    errorCode,
    stopReason,
    ...(last !== undefined && { runId: last }),
  } as const;
  return { turn: { ...turn, active: false, result }, messages: [error, result] };
}

function hearLoop(turn: WatchedTurn, status: Fields, now: number): Heard {
  const activeRunIds = textsOf(status.active_run_ids);
  const working = Object.entries(fieldsOf(status.client_message_ids_by_run_id)).filter(([, ids]) =>
    textsOf(ids).includes(turn.clientMessageId),
  );
  const fresh = working.filter(([run]) => !turn.runs.includes(run)).map(([run]) => run);
  const runs = [...turn.runs, ...fresh];
  const leads = turn.leads || working.some(([, ids]) => textsOf(ids)[0] === turn.clientMessageId);
  const active = activeRunIds.some((run) => runs.includes(run));
  const message = { type: 'loop_status', status: textOf(status.status) ?? '', activeRunIds } as const;
  const startedAt = turn.startedAt ?? (active ? now : null);
  return { turn: { ...turn, runs, active, leads, startedAt }, messages: [message] };
}

function hearDelta(turn: WatchedTurn, delta: Fields): Heard {
  const run = textOf(delta.run_id);
  const ours = run === undefined ? turn.active : turn.runs.includes(run);
  if (!ours) return { turn, messages: [] };
  const heard = turn.heard + 1;
  const messages = translateDelta(delta, `farhand-${heard}`);
  return { turn: { ...turn, heard, texts: messages.reduce(withText, turn.texts) }, messages };
}

function withText(texts: WatchedTurn['texts'], message: SdkMessage): WatchedTurn['texts'] {
  if (message.type === 'assistant')
    return new Map(texts).set(message.uuid, (texts.get(message.uuid) ?? '') + message.content);
  if (message.type !== 'retry' || !message.voidedUuids) return texts;
  const left = new Map(texts);
  for (const uuid of message.voidedUuids) left.delete(uuid);
  return left;
}

function hearEnd(turn: WatchedTurn, frame: Frame, now: number): Heard {
  const run = textOf(frame.run_id);
  if (run === undefined ? !turn.active : !turn.runs.includes(run)) return { turn, messages: [] };
  const stopReason = textOf(frame.stop_reason) ?? 'end_turn';
  if (!isSuccess(stopReason))
    return failTurn(turn, stopReason, textOf(frame.error) ?? endings[stopReason] ?? stopReason, now);
  const text = [...turn.texts.values()].join('');
  const done = { type: 'result', success: true, ...(text !== '' && { result: text }) } as const;
  const result = { ...done, stopReason, ...howItWent(turn, now) };
  return { turn: { ...turn, active: false, result }, messages: [result] };
}

const endings: Readonly<Record<string, string>> = {
  cancelled: 'The turn was aborted.',
  max_tokens_exceeded: 'The model stopped at its limit of tokens; the answer is not complete.',
};

const howItWent = (turn: WatchedTurn, now: number) => ({
  durationMs: turn.startedAt === null ? 0 : now - turn.startedAt,
  conversationId: turn.conversationId,
  agentId: turn.agentId,
  ...(turn.runs.length > 0 && { runIds: turn.runs }),
});

function queueUpdate(frame: Frame): SdkMessage {
  const queue = listOf(frame.queue)
    .filter(isObject)
    .map(({ id, client_message_id, kind, source, content, enqueued_at, paused }) => ({
      id,
      clientMessageId: client_message_id,
      kind,
      source,
      content,
      enqueuedAt: enqueued_at,
      ...(paused === true && { paused }),
    }));
  const removed = listOf(frame.removed)
    .filter(isObject)
    .map(({ client_message_id, disposition }) => ({ clientMessageId: client_message_id, disposition }));
  return { type: 'queue_update', queue, ...(removed.length > 0 && { removed }) };
}
