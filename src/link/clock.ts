export type Timer = { cancel(): void };

/** Time as a value that can be handed in, so that five minutes of silence cost a test nothing. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  after(ms: number, run: () => void): Timer;
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => new SystemTimer(ms, run),
};

/** A class, since a broker has one or two for each of its sockets. */
class SystemTimer implements Timer {
  readonly #handle: ReturnType<typeof setTimeout>;

  constructor(ms: number, run: () => void) {
    this.#handle = setTimeout(run, ms);
    if (typeof this.#handle === 'object') this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}
