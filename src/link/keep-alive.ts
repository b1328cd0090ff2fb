import type { Clock } from './clock.ts';

export type KeepAliveOptions = {
  readonly clock: Clock;
  /** Asks the peer for a sign of life. */
  probe(): void;
  /** The peer is taken for dead; called at most once. */
  dead(silentMs: number): void;
  /** Default 30 s. */
  readonly probeEveryMs?: number | undefined;
  /** Default 90 s. */
  readonly deadAfterMs?: number | undefined;
};

export type KeepAlive = {
  /** To be called for whatever the peer sent, however little. */
  heard(): void;
  stop(): void;
};

/** [LINK-1] Finds a peer that died without closing: any inbound byte is life, silence is probed and finally ends it. */
export function keepAlive(options: KeepAliveOptions): KeepAlive {
  const { clock, probe, dead, probeEveryMs = 30_000, deadAfterMs = 90_000 } = options;
  let heardAt = clock.now();
  let probedAt = heardAt;
  let timer = clock.after(Math.min(probeEveryMs, deadAfterMs), tick);

  function tick(): void {
    const now = clock.now();
    const silentMs = now - heardAt;
    // After a sleep of the machine the silence is long, but nobody was asked during it: ask first.
    const asked = now - probedAt < 2 * probeEveryMs;
    if (silentMs >= deadAfterMs && asked) return dead(silentMs);
    probe();
    probedAt = now;
    const left = deadAfterMs - silentMs;
    timer = clock.after(left > 0 ? Math.min(probeEveryMs, left) : probeEveryMs, tick);
  }
  return {
    heard() {
      heardAt = clock.now();
    },
    stop: () => timer.cancel(),
  };
}
