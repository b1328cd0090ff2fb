import type { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Style } from '../program/style.ts';

const pictures = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const everyMs = 100;
const quietMs = 1_000;
/** Within a line there is room for a sign of life only. */
const signWidth = 2;

type Output = Writable & { readonly columns?: number };

/** A line that shows what is waited for once nothing was written for a second. It goes before anything else is written. */
export class Spinner {
  readonly #out: Output;
  readonly #style: Style;
  #timer: NodeJS.Timeout | null = null;
  #drawn: 'line' | 'sign' | null = null;
  #quietSince = performance.now();
  #turn = 0;

  constructor(out: Output, style: Style) {
    this.#out = out;
    this.#style = style;
  }

  /** `before`: the text that stands in the line where the spinner would come. */
  start(text: () => string | null, before: () => string): void {
    this.stop();
    this.#timer = setInterval(() => this.#draw(text(), before()), everyMs);
    this.#timer.unref();
  }

  /** Something is about to be written. */
  hide(): void {
    if (this.#drawn === 'line') this.#out.write('\r\x1b[2K');
    if (this.#drawn === 'sign') this.#out.write(`\x1b[${signWidth}D\x1b[K`);
    this.#drawn = null;
    this.#quietSince = performance.now();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.hide();
  }

  #draw(text: string | null, before: string): void {
    if (text === null) {
      if (this.#drawn) this.hide();
      return;
    }
    if (!this.#drawn && performance.now() - this.#quietSince < quietMs) return;
    const columns = this.#out.columns ?? 80;
    this.#turn = (this.#turn + 1) % pictures.length;
    const picture = pictures[this.#turn] ?? '';
    if (before === '') {
      this.#out.write(`\r\x1b[2K${this.#style.dim(`${picture} ${text}`.slice(0, columns - 1))}`);
      this.#drawn = 'line';
      return;
    }
    // A line that is full, or may be, must not be broken by the sign.
    if (this.#drawn === null && widthOf(before) % columns > columns - signWidth - 2) return;
    const back = this.#drawn === 'sign' ? `\x1b[${signWidth}D` : '';
    this.#out.write(`${back} ${this.#style.dim(picture)}`);
    this.#drawn = 'sign';
  }
}

/** Cells of a terminal, near enough: East Asian characters and pictures take two. */
const widthOf = (text: string): number =>
  [...stripVTControlCharacters(text)].reduce((sum, character) => sum + (character >= '\u1100' ? 2 : 1), 0);
