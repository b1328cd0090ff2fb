import type { Pipe } from '../link/pipe.ts';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Broadcast } from './broadcast.ts';
import { type Numbered, type Numbering, withSeq } from './numbering.ts';
import type { Replayed } from './recent.ts';
import type { Kept } from './ring.ts';
import { forObservers } from './view.ts';

/** What may wait in a socket besides events; a client that reads nothing is cut off there (LINK-3). */
const MAX_UNSENT = 16 * limits.unsent;

/** The session that is told. */
export interface Told {
  readonly id: string;
  /** Too much waits to be read. */
  choked(): void;
}

export type WireOptions = {
  readonly pipe: Pipe;
  readonly dialect: Dialect;
  readonly numbering: Numbering | null;
  /** It only observes, and is not shown everything. */
  readonly observer: boolean;
};

/**
 * What one client is told: in its dialect, numbered, and over the socket that it has now. One that may come back goes on being told while
 * it has none; what it is told then stands in the ring (SEQ-3).
 */
export class Wire {
  readonly observer: boolean;
  readonly #told: Told;
  readonly #numbering: Numbering | null;
  #pipe: Pipe | null;
  #dialect: Dialect;
  #state: unknown;
  /** Nothing is told unasked before it is known whether a session that was cut off goes on here. */
  #waits = false;
  #keeps = false;
  /** Where its story in the ring begins. */
  #from = 0;
  #given = 0;
  /** The last that it was given over the socket before it lost it. */
  #sent = 0;
  /** Up to here something it was given stands in no ring. */
  #unkept = 0;
  /** The first that it was given while it had no socket; 0: none. */
  #missed = 0;
  #acked = 0;

  constructor(told: Told, { pipe, dialect, numbering, observer }: WireOptions) {
    this.observer = observer;
    this.#told = told;
    this.#numbering = numbering;
    this.#pipe = pipe;
    this.#dialect = dialect;
    this.#state = dialect.start();
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  get pipe(): Pipe | null {
    return this.#pipe;
  }

  /** The number of the last frame it was given. */
  get given(): number {
    return this.#given;
  }

  /** Whether it may come back. */
  get keeps(): boolean {
    return this.#keeps;
  }

  get waits(): boolean {
    return this.#waits;
  }

  set waits(waits: boolean) {
    this.#waits = waits;
  }

  /** Whether the socket takes more. */
  get ready(): boolean {
    const pipe = this.#pipe;
    return pipe?.open === true && !this.#waits && pipe.unsent < limits.unsent;
  }

  /** Whether a live event goes out at once, or else into the ring. */
  get live(): boolean {
    return this.#pipe === null || this.ready;
  }

  /** Given and not acknowledged, in numbers; null while nothing ever was. */
  get lag(): number | null {
    return this.#acked === 0 ? null : this.#given - this.#acked;
  }

  acked(seq: unknown): void {
    if (typeof seq === 'number' && seq > this.#acked && seq <= this.#given) this.#acked = seq;
  }

  speak(dialect: Dialect): void {
    if (dialect === this.#dialect) return;
    this.#dialect = dialect;
    this.#state = dialect.start();
  }

  /** What the client said, as the device is to hear it. */
  heard(frame: Frame): readonly Frame[] {
    const [state, frames] = this.#dialect.in(this.#state, frame);
    this.#state = state;
    return frames;
  }

  /** To this client alone. */
  tell(frame: Frame, asked: boolean): void {
    for (const one of this.#inDialect(frame, asked))
      this.#put(this.#number(JSON.stringify(one), this.#keeps));
  }

  /** What belongs to the socket and not to the session. */
  tellUnnumbered(frame: Frame): void {
    for (const one of this.#inDialect(frame, true)) this.#send(JSON.stringify(one));
  }

  share(broadcast: Broadcast): void {
    const shown = this.observer ? broadcast.forObservers : broadcast;
    // A farhand client gets the very bytes that came.
    if (this.#dialect.name === 'farhand') return this.#put(shown.verbatim);
    const { state, parts } = shown.inDialect(this.#dialect, this.#state);
    this.#state = state;
    for (const part of parts) this.#put(part);
  }

  /** What stays in the log, or was told others lately; `frame` where the bytes are not for every client. */
  replay(event: Pick<Replayed, 'text'> & Partial<Replayed>, frame: Frame | null): void {
    const { text } = event;
    if (!frame) return this.#put(this.#alike(event));
    for (const one of this.#inDialect(frame, true))
      this.#put(this.#number(one === frame ? text : JSON.stringify(one), false));
  }

  /** From now on everything is kept for it. */
  keep(): void {
    if (this.#keeps) return;
    this.#keeps = true;
    this.#from = this.#numbering?.last ?? 0;
    this.#numbering?.ring.join();
  }

  /** What was given up to here is told in another order, or not at all, if it is told again. */
  forgetGiven(): void {
    this.#unkept = this.#given;
  }

  part(): void {
    this.#pipe = null;
    this.#sent = this.#given;
  }

  end(): void {
    this.#pipe = null;
    if (this.#keeps) this.#numbering?.ring.leave();
    this.#keeps = false;
  }

  /** Whether all that was given after `seq` can be given again. */
  covers(seq: number): boolean {
    const numbering = this.#numbering;
    const from = Math.max(seq, this.#from);
    if (!numbering || seq > this.#given || from < this.#unkept) return false;
    const owed = from < (this.#pipe ? this.#given : this.#sent) ? from + 1 : this.#missed;
    return owed === 0 || numbering.ring.lost < owed;
  }

  /** Goes on over another socket: `hello` first, then whatever was missed after `seq` and `isFor` it. */
  resume(pipe: Pipe, seq: number, hello: Frame, isFor: (kept: Kept) => boolean): void {
    this.#pipe = pipe;
    this.#missed = 0;
    this.tellUnnumbered(hello);
    for (const kept of this.#numbering?.ring.after(Math.max(seq, this.#from)) ?? [])
      if (isFor(kept)) pipe.send(withSeq(kept.text, kept.seq));
  }

  #inDialect(frame: Frame, asked: boolean): readonly Frame[] {
    const shown = this.observer ? forObservers(frame) : frame;
    const [state, frames] = this.#dialect.out(this.#state, shown, { asked });
    this.#state = state;
    return frames;
  }

  #number(text: string, kept: boolean): Numbered {
    const numbering = this.#numbering;
    if (!numbering) return { seq: 0, text };
    if (kept) return numbering.keep(text, { to: 'session', id: this.#told.id }, 'both');
    const numbered = numbering.number(text);
    this.#unkept = numbered.seq;
    return numbered;
  }

  /** The bytes that others were told, unless they bear a number from before what this one was given, or from before it came. */
  #alike(event: Pick<Replayed, 'text'> & Partial<Replayed>): Numbered {
    if (event.numbered && event.numbered.seq > Math.max(this.#given, this.#from)) {
      this.#unkept = event.numbered.seq;
      return event.numbered;
    }
    const numbered = this.#number(event.text, false);
    if (event.numbered !== undefined) event.numbered = numbered;
    return numbered;
  }

  #put({ seq, text }: Numbered): void {
    this.#given = seq;
    if (this.#pipe) this.#send(text);
    else if (this.#missed === 0) this.#missed = seq;
  }

  #send(text: string): void {
    const pipe = this.#pipe;
    if (pipe && pipe.unsent > MAX_UNSENT) this.#told.choked();
    else pipe?.send(text);
  }
}
