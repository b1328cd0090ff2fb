import type { Closed, PipeListener } from './pipe.ts';

/** The listener's side of a pipe over a socket. */
export type Delivery = {
  listen(listener: PipeListener): void;
  message(text: string): void;
  drained(): void;
  /** Tells the end to one more, see `Pipe`. */
  whenEnded(told: (why: Closed) => void): void;
  /** From now on nothing is told but the end. */
  seal(): void;
  end(why: Closed): void;
};

/** Is told what a listener throws. */
export interface Guard {
  threw(error: unknown): void;
}

/**
 * What a socket owes its listener: whatever came before it was set waits for it, it is never called from inside `listen`,
 * and the end is told once and last. Without a guard whatever the listener throws is thrown on.
 */
export const delivery = (guard?: Guard): Delivery => new Owed(guard);

/** A class, since a broker has one for each of its sockets. */
class Owed implements Delivery {
  readonly #guard: Guard | undefined;
  #early: string[] | null = null;
  #listener: PipeListener | undefined;
  #alsoTold: readonly ((why: Closed) => void)[] | undefined;
  #started = false;
  #sealed = false;
  #ended: Closed | undefined;
  #told = false;

  constructor(guard: Guard | undefined) {
    this.#guard = guard;
  }

  listen(next: PipeListener): void {
    if (!this.#listener) queueMicrotask(() => this.#start());
    this.#listener = next;
  }

  message(text: string): void {
    if (this.#sealed || this.#ended) return;
    if (this.#started) return this.#tell(text);
    this.#early ??= [];
    this.#early.push(text);
  }

  drained(): void {
    if (!this.#started || this.#sealed || this.#ended) return;
    try {
      this.#listener?.drained?.();
    } catch (error) {
      this.#threw(error);
    }
  }

  whenEnded(told: (why: Closed) => void): void {
    this.#alsoTold = [...(this.#alsoTold ?? []), told];
  }

  seal(): void {
    this.#sealed = true;
  }

  end(why: Closed): void {
    this.#ended ??= why;
    this.#tellEnd();
  }

  #start(): void {
    this.#started = true;
    const early = this.#early ?? [];
    this.#early = null;
    for (const text of early) if (!this.#sealed) this.#tell(text);
    this.#tellEnd();
  }

  #tell(text: string): void {
    try {
      this.#listener?.message(text);
    } catch (error) {
      this.#threw(error);
    }
  }

  #threw(error: unknown): void {
    if (!this.#guard) throw error;
    this.#guard.threw(error);
  }

  #tellEnd(): void {
    const why = this.#ended;
    if (!why || (this.#listener && !this.#started)) return;
    if (this.#started && !this.#told) {
      this.#told = true;
      try {
        this.#listener?.closed(why);
      } catch (error) {
        this.#threw(error);
      }
    }
    const alsoTold = this.#alsoTold;
    this.#alsoTold = undefined;
    for (const told of alsoTold ?? []) told(why);
  }
}
