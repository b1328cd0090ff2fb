import type { Clock, Timer } from '../../link/clock.ts';
import type { Database } from '../../sqlite/open.ts';

/** Something whose changes wait in memory to be written. */
export interface Writer {
  /** About the bytes of memory that its changes take. */
  readonly waiting: number;
  /** Writes them, inside the transaction of all writers. It may be called again where that failed. */
  write(): void;
  /** They are written. */
  written(): void;
  /** Gives up the older half of them, at least one, and returns how many events are lost by that. */
  shed(): number;
}

/** `what` is for people; `error` is what the disk said, null where nothing failed just now. */
export type OnTrouble = (what: string, error: unknown) => void;

export type WriteBehindOptions = {
  readonly db: Pick<Database, 'transaction'>;
  readonly clock: Clock;
  readonly onTrouble: OnTrouble;
};

/** Milliseconds that a change waits for others. */
const delayMs = 50;
const longestRetryMs = 30_000;
/** Bytes of changes that are written without waiting longer, and those above which the oldest are given up. */
export const behindLimits = { flush: 4 * 1024 * 1024, most: 64 * 1024 * 1024 } as const;

/**
 * Writes the changes of all devices in one transaction, a little later. Where the disk fails they are kept and tried again for as long
 * as there is memory for them.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #writers = new Set<Writer>();
  #waiting = 0;
  #failures = 0;
  #timer: Timer | null = null;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** A writer has something more to write, of so many bytes. */
  add(writer: Writer, bytes: number): void {
    this.#writers.add(writer);
    this.#waiting += bytes;
    this.#timer ??= this.#options.clock.after(delayMs, () => this.#try());
    if (this.#waiting > behindLimits.flush && this.#failures === 0) this.#try();
    if (this.#waiting > behindLimits.most) this.#relieve();
  }

  /**
   * Writes what waits.
   * @throws StoreError when the disk fails; then everything is kept and tried again.
   */
  flush(): void {
    if (this.#writers.size > 0) {
      this.#options.db.transaction(() => {
        for (const writer of this.#writers) writer.write();
      });
      for (const writer of this.#writers) writer.written();
      this.#writers.clear();
      this.#waiting = 0;
    }
    this.#failures = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Writes what waits if that can be done. */
  close(): void {
    try {
      this.flush();
    } catch (error) {
      this.#timer?.cancel();
      this.#options.onTrouble('what devices told last cannot be written; they will tell it again', error);
    }
  }

  #try(): void {
    try {
      this.flush();
    } catch (error) {
      this.#failures += 1;
      const wait = Math.min(1000 * 2 ** (this.#failures - 1), longestRetryMs);
      this.#timer?.cancel();
      this.#timer = this.#options.clock.after(wait, () => this.#try());
      this.#options.onTrouble(
        `what devices told cannot be written; it is kept and tried again in ${wait / 1000} s`,
        error,
      );
    }
  }

  /** Whoever has most waiting gives up first, so that one device cannot cost the others anything. */
  #relieve(): void {
    let lost = 0;
    for (;;) {
      const writers = [...this.#writers].sort((a, b) => b.waiting - a.waiting);
      const waiting = writers.reduce((sum, writer) => sum + writer.waiting, 0);
      const [heaviest] = writers;
      this.#waiting = waiting;
      if (waiting <= behindLimits.most || !heaviest) break;
      lost += heaviest.shed();
    }
    if (lost === 0) return;
    const what = `the disk has failed for too long: the oldest ${lost} events that waited for it are given up`;
    this.#options.onTrouble(what, null);
  }
}
