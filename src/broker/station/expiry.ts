import type { Clock, Timer } from '../../link/clock.ts';
import type { Inbox, Parked } from '../store/inbox.ts';

export type ExpiryOptions = {
  readonly inbox: Pick<Inbox, 'all'>;
  readonly clock: Clock;
  /** Whether nothing of it can be in anybody's hands now. */
  idle(): boolean;
  /** Takes it out of the inbox. */
  tooLate(entry: Parked): void;
  /** The store failed. */
  failed(error: unknown): void;
};

const againMs = 30_000;

/** [IN-4] Ends what waited too long, when its time comes. */
export class Expiry {
  readonly #options: ExpiryOptions;
  #next: { readonly at: number; readonly timer: Timer } | null = null;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** Something waits that expires then. While a device is there, what it is handed expires when its turn comes. */
  await(at: number): void {
    const { clock, idle } = this.#options;
    if (!idle() || (this.#next && this.#next.at <= at)) return;
    this.stop();
    const timer = clock.after(Math.max(0, at - clock.now()), () => {
      this.#next = null;
      if (idle()) this.check();
    });
    this.#next = { at, timer };
  }

  /** Ends what expired by now; what does not expire yet is awaited. */
  check(): void {
    const { inbox, clock, tooLate, failed } = this.#options;
    const now = clock.now();
    let next = Number.POSITIVE_INFINITY;
    try {
      for (const entry of inbox.all()) {
        if (entry.expiresAt <= now) tooLate(entry);
        else next = Math.min(next, entry.expiresAt);
      }
    } catch (error) {
      failed(error);
      next = now + againMs;
    }
    if (Number.isFinite(next)) this.await(next);
  }

  stop(): void {
    this.#next?.timer.cancel();
    this.#next = null;
  }
}
