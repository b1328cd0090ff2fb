import type { Frame } from '../frames.ts';
import { type Scope, scopeKey, scopeOf } from '../shapes.ts';
import { brokerNews } from './broker-news.ts';
import { type Dialect, heard } from './dialect.ts';
import { inputAnswer, turnFailure } from './failed-input.ts';
import { type Asker, askerOf, markOf, translated, unmarked } from './legacy-commands.ts';
import { fields, list } from './loose.ts';
import { queueEvents } from './queue-events.ts';
import { runEvents } from './run-events.ts';
import { nothingShown, type Shown, type Step } from './shown.ts';
import { asked as askedFor, changeEvents, withdrawn } from './state-changes.ts';

/** By scope: what the client has been shown. */
type Seen = ReadonlyMap<string, Shown>;

/** Conversations of one client that are followed so; what it names beyond them it hears in today's frames alone. */
const MAX_SCOPES = 1_000;

/**
 * For programs written from the first documents: no extensions; commands of their time are understood; and behind the frames of today
 * come the old ones that say the same, since one of these may be all that such a program listens to.
 */
export const seed: Dialect<Seen> = {
  name: 'seed',
  start: () => new Map(),
  in(seen, frame) {
    const today =
      translated(frame) ?? (frame.type === 'change_device_state' ? { ...frame, ...markOf(frame) } : null);
    if (!today) return [seen, [frame]];
    const scope = scopeAsked(today);
    if (!scope) return [seen, [today]];
    const asker = askerOf(today.request_id);
    return [
      update(seen, scopeKey(scope), (shown) => {
        if (today.type === 'change_device_state' && asker) return askedFor(shown, today.payload, asker);
        return frame.type === 'request_state' ? { ...shown, collected: shown.collected ?? {} } : shown;
      }),
      [today],
    ];
  },
  out(seen, frame, { asked }) {
    const asker = askerOf(frame.request_id);
    if (asker) return answer(seen, frame, asker);
    const told = inWords(frame, asked);
    const scope = steps.has(frame.type) ? scopeOf(frame.runtime) : null;
    if (!scope) return [seen, told];
    const key = scopeKey(scope);
    let shown = collect(seen.get(key) ?? nothingShown, frame);
    const more: Frame[] = [];
    for (const step of steps.get(frame.type) ?? []) {
      const [next, frames] = step(shown, frame);
      shown = next;
      more.push(...frames);
    }
    return [update(seen, key, () => shown), more.length > 0 ? [...told, ...more] : told];
  },
};

const failedTurns: Step = (shown, frame) => [shown, turnFailure(frame, fields(frame.delta))];

const steps: ReadonlyMap<string, readonly Step[]> = new Map([
  ['update_loop_status', [runEvents, changeEvents]],
  ['update_device_status', [changeEvents]],
  ['update_queue', [queueEvents]],
  ['stream_delta', [changeEvents, failedTurns]],
]);

function update(seen: Seen, key: string, change: (shown: Shown) => Shown): Seen {
  const before = seen.get(key);
  const after = change(before ?? nothingShown);
  if (after === (before ?? nothingShown) || (!before && seen.size >= MAX_SCOPES)) return seen;
  return new Map(seen).set(key, after);
}

/** A `change_device_state` may name another conversation in its payload. */
function scopeAsked({ type, runtime, payload }: Frame): Scope | null {
  if (type !== 'change_device_state') return scopeOf(runtime);
  const { agent_id, conversation_id } = fields(payload);
  const named = {
    ...(agent_id !== undefined && { agent_id }),
    ...(typeof conversation_id === 'string' && { conversation_id }),
  };
  return scopeOf({ ...fields(runtime), ...named });
}

function collect(shown: Shown, { type, device_status, loop_status, queue }: Frame): Shown {
  if (!shown.collected || type === 'stream_delta') return shown;
  const state = {
    ...(type === 'update_device_status' && { device_status }),
    ...(type === 'update_loop_status' && { loop_status }),
    ...(type === 'update_queue' && { queue }),
  };
  return { ...shown, collected: { ...shown.collected, ...state } };
}

/** A frame in the words of the first documents, where these differ. */
function inWords(frame: Frame, asked: boolean): readonly Frame[] {
  switch (frame.type) {
    case 'abort_message_response':
      return asked ? [frame, cancelAck(frame)] : [cancelAck(frame)];
    case 'input_accepted':
      return inputAnswer(frame, asked);
    case 'search_branches_response':
      return heard({ ...frame, branches: list(frame.branches).map(branchName) }, asked, false);
    default:
      return brokerNews(frame) ?? heard(frame, asked, false);
  }
}

const branchName = (branch: unknown): unknown => fields(branch).name ?? branch;

/** The answer to a command that was translated. */
function answer(seen: Seen, frame: Frame, asker: Asker): readonly [Seen, readonly Frame[]] {
  const { runtime, error_code = frame.code } = frame;
  const failed = frame.success === false || frame.type === 'error';
  const error = frame.type === 'error' ? frame.message : frame.error;
  const outcome = failed
    ? { success: false, error, ...(error_code !== undefined && { error_code }) }
    : { success: true };
  const reply = (type: string, body: object): Frame =>
    unmarked({ type, ...(runtime !== undefined && { runtime }), ...body, ...outcome }, asker);
  switch (asker.type) {
    case 'request_state':
      return [seen, [reply('state_response', stateOf(seen, runtime))]];
    case 'recover_pending_approvals':
      return [seen, [reply('recover_pending_approvals_ack', {})]];
    case 'cancel_run':
      return [seen, [unmarked(cancelAck({ ...frame, error, error_code }), asker)]];
    case 'change_cwd':
      return [withoutChange(seen, asker), [reply('cwd_changed', { cwd: null })]];
    case 'change_mode':
      return [withoutChange(seen, asker), [reply('mode_changed', { mode: null })]];
    default:
      return [withoutChange(seen, asker), [unmarked(frame, asker)]];
  }
}

function stateOf(seen: Seen, runtime: unknown): object {
  const scope = scopeOf(runtime);
  const {
    device_status = null,
    loop_status = null,
    queue = [],
  } = fields(scope && seen.get(scopeKey(scope))?.collected);
  const pending_control_requests = list(fields(device_status).pending_control_requests);
  return { device_status, loop_status, queue, pending_control_requests };
}

function withoutChange(seen: Seen, asker: Asker): Seen {
  for (const [key, shown] of seen) {
    const left = withdrawn(shown, asker);
    if (left) return new Map(seen).set(key, left);
  }
  return seen;
}

/** A failure's reason goes along: without a `request_id` nothing else would carry it. */
const cancelAck = ({ request_id, aborted, run_id, error, error_code }: Frame): Frame => ({
  type: 'cancel_ack',
  ...(request_id !== undefined && { request_id }),
  accepted: aborted === true,
  run_id: run_id ?? null,
  ...(error !== undefined && { error }),
  ...(error_code !== undefined && { error_code }),
});
