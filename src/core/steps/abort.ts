import type { Draft } from '../draft.ts';
import type { Command } from '../messages.ts';
import { settle } from './calls.ts';
import { closeMessages } from './model.ts';
import { finishTurn } from './turn.ts';

type Abort = Extract<Command, { do: 'abort' }>;

/**
 * Ends the turn that runs now. One that names a run of another turn (ABT-1), or was given before this one began (ABT-4), does nothing; what waits is parked until somebody sends
 * or resumes (ABT-2). The host then stops the effects, as the plan no longer has them.
 */
export function abort(draft: Draft, { run_id, as_of }: Abort): void {
  const { turn, compaction } = draft.state;
  if (!turn && compaction && run_id === null && (as_of === null || compaction.at <= as_of)) {
    draft.fact({ kind: 'compaction_failed', v: 1, retryAt: null, counts: false });
    draft.loop();
    draft.device();
    draft.lifecycle('status', { message: 'Interrupted', level: 'warning' });
    return draft.accept({ aborted: true, run_id: null });
  }
  if (!turn || (run_id !== null && !turn.runs.includes(run_id)) || (as_of !== null && turn.at > as_of))
    return draft.accept({ aborted: false, run_id: null });
  const run = turn.runs.at(-1) ?? null;
  if (run) closeMessages(draft, run);
  if (draft.state.queue.length > 0) draft.fact({ kind: 'queue_paused', v: 1 });
  // Idle is told before the turn has unwound, as stock does, so that nobody waits for the unwinding.
  const idle = { ...draft.state, turn: null, compaction: null };
  draft.loop('WAITING_ON_INPUT', idle);
  draft.device(idle);
  draft.lifecycle('status', { run_id: run, message: 'Interrupted', level: 'warning' });
  if (draft.state.queue.length > 0) draft.queue();
  draft.accept({ aborted: true, run_id: run });
  for (const call of turn.calls) {
    if (call.status === 'settled') continue;
    const ran = call.status === 'running';
    const text = ran
      ? `Interrupted by the user while ${call.name} ran: it may have run in part.`
      : `Interrupted by the user before ${call.name} was run.`;
    settle(draft, call, 'error', text, { indeterminate: ran, told: ran });
  }
  if (draft.state.compaction) draft.fact({ kind: 'compaction_failed', v: 1, retryAt: null, counts: false });
  finishTurn(draft, 'cancelled');
}
