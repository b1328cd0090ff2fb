import type { Draft } from '../draft.ts';
import type { QueuedInput, StopReason } from '../facts.ts';
import { isFull, startCompaction } from './compaction.ts';
import { startRun } from './run.ts';

/** Requests of one turn before it is taken for a loop that no longer leads anywhere. */
const maxSteps = 200;

/** What follows from the state alone: the next turn when none runs, the next request when every call has its result. */
export function proceed(draft: Draft): void {
  const { turn, compaction } = draft.state;
  // A summary in the making is waited for: the next request is made of it.
  if (compaction) return;
  if (turn && !turn.run && turn.calls.every((call) => call.status === 'settled')) nextRequest(draft);
  if (!draft.state.turn) startTurn(draft);
}

function nextRequest(draft: Draft): void {
  if ((draft.state.turn?.steps ?? 0) >= maxSteps) {
    const message = `The turn made ${maxSteps} model requests without coming to an end. Say how to go on.`;
    return finishTurn(draft, 'max_steps', { code: 'max_steps', message, voided: [] });
  }
  request(draft, mergeWaiting(draft));
}

/** Asks the model, or makes room for the answer first (CMP-3). */
function request(draft: Draft, taken: readonly QueuedInput[]): void {
  if (!isFull(draft.state)) return startRun(draft, 1, taken);
  startCompaction(draft, 'full');
  if (taken.length > 0) draft.queue(taken);
}

/**
 * Begins a turn with what waits. `direct`: the input came to an idle conversation, so nobody is shown a
 * queue or an echo of it.
 */
export function startTurn(draft: Draft, direct = false): void {
  const inputs = together(draft.state.queue);
  if (inputs.length === 0) return;
  const turn = draft.mint('batch');
  draft.fact({ kind: 'turn_started', v: 1, turn, inputs: inputs.map((item) => item.id), at: draft.env.at });
  for (const item of inputs) draft.receipt(item, 'started', { turn_id: turn });
  if (!direct) {
    echo(draft, inputs);
    draft.queue();
  }
  request(draft, direct ? [] : inputs);
}

/** Inputs that came while tools ran join the turn at its next request. */
function mergeWaiting(draft: Draft): readonly QueuedInput[] {
  const { turn, queue } = draft.state;
  if (!turn) return [];
  const inputs = together(queue, turn.inputs[0]);
  if (inputs.length === 0) return [];
  draft.fact({ kind: 'inputs_merged', v: 1, inputs: inputs.map((item) => item.id), at: draft.env.at });
  for (const item of inputs) draft.receipt(item, 'started', { turn_id: turn.id });
  echo(draft, inputs);
  return inputs;
}

/** The first inputs of the queue that may share a turn: same principal, same options, none parked (QUE-2). */
function together(
  queue: readonly QueuedInput[],
  like: QueuedInput | undefined = queue[0],
): readonly QueuedInput[] {
  const end = queue.findIndex(
    (item) => item.paused || item.by !== like?.by || item.template !== like.template,
  );
  return end < 0 ? queue : queue.slice(0, end);
}

function echo(draft: Draft, inputs: readonly QueuedInput[]): void {
  for (const item of inputs) {
    const content = item.messages.find((message) => message.content !== undefined)?.content;
    draft.delta({
      type: 'message',
      id: `user-msg-${item.input_id}`,
      date: draft.date(),
      message_type: 'user_message',
      content,
      otid: item.client_message_id,
    });
  }
}

/** The end of a turn: its inputs get their terminal receipt. */
export function finishTurn(
  draft: Draft,
  stopReason: StopReason,
  failed: { code: string; message: string; voided: readonly string[] } | null = null,
): void {
  const { turn } = draft.state;
  if (!turn) return;
  draft.fact({
    kind: 'turn_finished',
    v: 1,
    stop_reason: stopReason,
    error: failed?.message ?? null,
    at: draft.env.at,
  });
  const fate = failed ? 'failed' : stopReason === 'cancelled' ? 'cancelled' : 'done';
  for (const item of turn.inputs) draft.receipt(item, fate, { turn_id: turn.id, code: failed?.code ?? null });
  if (stopReason !== 'cancelled') {
    draft.loop();
    draft.device();
  }
  const run = turn.runs.at(-1);
  draft.event('turn_finished', {
    turn_id: turn.id,
    stop_reason: stopReason,
    ...(run && { run_id: run }),
    ...(failed && { error: failed.message, error_code: failed.code }),
  });
  if (failed)
    draft.lifecycle('loop_error', {
      run_id: run,
      message: failed.message,
      stop_reason: stopReason,
      is_terminal: true,
      code: failed.code,
      voided_message_ids: failed.voided,
    });
}
