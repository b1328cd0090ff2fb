import type { Gap } from '../../hub/event-log.ts';

type Held = { readonly text: string; readonly seq: number };

/** More than a device sends in the time that is waited; beyond it nothing is waited for any more. */
const MOST = 2_000;

/** Frames of two sockets in the order of their numbers. What has no number waits for nothing. */
export class HeldBack {
  readonly #deliver: (text: string) => void;
  /** Ordered by number. */
  #held: Held[] = [];
  /** The number delivered last; null before the first. */
  #last: number | null = null;

  constructor(deliver: (text: string) => void) {
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#held.length;
  }

  take(text: string, seq: number | null): void {
    if (seq === null) return this.#deliver(text);
    if (seq === 1 && this.#last !== null) this.#restart();
    if (this.#last === null || seq === this.#last + 1) this.#pass({ text, seq });
    else if (seq <= this.#last) this.#late(text, this.#last);
    else this.#hold({ text, seq });
  }

  /** Goes on with the lowest number that is held. Returns the numbers before it, which have not come. */
  skip(): Gap | null {
    const [first] = this.#held;
    if (!first || this.#last === null) return null;
    const gap = { from: this.#last + 1, to: first.seq - 1 };
    this.#last = first.seq - 1;
    this.#drain();
    return gap;
  }

  #pass({ text, seq }: Held): void {
    this.#last = seq;
    this.#deliver(text);
    this.#drain();
  }

  #drain(): void {
    for (let next = this.#held[0]; next && next.seq <= (this.#last ?? 0) + 1; next = this.#held[0]) {
      this.#held.shift();
      this.#last = next.seq;
      this.#deliver(next.text);
    }
  }

  #hold(frame: Held): void {
    const at = this.#held.findIndex(({ seq }) => seq > frame.seq);
    this.#held.splice(at < 0 ? this.#held.length : at, 0, frame);
    if (this.#held.length > MOST) this.skip();
  }

  /** One that nobody waits for any more comes where it comes. Its number would look as if the device had begun to count anew. */
  #late(text: string, last: number): void {
    this.#deliver(JSON.stringify({ ...(JSON.parse(text) as object), event_seq: last }));
  }

  /** The device counts anew: everything that is held came before. */
  #restart(): void {
    while (this.#held.length > 0) this.skip();
    this.#last = null;
  }
}
