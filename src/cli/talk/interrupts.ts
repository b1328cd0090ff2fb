import type { Io } from '../program/io.ts';

/** The first Ctrl-C (or SIGTERM) asks for an end, the second one does not wait for it. */
export type Interrupts = {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  stop(): void;
};

export function hearInterrupts(io: Io): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  const stop = io.onInterrupt((signal) => {
    if (first.signal.aborted) second.abort();
    first.abort(signal);
  });
  return { first: first.signal, second: second.signal, stop };
}
