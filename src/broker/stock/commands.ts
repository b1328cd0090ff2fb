import { fields } from '../../protocol/dialects/loose.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { AnsweredCommandType, Frame } from '../../protocol/frames.ts';
import { readMode } from '../../protocol/modes.ts';
import { failedReply, okReply } from '../../protocol/reply.ts';
import { commandSpec } from '../../protocol/routing.ts';
import { scopeOf } from '../../protocol/shapes.ts';
import { checkCommand } from '../../protocol/validate.ts';
import type { View, Views } from './view.ts';

/** What Letta Code 0.25 takes (protocol reference, section 7); whatever else it is sent it passes over in silence. */
const known025: ReadonlySet<string> = new Set(
  `input change_device_state abort_message sync terminal_spawn terminal_input terminal_resize terminal_kill search_files grep_in_files
  list_in_directory get_tree read_file write_file watch_file unwatch_file edit_file file_ops list_memory memory_history
  memory_file_at_ref memory_commit_diff read_memory_file write_memory_file delete_memory_file enable_memfs list_models update_model
  update_toolset cron_list cron_add cron_get cron_delete cron_delete_all skill_enable skill_disable create_agent get_experiments
  set_experiment get_reflection_settings set_reflection_settings execute_command search_branches checkout_branch secret_list
  secret_apply channels_list channel_accounts_list channel_account_create channel_account_update channel_account_bind
  channel_account_unbind channel_account_delete channel_account_start channel_account_stop channel_get_config channel_set_config
  channel_start channel_stop channel_pairings_list channel_pairing_bind channel_routes_list channel_targets_list channel_target_bind
  channel_route_remove channel_route_update`.split(/\s+/),
);

export type Vintage = 'stock-0.25' | 'stock';

/** What becomes of a command: it is sent on, or answered in the device's place. */
export type Vetted = { readonly send: Frame } | { readonly answer: Frame };

/**
 * Stock devices pass over in silence what they do not know or find wrong, so that is answered here (ERR-1); so is what only this side can
 * keep: an abort stops the run that it names and nothing later (ABT-1, ABT-4), a decision holds for the input that was shown (APR-2).
 */
export function vet(frame: Frame, vintage: Vintage, views: Views): Vetted {
  const refuse = (why: Failure): Vetted => ({ answer: refusal(frame, why) });
  const checked = checkCommand(frame);
  if (!checked.ok) return refuse(checked.failure);
  if (frame.type === 'approvals_list') return { answer: approvals(frame, views) };
  const knows =
    vintage === 'stock-0.25' ? known025.has(frame.type) : commandSpec(frame.type)?.since !== 'farhand';
  if (!knows)
    return refuse(failure('unsupported', `The device runs a Letta Code that does not know "${frame.type}".`));
  const scope = scopeOf(frame.runtime);
  if (scope?.agent_id === null && vintage === 'stock-0.25')
    return refuse(
      failure('unsupported', 'This device (Letta Code 0.25) has no conversations without an agent.'),
    );
  const view = scope && views.of(scope);
  if (view && frame.type === 'abort_message' && isTooLate(frame, view))
    return { answer: nothingAborted(frame) };
  const objection = view && objectionTo(frame, view, vintage);
  return objection ? refuse(objection) : { send: plain(frame) };
}

export const refusal = (frame: Frame, why: Failure): Frame =>
  failedReply(frame.type, frame.request_id as string | undefined, why, echo(frame));

export const success = (frame: Frame, type: AnsweredCommandType, payload: object = {}): Frame =>
  okReply(type, frame.request_id as string | undefined, { ...echo(frame), ...payload });

export const nothingAborted = (frame: Frame): Frame =>
  success(frame, 'abort_message', { aborted: false, run_id: null });

const echo = ({ runtime }: Frame) => (runtime === undefined ? {} : { runtime });

/** Without what no stock device understands. */
function plain({ auth: _auth, inbox: _inbox, ...frame }: Frame): Frame {
  if (frame.type === 'sync') {
    const { log_id: _log, after_event_seq: _after, ...sync } = frame;
    // Unless forced, it leaves out a status that it has told before: to this broker, not to the client that asks (reference 3.3).
    return { ...sync, force_device_status: true } as Frame;
  }
  if (frame.type === 'abort_message') {
    const { as_of: _as, ...abort } = frame;
    return abort as Frame;
  }
  if (frame.type === 'runtime_start') {
    // Another name for a mode makes it pass over the whole command (reference 3.7).
    const mode = readMode(frame.mode);
    return (mode ? { ...frame, mode } : frame) as Frame;
  }
  const payload = fields(frame.payload);
  if (frame.type !== 'input' || payload.input_hash === undefined) return frame as Frame;
  const { input_hash: _hash, ...answer } = payload;
  return { ...frame, payload: answer } as Frame;
}

/** Whether what the abort was meant for is over, or was never begun. */
function isTooLate({ run_id, as_of }: Frame, view: View): boolean {
  if (view.loop === null) return false;
  if (typeof run_id === 'string') return !view.runs.includes(run_id);
  return typeof as_of === 'number' && (view.turnSince === null || view.turnSince > as_of);
}

/** 0.25 takes any name for a mode and shows it, whatever it then does. */
const modes025: ReadonlySet<unknown> = new Set(
  'standard default acceptEdits unrestricted bypassPermissions fullAccess plan memory'.split(' '),
);

function objectionTo(frame: Frame, view: View, vintage: Vintage): Failure | null {
  const payload = fields(frame.payload);
  const { mode } = frame.type === 'change_device_state' ? payload : {};
  if (mode !== undefined && vintage === 'stock-0.25' && !modes025.has(mode))
    return failure('mode_unknown', `This device (Letta Code 0.25) has no permission mode "${mode}".`);
  if (frame.type !== 'input' || payload.kind !== 'approval_response') return null;
  const asked = view.pending.get(String(payload.request_id));
  // One of 0.25 says nothing to a decision that nobody waits for; and what waits it tells by its status alone.
  const deaf = vintage === 'stock-0.25' && (asked?.answered || (!asked && view.pendingTold));
  if (deaf) return failure('approval_not_pending', 'This request no longer waits for an answer.');
  if (asked && payload.input_hash !== undefined && payload.input_hash !== asked.input_hash)
    return failure(
      'approval_hash_mismatch',
      'The input that waits for a decision is not the one that was shown. Look at it again.',
    );
  if (asked && vintage === 'stock-0.25') asked.answered = true;
  return null;
}

function approvals(frame: Frame, views: Views): Frame {
  const waiting = [...views.all()].flatMap(({ scope, pending }) =>
    [...pending].flatMap(([request_id, { request, input_hash, since, answered }]) =>
      answered || input_hash === null ? [] : [{ runtime: scope, request_id, request, input_hash, since }],
    ),
  );
  return success(frame, 'approvals_list', { approvals: waiting });
}
