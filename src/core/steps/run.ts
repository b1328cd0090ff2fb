import type { Draft } from '../draft.ts';

/** Calls the model. The effect begins when the host has made this durable. */
export function startRun(draft: Draft, attempt: number): void {
  const first = draft.state.turn?.runs.length === 0;
  draft.fact({ kind: 'model_started', v: 1, run: draft.mint('run'), attempt, at: draft.env.at });
  draft.loop('SENDING_API_REQUEST');
  if (first) draft.device();
  draft.loop();
}
