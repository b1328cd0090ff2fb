import type { Clock } from './clock.ts';
import { VANISHED } from './close-code.ts';
import type { Closed, Pipe, PipeListener } from './pipe.ts';
import { utf8Length } from './utf8-length.ts';

type Item = { readonly text: string; readonly bytes: number } | { readonly why: Closed };

/** One end of a pair. What was sent to it waits here until it is delivered, and till then is `unsent` at the other end. */
class End implements Pipe {
  #waiting: Item[] = [];
  #listener: PipeListener | undefined;
  #open = true;
  #unsent = 0;
  #ownEnd: Closed | undefined;
  #peerEnded = false;
  #told = false;
  readonly #alsoTold: ((why: Closed) => void)[] = [];
  readonly #peer: () => End;
  readonly #wake: (end: End) => void;

  /** `wake` is told whenever there may be something to deliver. */
  constructor(peer: () => End, wake: (end: End) => void) {
    this.#peer = peer;
    this.#wake = wake;
  }

  get open(): boolean {
    return this.#open;
  }

  get unsent(): number {
    return this.#unsent;
  }

  get waiting(): readonly Item[] {
    return this.#waiting;
  }

  listen(listener: PipeListener): void {
    this.#listener = listener;
    this.#wake(this);
  }

  whenEnded(told: (why: Closed) => void): void {
    this.#alsoTold.push(told);
  }

  send(text: string): void {
    const peer = this.#peer();
    if (!this.#open || !peer.open) return;
    const bytes = utf8Length(text);
    this.#unsent += bytes;
    peer.#waiting.push({ text, bytes });
    peer.#wake(peer);
  }

  close(code = 1000, reason = ''): void {
    if (!this.#open) return;
    this.end({ code, reason });
    this.#peer().#hearEnd({ code, reason });
  }

  /** Ends this side alone: what waits for it is lost, only the end itself is still told. */
  end(why: Closed): void {
    this.#open = false;
    this.#ownEnd = why;
    this.#unsent = 0;
    this.#waiting = [{ why }];
    this.#wake(this);
  }

  /** Hands up to `most` of what waits to the listener, oldest first. Returns how much it was. */
  deliver(most: number): number {
    if (!this.#listener) {
      if (this.#ownEnd) this.#tellOthers(this.#ownEnd);
      return 0;
    }
    const items = this.#waiting.splice(0, most);
    for (const item of items) {
      if ('why' in item) this.#tellEnd(this.#ownEnd ?? item.why);
      else if (this.#open) {
        this.#listener.message(item.text);
        this.#peer().#sent(item.bytes);
      }
    }
    return items.length;
  }

  /** Loses the oldest frame that waits. */
  drop(): string | undefined {
    const [item] = this.#waiting;
    if (!item || 'why' in item) return undefined;
    this.#waiting.shift();
    this.#peer().#sent(item.bytes);
    return item.text;
  }

  #hearEnd(why: Closed): void {
    if (!this.#open || this.#peerEnded) return;
    this.#peerEnded = true;
    this.#waiting.push({ why });
    this.#wake(this);
  }

  #tellEnd(why: Closed): void {
    if (this.#told) return;
    this.#told = true;
    this.#open = false;
    this.#listener?.closed(why);
    this.#tellOthers(why);
  }

  #tellOthers(why: Closed): void {
    for (const told of this.#alsoTold.splice(0)) told(why);
  }

  #sent(bytes: number): void {
    if (!this.#open) return;
    this.#unsent -= bytes;
    if (this.#unsent === 0) this.#listener?.drained?.();
  }
}

/**
 * Two pipes joined in memory. Frames arrive in order and never inside `send`: with the next promise callbacks, or, when a
 * `clock` is given, with that clock's timers.
 */
export function memoryPair({ clock }: { clock?: Clock } = {}): [Pipe, Pipe] {
  const soon = (run: () => void): void => {
    if (clock) clock.after(0, run);
    else queueMicrotask(run);
  };
  const woken = new Set<End>();
  const wake = (end: End): void => {
    if (woken.has(end)) return;
    woken.add(end);
    soon(() => {
      woken.delete(end);
      end.deliver(end.waiting.length);
    });
  };
  const a: End = new End(() => b, wake);
  const b: End = new End(() => a, wake);
  return [a, b];
}

/** Whom a frame is on its way to. */
export type Side = 'a' | 'b';

export type ManualPair = {
  readonly a: Pipe;
  readonly b: Pipe;
  /** The frames on their way to `side`. */
  waiting(side: Side): readonly string[];
  /** Moves everything, also what is sent meanwhile, one each way in turn. Returns the number of items moved. */
  flush(): number;
  /** Moves the oldest frame (or the close) on its way to `side`; false when there is none or nobody listens there. */
  flushOne(side: Side): boolean;
  /** Loses the oldest frame on its way to `side` and returns it. */
  drop(side: Side): string | undefined;
  /** Breaks the connection: both sides are closed with 1006 at once, what was on its way is lost. */
  cut(): void;
};

const ENDLESS = 100_000;

/** Two pipes joined in memory, where nothing moves until a test says so. */
export function manualPair(): ManualPair {
  const ignore = () => {};
  const a: End = new End(() => b, ignore);
  const b: End = new End(() => a, ignore);
  const ends = { a, b };

  const flushOne = (side: Side) => ends[side].deliver(1) > 0;
  return {
    a,
    b,
    waiting: (side) => ends[side].waiting.flatMap((item) => ('text' in item ? [item.text] : [])),
    flush() {
      let moved = 0;
      for (let before = -1; moved !== before; ) {
        before = moved;
        moved += a.deliver(1) + b.deliver(1);
        if (moved > ENDLESS)
          throw new Error(`The two sides answer each other without end (${ENDLESS} frames in one flush).`);
      }
      return moved;
    },
    flushOne,
    drop: (side) => ends[side].drop(),
    cut() {
      const why = { code: VANISHED, reason: 'the connection was cut' };
      for (const end of [a, b]) if (end.open) end.end(why);
      for (const end of [a, b]) end.deliver(1);
    },
  };
}
