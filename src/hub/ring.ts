import type { Privilege } from '../protocol/privileges.ts';
import type { Scope } from '../protocol/shapes.ts';

/** Whom a frame is for that may be for many. */
export type Address =
  | {
      readonly to: 'scope';
      readonly key: string;
      readonly scope: Scope;
      readonly privilege: Privilege;
      /** Of an event, or the one that a snapshot reflects; 0 where the frame has none. */
      readonly eventSeq: number;
    }
  | { readonly to: 'privilege'; readonly privilege: Privilege; readonly agentId: unknown };

export type Kept = {
  readonly seq: number;
  /** As it came, without the number. */
  readonly text: string;
  readonly to: Address | { readonly to: 'session'; readonly id: string };
  /** Who is told these bytes: observers, who are not shown everything, the others, or both alike. */
  readonly view: 'observers' | 'others' | 'both';
};

/** [SEQ-3] What a hub has sent lately, for clients that come back. While nobody can come back nothing is kept. */
export class Ring {
  readonly #most: number;
  /** Oldest first; those before `#start` are gone. */
  #places: (Kept | undefined)[] = [];
  #start = 0;
  #bytes = 0;
  #members = 0;
  #lost = 0;

  /** `most`: bytes that are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The highest number of a frame that is no longer here; every later one is. */
  get lost(): number {
    return this.#lost;
  }

  /** One more session may come back. */
  join(): void {
    this.#members++;
  }

  leave(): void {
    this.#members--;
    if (this.#members === 0) this.#shrink(0);
  }

  keep(kept: Kept): void {
    if (this.#members === 0) {
      this.#lost = kept.seq;
      return;
    }
    this.#places.push(kept);
    this.#bytes += bytesOf(kept);
    if (this.#bytes > this.#most) this.#shrink(this.#most);
  }

  /** What has a higher number than `seq`, oldest first. */
  *after(seq: number): Generator<Kept> {
    let low = this.#start;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#places[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    for (const place of this.#places.slice(low)) if (place) yield place;
  }

  #shrink(most: number): void {
    for (let oldest = this.#places[this.#start]; oldest && this.#bytes > most; ) {
      this.#bytes -= bytesOf(oldest);
      this.#lost = oldest.seq;
      this.#places[this.#start++] = undefined;
      oldest = this.#places[this.#start];
    }
    if (this.#start * 2 > this.#places.length) {
      this.#places = this.#places.slice(this.#start);
      this.#start = 0;
    }
  }
}

const bytesOf = ({ text }: Kept): number => Buffer.byteLength(text);
