import { type Clock, systemClock, type Timer } from '../link/clock.ts';

/** A clock that runs `factor` times as fast as the machine's: pauses of seconds cost a test milliseconds. */
export function hastyClock(factor: number, real: Clock = systemClock): Clock {
  const start = real.now();
  return {
    now: () => Math.floor(start + (real.now() - start) * factor),
    after: (ms, run) => real.after(ms / factor, run),
  };
}

/** A clock whose timers end with whoever set them. */
export function mortalClock(clock: Clock): Clock & { stop(): void } {
  const timers = new Set<Timer>();
  let stopped = false;
  return {
    now: () => clock.now(),
    after(ms, run) {
      if (stopped) return { cancel: () => undefined };
      const timer = clock.after(ms, () => {
        timers.delete(timer);
        run();
      });
      timers.add(timer);
      return {
        cancel() {
          timers.delete(timer);
          timer.cancel();
        },
      };
    },
    stop() {
      stopped = true;
      for (const timer of timers) timer.cancel();
      timers.clear();
    },
  };
}
