import type { Clock, Timer } from './clock.ts';

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
export const keepAlive = (options: KeepAliveOptions): KeepAlive => new Watch(options);

/** A class, since a broker has one for each of its sockets. */
class Watch implements KeepAlive {
  readonly #options: KeepAliveOptions;
  #heardAt: number;
  #probedAt: number;
  #timer: Timer;

  constructor(options: KeepAliveOptions) {
    const { clock, probeEveryMs = PROBE_EVERY_MS, deadAfterMs = DEAD_AFTER_MS } = options;
    this.#options = options;
    this.#heardAt = clock.now();
    this.#probedAt = this.#heardAt;
    this.#timer = this.#next(Math.min(probeEveryMs, deadAfterMs));
  }

  heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(ms: number): Timer {
    return this.#options.clock.after(ms, () => this.#look());
  }

  #look(): void {
    const { clock, probeEveryMs = PROBE_EVERY_MS, deadAfterMs = DEAD_AFTER_MS } = this.#options;
    const now = clock.now();
    const silentMs = now - this.#heardAt;
    // After a sleep of the machine the silence is long, but nobody was asked during it: ask first.
    const asked = now - this.#probedAt < 2 * probeEveryMs;
    if (silentMs >= deadAfterMs && asked) return this.#options.dead(silentMs);
    this.#options.probe();
    this.#probedAt = now;
    const left = deadAfterMs - silentMs;
    this.#timer = this.#next(left > 0 ? Math.min(probeEveryMs, left) : probeEveryMs);
  }
}

const PROBE_EVERY_MS = 30_000;
const DEAD_AFTER_MS = 90_000;
