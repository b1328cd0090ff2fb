import type { ErrorCode } from '../../protocol/errors.ts';
import { isFreer, type Mode, readMode } from '../../protocol/modes.ts';
import type { Draft } from '../draft.ts';
import type { Command } from '../messages.ts';

/** A change to an idle conversation shows as a command that runs for a moment, as stock shows it. */
function whileExecuting(draft: Draft, change: () => void): void {
  const idle = !draft.state.turn;
  if (idle) draft.loop('EXECUTING_COMMAND');
  change();
  draft.device();
  if (idle) draft.loop();
}

export function setMode(draft: Draft, name: string): void {
  const mode = readMode(name);
  if (!mode)
    return complain(
      draft,
      `There is no permission mode ${JSON.stringify(name.slice(0, 64))}. Modes: standard, acceptEdits, unrestricted, strict.`,
      'mode_unknown',
    );
  const barred = beyondCeiling(draft, mode);
  if (barred !== null) return complain(draft, barred, 'mode_not_allowed');
  whileExecuting(draft, () => draft.fact({ kind: 'mode_set', v: 1, mode }));
}

/** [PERM-7] What the device's owner has set holds for everybody who asks from afar. */
function beyondCeiling({ env, state }: Draft, mode: Mode): string | null {
  const { ceiling } = env.device;
  if (ceiling === undefined || !isFreer(mode, ceiling)) return null;
  return `This device allows no mode freer than ${ceiling}, so it stays ${state.mode}. Its owner can change that in its settings.`;
}

/** Told to everyone who is there already, and not as a command that runs: to whoever begins here nothing ran. */
export function configure(draft: Draft, { mode, cwd, missing }: Extract<Command, { do: 'configure' }>): void {
  const { state } = draft;
  const barred = mode === null ? null : beyondCeiling(draft, mode);
  if (barred !== null) draft.lifecycle('status', { message: barred, level: 'warning' });
  else if (mode !== null && mode !== state.mode) draft.fact({ kind: 'mode_set', v: 1, mode });
  if (cwd !== null && cwd !== state.cwd) draft.fact({ kind: 'cwd_set', v: 1, cwd });
  if (draft.state !== state) draft.device();
  draft.accept({});
  if (missing === null) return;
  const message = `There is no folder ${missing}. The working directory is ${draft.state.cwd}.`;
  const error = { message, stop_reason: 'error', is_terminal: false, code: 'path_not_directory' };
  draft.aside('stream_delta', {
    delta: { id: draft.mint('lifecycle'), date: draft.date(), message_type: 'loop_error', ...error },
  });
}

export function setCwd(draft: Draft, { cwd, asked, missing }: Extract<Command, { do: 'set_cwd' }>): void {
  if (cwd !== null) return whileExecuting(draft, () => draft.fact({ kind: 'cwd_set', v: 1, cwd }));
  if (!missing)
    return complain(
      draft,
      `${asked || 'An empty path'} is not a folder. The working directory stays ${draft.state.cwd}.`,
      'path_not_directory',
    );
  // A path that is gone is told by a new revision, so that a client shows the old one again (protocol reference 3.7).
  whileExecuting(draft, () => draft.fact({ kind: 'cwd_refused', v: 1 }));
}

/** Told before the answer, as stock does (protocol reference 3.14). */
export function setModel(draft: Draft, { model, own, effort }: Extract<Command, { do: 'set_model' }>): void {
  // How hard it thinks is the conversation's, and with it from then on its model as well.
  if (own || effort !== undefined || draft.state.model !== null)
    draft.fact({ kind: 'model_set', v: 1, model, ...(effort !== undefined && { effort }) });
  draft.lifecycle('status', { message: `The model is now ${model}.`, level: 'info' });
  draft.loop();
  draft.device();
  const { agent_id, conversation_id } = draft.state;
  draft.accept({
    runtime: { agent_id, conversation_id },
    applied_to: own ? 'conversation' : 'agent',
    model_id: model,
    model_handle: model,
    model_settings: effort === undefined ? {} : { reasoning_effort: effort },
  });
}

export function tellStatus(draft: Draft): void {
  whileExecuting(draft, () => undefined);
}

export function complain(draft: Draft, message: string, code?: ErrorCode): void {
  draft.lifecycle('loop_error', { message, stop_reason: 'error', is_terminal: false, ...(code && { code }) });
}
