import type { Frame } from '../frames.ts';
import { fields, list, text } from './loose.ts';
import type { Step } from './shown.ts';

/** Runs of one conversation that are told of; a device has few at a time. */
const MOST = 100;

/** `run_started` and `run_completed`, from the runs that a loop status names. A snapshot alone starts nothing: it says what goes on. */
export const runEvents: Step = (shown, frame) => {
  if (frame.type !== 'update_loop_status') return [shown, []];
  const { status, active_run_ids } = fields(frame.loop_status);
  const runs = list(active_run_ids)
    .slice(0, MOST)
    .flatMap((id) => text(id) ?? []);
  const next = { ...shown, runs, loop: text(status) ?? null };
  const before = shown.runs ?? (frame.snapshot === true ? runs : []);
  const { runtime } = frame;
  const tell = (type: string, ids: readonly string[]): Frame[] =>
    ids.map((run_id) => ({ type, runtime, run_id }));
  const ended = before.filter((id) => !runs.includes(id));
  const begun = runs.filter((id) => !before.includes(id));
  return [next, [...tell('run_completed', ended), ...tell('run_started', begun)]];
};
