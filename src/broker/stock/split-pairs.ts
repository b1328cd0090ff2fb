import type { Clock, Timer } from '../../link/clock.ts';
import type { Pipe } from '../../link/pipe.ts';
import { type SplitLink, splitLink } from './split-link.ts';

export type SplitPairsOptions = {
  readonly clock: Clock;
  /** Events between these numbers of that lease have not come. */
  gap?(connectionId: string, from: number, to: number): void;
};

/** Finds which sockets of devices belong together. */
export type SplitPairs = {
  /**
   * A socket of that lease, and what its URL says it is for. Returns the whole link of the device when this is its first socket; null
   * for a second one, which joins it.
   */
  came(connectionId: string, channel: string | null, pipe: Pipe): Pipe | null;
};

/** A device opens both at once, in any order. */
const ALONE_MS = 30_000;

export function splitPairs({ clock, gap }: SplitPairsOptions): SplitPairs {
  const links = new Map<string, SplitLink>();
  const early = new Map<string, { readonly pipe: Pipe; readonly timer: Timer }>();

  function control(connectionId: string, pipe: Pipe): Pipe {
    const link = splitLink(pipe, { clock, gap: (from, to) => gap?.(connectionId, from, to) });
    links.set(connectionId, link);
    const waiting = early.get(connectionId);
    early.delete(connectionId);
    waiting?.timer.cancel();
    if (waiting) link.stream(waiting.pipe);
    return link.pipe;
  }

  function stream(connectionId: string, pipe: Pipe): void {
    const link = links.get(connectionId);
    if (link?.pipe.open) return link.stream(pipe);
    links.delete(connectionId);
    const former = early.get(connectionId);
    former?.timer.cancel();
    former?.pipe.close(1000, 'the device opened another stream socket');
    const timer = clock.after(ALONE_MS, () => {
      early.delete(connectionId);
      pipe.close(1001, 'the control socket did not come');
    });
    early.set(connectionId, { pipe, timer });
  }

  return {
    came(connectionId, channel, pipe) {
      if (channel === 'control') return control(connectionId, pipe);
      if (channel !== 'stream') return pipe;
      stream(connectionId, pipe);
      return null;
    },
  };
}
