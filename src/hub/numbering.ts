import { type Kept, Ring } from './ring.ts';

/** A frame's bytes with the number in them; 0 where a hub does not number. */
export type Numbered = { readonly seq: number; readonly text: string };

/** [SEQ-3] At the end, where it counts whatever the frame says of itself before: of equal names in JSON the last one holds. */
export const withSeq = (text: string, seq: number): string =>
  `${text.slice(0, text.lastIndexOf('}'))},"seq":${seq}}`;

/** [SEQ-3] The transport numbers of one hub: one counter for all sessions, so that those who see the same frame get the same bytes. */
export class Numbering {
  readonly ring: Ring;
  #last = 0;

  constructor(ringBytes: number) {
    this.ring = new Ring(ringBytes);
  }

  get last(): number {
    return this.#last;
  }

  /** The next number. */
  number(text: string): Numbered {
    const seq = ++this.#last;
    return { seq, text: withSeq(text, seq) };
  }

  /** The same, kept for those it is for. */
  keep(text: string, to: Kept['to'], view: Kept['view']): Numbered {
    const numbered = this.number(text);
    this.ring.keep({ seq: numbered.seq, text, to, view });
    return numbered;
  }
}
