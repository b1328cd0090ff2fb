import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Numbered, Numbering } from './numbering.ts';
import type { Address, Kept } from './ring.ts';
import { type Hashes, hashesIn } from './shown-hashes.ts';
import { forObservers, hiddenIn } from './view.ts';

type Spoken = { readonly state: unknown; readonly parts: readonly Numbered[] };

/** One frame for any number of sessions: whatever they see alike is made when the first one needs it, and is one string for all. */
export class Broadcast {
  readonly frame: Frame;
  readonly to: Address;
  readonly #text: string;
  readonly #numbering: Numbering | null;
  readonly #view: Kept['view'];
  #verbatim: Numbered | undefined;
  #observers: Broadcast | undefined;
  #hashes: Hashes | undefined;
  #spoken: (Spoken & { readonly dialect: Dialect; readonly before: unknown }) | undefined;

  /** `text`: the frame as it came. */
  constructor(frame: Frame, text: string, to: Address, numbering: Numbering | null, view?: Kept['view']) {
    this.frame = frame;
    this.to = to;
    this.#text = text;
    this.#numbering = numbering;
    this.#view = view ?? (hiddenIn(frame.type).length > 0 ? 'others' : 'both');
  }

  get hashes(): Hashes {
    this.#hashes ??= hashesIn(this.frame);
    return this.#hashes;
  }

  /** The same for those who only observe. */
  get forObservers(): Broadcast {
    if (this.#view !== 'others') return this;
    if (!this.#observers) {
      const shown = forObservers(this.frame);
      this.#observers = new Broadcast(shown, JSON.stringify(shown), this.to, this.#numbering, 'observers');
    }
    return this.#observers;
  }

  /** Its bytes as farhand clients were told them; null where none was. */
  get told(): Numbered | null {
    return this.#verbatim ?? null;
  }

  get verbatim(): Numbered {
    this.#verbatim ??= this.#numbering?.keep(this.#text, this.to, this.#view) ?? { seq: 0, text: this.#text };
    return this.#verbatim;
  }

  /** Sessions whose dialect stands in the same state are told the same. */
  inDialect(dialect: Dialect, before: unknown): Spoken {
    const last = this.#spoken;
    if (last && last.dialect === dialect && last.before === before) return last;
    const [state, frames] = dialect.out(before, this.frame, { asked: true });
    const parts = frames.map((one, place) =>
      // Where something new stands before the frame itself, its own number would come too late.
      one === this.frame && place === 0 ? this.verbatim : this.#fresh(one),
    );
    this.#spoken = { dialect, before, state, parts };
    return this.#spoken;
  }

  #fresh(frame: Frame): Numbered {
    const text = frame === this.frame ? this.#text : JSON.stringify(frame);
    return this.#numbering?.number(text) ?? { seq: 0, text };
  }
}
