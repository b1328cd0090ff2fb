import { fields } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { View } from './view.ts';

type Turn = {
  readonly n: number;
  run: string | null;
  stop: string | null;
  error: string | null;
  over: boolean;
  /** Its end was told before it came. */
  lost: boolean;
};

export type Turns025 = {
  /** What stands before an event: the end of a turn that this event is no part of. */
  before(frame: Frame, view: View): Frame | null;
  /** Takes an event in, once the view has it. True where a turn is over by it. */
  after(frame: Frame, view: View): boolean;
  /** The end of the turn that is over; null where none is. */
  end(view: View): Frame | null;
  forget(view: View): void;
  /** The end of the turn of now, which will not come. */
  lost(view: View, why: { readonly error: string; readonly error_code: string }): Frame | null;
};

/**
 * Letta Code 0.25 has no `turn_finished`. A turn is over when its status says that nothing is processed; why it is over may come
 * behind that, and whatever else comes then belongs to no turn or to the next one.
 */
export function turns025(name: string): Turns025 {
  const turns = new Map<View, Turn>();
  let count = 0;

  function finished({ n, run }: Turn, stop_reason: string, more: object): Frame {
    const body = {
      turn_id: `batch-${name}-${n}`,
      stop_reason,
      ...(run !== null && { run_id: run }),
      ...more,
    };
    return { type: 'turn_finished', ...body };
  }

  function end(view: View): Frame | null {
    const turn = turns.get(view);
    if (!turn?.over) return null;
    turns.delete(view);
    if (turn.lost) return null;
    const { stop, error } = turn;
    const reason = stop === null || stop === 'requires_approval' ? 'cancelled' : stop;
    return finished(turn, reason, error === null ? {} : { error });
  }

  return {
    end,
    before(frame, view) {
      const explains = frame.type === 'stream_delta' && fields(frame.delta).message_type !== 'user_message';
      return explains ? null : end(view);
    },
    after(frame, view) {
      const turn = turns.get(view);
      if (frame.type === 'stream_delta') {
        if (turn) heard(turn, frame);
        return false;
      }
      if (view.processing === true && !turn) turns.set(view, begun(++count, view));
      if (view.processing !== false || !turn) return false;
      turn.over = true;
      return true;
    },
    forget: (view) => void turns.delete(view),
    lost(view, why) {
      const turn = turns.get(view);
      if (!turn || turn.lost) return null;
      turn.lost = true;
      return finished(turn, 'error', why);
    },
  };
}

const begun = (n: number, { runs }: View): Turn => ({
  n,
  run: runs[0] ?? null,
  stop: null,
  error: null,
  over: false,
  lost: false,
});

function heard(turn: Turn, { delta }: Frame): void {
  const { message_type, stop_reason, run_id, is_terminal, message } = fields(delta);
  if (typeof run_id === 'string') turn.run = run_id;
  if (message_type === 'stop_reason' && typeof stop_reason === 'string') turn.stop = stop_reason;
  if (message_type !== 'loop_error' || is_terminal !== true) return;
  turn.stop = typeof stop_reason === 'string' ? stop_reason : 'error';
  turn.error = typeof message === 'string' ? message : 'The turn failed without a reason.';
}
