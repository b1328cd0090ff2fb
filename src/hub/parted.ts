import type { Clock, Timer } from '../link/clock.ts';

/** How long a session that lost its socket is kept, and how many of one principal. */
export const PARTED_MS = 120_000;
const MOST = 100;

/** `bearer`: of all sessions of one principal the same. */
type Session = { readonly bearer: string; end(): void };

/** Sessions that have lost their socket and may get another one. */
export class Parted<S extends Session> {
  readonly #clock: Clock;
  /** The longest parted first. */
  readonly #timers = new Map<S, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#timers.size;
  }

  keep(session: S): void {
    this.#timers.set(
      session,
      this.#clock.after(PARTED_MS, () => session.end()),
    );
    const own = [...this.#timers.keys()].filter(({ bearer }) => bearer === session.bearer);
    if (own.length > MOST) own[0]?.end();
  }

  /** It goes on, or has ended. */
  take(session: S): void {
    this.#timers.get(session)?.cancel();
    this.#timers.delete(session);
  }
}
