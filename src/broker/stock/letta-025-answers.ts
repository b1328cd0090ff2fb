import type { Clock, Timer } from '../../link/clock.ts';
import { fields, list, text } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { nothingAborted, success } from './commands.ts';
import { isBusy, type View } from './view.ts';

/** How long an abort may go unanswered where it cannot be told whether there was anything to stop. */
const ABORT_MS = 5_000;

type Open = {
  readonly inputs: { readonly frame: Frame; readonly key: unknown }[];
  readonly decisions: { readonly frame: Frame; readonly id: string }[];
  readonly aborts: { readonly frame: Frame; readonly run: string | null; readonly timer: Timer }[];
  readonly syncs: { readonly frame: Frame; readonly told: Set<string> }[];
  /** Ids in the queue as it was last told. */
  queue: ReadonlySet<string>;
};

export type Answers025 = {
  /** A command that is on its way to the device; `view` is how things are before it. Returns the answer that need not wait. */
  sent(frame: Frame, view: View): Frame | null;
  /** The answers that an event shows. `before` is the view without it. */
  shown(frame: Frame, view: View, before: { readonly busy: boolean }): readonly Frame[];
  forget(view: View): void;
  close(): void;
};

/**
 * [IN-5] Letta Code 0.25 answers neither `input` nor `abort_message` nor `sync`: that they arrived is seen by what it does
 * then. So each is answered at the first event that shows it.
 */
export function answers025(clock: Clock, late: (answer: Frame) => void): Answers025 {
  const open = new Map<View, Open>();

  function of(view: View): Open {
    const known = open.get(view);
    if (known) return known;
    const fresh: Open = { inputs: [], decisions: [], aborts: [], syncs: [], queue: new Set() };
    open.set(view, fresh);
    return fresh;
  }

  function sent(frame: Frame, view: View): Frame | null {
    const { inputs, decisions, syncs } = of(view);
    const payload = fields(frame.payload);
    if (frame.type === 'sync') syncs.push({ frame, told: new Set() });
    else if (frame.type === 'abort_message') return abort(frame, view);
    else if (frame.type === 'input' && payload.kind === 'approval_response')
      decisions.push({ frame, id: String(payload.request_id) });
    else if (frame.type === 'input') inputs.push({ frame, key: keyOf(payload) });
    return null;
  }

  function abort(frame: Frame, view: View): Frame | null {
    const { inputs, aborts } = of(view);
    const resting = view.loop !== null && !isBusy(view) && view.pending.size === 0 && inputs.length === 0;
    if (resting) return nothingAborted(frame);
    const timer = clock.after(ABORT_MS, () => {
      const index = aborts.findIndex((one) => one.frame === frame);
      if (index >= 0) aborts.splice(index, 1);
      late(nothingAborted(frame));
    });
    aborts.push({ frame, run: view.runs[0] ?? null, timer });
    return null;
  }

  function shown(frame: Frame, view: View, before: { readonly busy: boolean }): Frame[] {
    const waiting = open.get(view);
    if (!waiting) return [];
    switch (frame.type) {
      case 'update_loop_status':
        return [...synced(waiting, frame), ...looped(waiting, view, before.busy)];
      case 'update_device_status':
        return [...synced(waiting, frame), ...decided(waiting, view), ...stopped(waiting, view)];
      case 'update_queue':
        return [...synced(waiting, frame), ...queued(waiting, frame)];
      case 'update_subagent_state':
        return synced(waiting, frame);
      default:
        return [];
    }
  }

  function forget(view: View): void {
    for (const { timer } of open.get(view)?.aborts ?? []) timer.cancel();
    open.delete(view);
  }

  return {
    sent,
    shown,
    forget,
    close() {
      for (const view of open.keys()) forget(view);
    },
  };
}

function keyOf({ messages }: Readonly<Record<string, unknown>>): unknown {
  const first = list(messages)
    .map(fields)
    .find(({ content }) => content !== undefined);
  return first?.client_message_id;
}

const accepted = (frame: Frame, more: object = {}): Frame => success(frame, 'input', more);

/** Work that begins where none was shows the oldest input that has no answer. */
function looped({ inputs, aborts }: Open, view: View, wasBusy: boolean): Frame[] {
  if (isBusy(view) && !wasBusy) {
    const input = inputs.shift();
    return input ? [accepted(input.frame, { disposition: 'started' })] : [];
  }
  return view.loop === 'WAITING_ON_INPUT' ? ended(aborts) : [];
}

const idOf = (id: unknown): string => text(id) ?? '';

/** A new item shows the input that it holds. */
function queued(waiting: Open, { queue }: Frame): Frame[] {
  const items = list(queue).map(fields);
  const fresh = items.filter(({ id, kind }) => kind === 'message' && !waiting.queue.has(idOf(id)));
  waiting.queue = new Set(items.map(({ id }) => idOf(id)));
  return fresh.flatMap(({ client_message_id }) => {
    const { inputs } = waiting;
    const named = inputs.findIndex(({ key }) => key === client_message_id);
    const index = named >= 0 ? named : inputs.findIndex(({ key }) => key === undefined || key === null);
    const [input] = index >= 0 ? inputs.splice(index, 1) : [];
    return input ? [accepted(input.frame, { disposition: 'queued' })] : [];
  });
}

/** A request that is gone from the status was decided. */
function decided({ decisions }: Open, { pending }: View): Frame[] {
  const done = decisions.filter(({ id }) => !pending.has(id));
  for (const one of done) decisions.splice(decisions.indexOf(one), 1);
  return done.map(({ frame }) => accepted(frame));
}

const stopped = ({ aborts }: Open, view: View): Frame[] => (view.processing === false ? ended(aborts) : []);

function ended(aborts: Open['aborts']): Frame[] {
  return aborts.splice(0).map(({ frame, run, timer }) => {
    timer.cancel();
    return success(frame, 'abort_message', { aborted: true, run_id: run });
  });
}

/** A sync is told in this order, the subagents last (reference 3.3). */
const replay = ['update_device_status', 'update_loop_status', 'update_queue'];

function synced({ syncs }: Open, { type }: Frame): Frame[] {
  const [oldest] = syncs;
  if (type !== 'update_subagent_state') for (const { told } of syncs) told.add(type);
  else if (oldest && replay.every((one) => oldest.told.has(one))) {
    syncs.shift();
    return [success(oldest.frame, 'sync')];
  }
  return [];
}
