import type { Closed, PipeListener } from './pipe.ts';

/** The listener's side of a pipe over a socket. */
export type Delivery = {
  listen(listener: PipeListener): void;
  message(text: string): void;
  drained(): void;
  /** From now on nothing is told but the end. */
  seal(): void;
  end(why: Closed): void;
};

/**
 * What a socket owes its listener: whatever came before it was set waits for it, it is never called from inside `listen`,
 * and the end is told once and last.
 */
export function delivery(): Delivery {
  const early: string[] = [];
  let listener: PipeListener | undefined;
  let started = false;
  let sealed = false;
  let ended: Closed | undefined;
  let told = false;

  function tellEnd(): void {
    if (!started || !ended || told) return;
    told = true;
    listener?.closed(ended);
  }
  function start(): void {
    started = true;
    for (const text of early.splice(0)) if (!sealed) listener?.message(text);
    tellEnd();
  }
  return {
    listen(next) {
      if (!listener) queueMicrotask(start);
      listener = next;
    },
    message(text) {
      if (sealed || ended) return;
      if (started) listener?.message(text);
      else early.push(text);
    },
    drained() {
      if (started && !sealed && !ended) listener?.drained?.();
    },
    seal() {
      sealed = true;
    },
    end(why) {
      ended ??= why;
      tellEnd();
    },
  };
}
