import type { Draft } from '../draft.ts';
import type { QueuedInput } from '../facts.ts';

/**
 * Calls the model. The effect begins when the host has made this durable. `taken`: the inputs that have left the queue for it.
 */
export function startRun(draft: Draft, attempt: number, taken: readonly QueuedInput[] = []): void {
  const first = draft.state.turn?.runs.length === 0;
  draft.fact({ kind: 'model_started', v: 1, run: draft.mint('run'), attempt, at: draft.env.at });
  draft.loop('SENDING_API_REQUEST');
  if (first) draft.device();
  if (taken.length > 0) draft.queue(taken);
  draft.loop();
}
