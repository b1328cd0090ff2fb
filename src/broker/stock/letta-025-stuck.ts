import type { Clock, Timer } from '../../link/clock.ts';
import { fields } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { View } from './view.ts';

/** A turn that was cut off in the middle of text ends within a moment, and what waits is worked at once. */
const STUCK_MS = 5_000;

export const stuckMessage =
  'The device works nothing more in this conversation. Its connection was cut off in the middle of a tool or a request, from which this ' +
  'version of Letta Code (0.25) does not recover; that tool may have run. Restart it there, then send again what it has not worked.';

export type Stuck025 = {
  /** Looks at a conversation after an event; `told` is called once when it turns out to be stuck. */
  watch(view: View, told: () => void): void;
  /** A loop status as it is told while the conversation is stuck: it names what is waited for. */
  named(frame: Frame, view: View): Frame;
  forget(view: View): void;
  close(): void;
};

/** A conversation of 0.25 that waits for input although it says that it works, or although input waits in its queue. */
export function stuck025(clock: Clock): Stuck025 {
  const suspects = new Map<View, { readonly since: number; readonly timer: Timer; sure: boolean }>();
  const looksStuck = (view: View): boolean =>
    view.loop === 'WAITING_ON_INPUT' &&
    (view.processing === true || view.queued > 0) &&
    view.pending.size === 0;

  function forget(view: View): void {
    suspects.get(view)?.timer.cancel();
    suspects.delete(view);
  }

  return {
    forget,
    watch(view, told) {
      if (!looksStuck(view)) forget(view);
      else if (!suspects.has(view)) {
        const timer = clock.after(STUCK_MS, () => {
          const found = suspects.get(view);
          if (!found) return;
          found.sure = true;
          told();
        });
        suspects.set(view, { since: clock.now(), timer, sure: false });
      }
    },
    named(frame, view) {
      const suspect = suspects.get(view);
      if (!suspect?.sure || frame.type !== 'update_loop_status') return frame;
      const waiting_for = { kind: 'device', since: suspect.since, detail: stuckMessage };
      return { ...frame, loop_status: { ...fields(frame.loop_status), waiting_for } };
    },
    close() {
      for (const { timer } of suspects.values()) timer.cancel();
      suspects.clear();
    },
  };
}
