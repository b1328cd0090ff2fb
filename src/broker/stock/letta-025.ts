import type { Timer } from '../../link/clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { type Scope, scopeOf } from '../../protocol/shapes.ts';
import type { DeviceDialect, DialectContext, Heard } from '../station/device-dialect.ts';
import { stockBase } from './device.ts';
import { answers025 } from './letta-025-answers.ts';
import { stuck025, stuckMessage } from './letta-025-stuck.ts';
import { turns025 } from './letta-025-turns.ts';
import { isBusy, type View } from './view.ts';

/** Why a turn is over is told at once or not at all. */
const TURN_END_MS = 500;

/**
 * Letta Code 0.25: besides what every stock device leaves unsaid it answers no input, abort or sync, has no `control_request` and no
 * `turn_finished`, and stays stuck in what a lost link cut off. All of that is read here from the events that it does send.
 */
export function stockDevice025(context: DialectContext): DeviceDialect {
  const { clock, hear } = context;
  const base = stockBase('stock-0.25', context, forget);
  const { views, numbers } = base;
  const answers = answers025(clock, (frame) => hear({ frame }));
  const turns = turns025(base.name);
  const stuck = stuck025(clock);
  /** Requests that were told, by conversation. */
  const asked = new WeakMap<View, ReadonlySet<string>>();
  const timers = new Map<View, Timer>();

  const made = (frames: readonly (Frame | null)[], scope: Scope): Frame[] =>
    frames.flatMap((frame) => (frame ? [numbers.made(frame, scope)] : []));

  function forget(view: View): void {
    timers.get(view)?.cancel();
    timers.delete(view);
    for (const part of [answers, turns, stuck]) part.forget(view);
  }

  function endSoon(view: View): void {
    timers.get(view)?.cancel();
    const told = (): void => {
      timers.delete(view);
      for (const frame of made([turns.end(view)], view.scope)) hear({ frame });
    };
    timers.set(view, clock.after(TURN_END_MS, told));
  }

  function tellStuck(view: View): void {
    const { scope, runs } = view;
    const status = { type: 'update_loop_status', loop_status: { status: view.loop, active_run_ids: runs } };
    const failed = { error: stuckMessage, error_code: 'device_lost' };
    const frames = [turns.lost(view, failed), lostTurn(clock.now()), stuck.named(status, view)];
    for (const frame of made(frames, scope)) hear({ frame });
  }

  /** Requests that are new in the status, each once. */
  function requests(frame: Frame, view: View): Frame[] {
    if (frame.type !== 'update_device_status') return [];
    const before = asked.get(view);
    asked.set(view, new Set(view.pending.keys()));
    return requestsOf(view).filter(({ request_id }) => !before?.has(String(request_id)));
  }

  /** What waits, for whoever syncs: how things are, not something that happened. */
  function requestsNow(view: View): Frame[] {
    const now = { runtime: view.scope, snapshot: true, event_seq: numbers.head(view.scope)?.event_seq ?? 0 };
    return requestsOf(view).map((one) => ({ ...one, ...now }));
  }

  function event(scope: Scope, view: View, came: Frame): Frame[] {
    const before = { busy: isBusy(view) };
    const ended = made([turns.before(came, view)], scope);
    const frame = stuck.named(base.event(came, scope), view);
    if (turns.after(frame, view)) endSoon(view);
    stuck.watch(view, () => tellStuck(view));
    const more = made(requests(frame, view), scope);
    const replies = answers.shown(frame, view, before);
    const synced = replies.some(({ type }) => type === 'sync_response');
    return [...ended, frame, ...more, ...(synced ? requestsNow(view) : []), ...replies];
  }

  return {
    toDevice(frame) {
      const sent = base.take(frame);
      const scope = sent && scopeOf(sent.runtime);
      const answer = scope ? answers.sent(sent, views.of(scope)) : null;
      if (answer) hear({ frame: answer });
      return sent && !answer ? [sent] : [];
    },
    fromDevice(frame, text): readonly Heard[] {
      const scope = base.scopeOfEvent(frame);
      return scope ? event(scope, views.of(scope), frame).map((one) => ({ frame: one })) : [{ frame, text }];
    },
    close() {
      answers.close();
      stuck.close();
      for (const timer of timers.values()) timer.cancel();
    },
  };
}

const requestsOf = ({ pending }: View): Frame[] =>
  [...pending].map(([request_id, { request, input_hash }]) => ({
    type: 'control_request',
    request_id,
    request,
    ...(input_hash !== null && { input_hash }),
  }));

const lostTurn = (now: number): Frame => ({
  type: 'stream_delta',
  delta: {
    id: `lifecycle-lost-${now}`,
    date: new Date(now).toISOString(),
    message_type: 'loop_error',
    message: stuckMessage,
    stop_reason: 'error',
    is_terminal: true,
    code: 'device_lost',
  },
});
