import type { Clock } from './clock.ts';

export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms` (0 runs what is due now). Timers run in the order of their time, those of one time in the
   * order they were set; after each, and once before the first, all pending promise callbacks run.
   */
  advance(ms: number): Promise<void>;
  /** Timers that are set and have not run. */
  readonly pending: number;
}

type Entry = { readonly at: number; readonly run: () => void };

/** A clock that stands still until told to move. Starts at `start` (milliseconds since the epoch, default 2026-01-01). */
export function virtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  const entries = new Set<Entry>();
  let now = start;

  const nextUntil = (end: number): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of entries) if (entry.at <= end && (!next || entry.at < next.at)) next = entry;
    return next;
  };
  return {
    now: () => now,
    after(ms, run) {
      const entry = { at: now + Math.max(0, ms), run };
      entries.add(entry);
      return { cancel: () => void entries.delete(entry) };
    },
    async advance(ms) {
      const end = now + ms;
      await settled();
      for (let due = nextUntil(end); due; due = nextUntil(end)) {
        entries.delete(due);
        now = due.at;
        due.run();
        await settled();
      }
      now = end;
    },
    get pending() {
      return entries.size;
    },
  };
}

/** A macrotask comes only after the last of any chain of promise callbacks, however long. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
