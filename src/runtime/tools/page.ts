import { failure, success } from './define.ts';
import { wellFormed } from './output-file.ts';
import type { ToolResult } from './tool.ts';

export const maxLines = 2_000;
export const maxLineLength = 2_000;
export const maxText = 30_000;

/** `first` counts from 1, or from the end where it is negative. */
export type Range = { readonly first: number; readonly limit: number };

/** Takes a text in pieces and keeps the asked lines, bounded; `full` once it is sure that more follow. */
export class Page {
  full = false;
  #number = 1;
  #line = '';
  #lineLength = 0;
  #text = '';
  readonly #shown: string;
  readonly #first: number;
  readonly #limit: number;
  readonly #numbered: boolean;

  /** `shown`: what the text is called. `range.first` is positive here. */
  constructor(shown: string, { first, limit }: Range, numbered = true) {
    this.#shown = shown;
    this.#first = Math.max(first, 1);
    this.#limit = limit;
    this.#numbered = numbered;
  }

  add(piece: string): void {
    let from = 0;
    while (!this.full) {
      const end = piece.indexOf('\n', from);
      this.#extend(piece, from, end === -1 ? piece.length : end);
      if (end === -1) return;
      this.#endLine();
      from = end + 1;
    }
  }

  result(): ToolResult {
    if (!this.full && this.#lineLength > 0) this.#endLine();
    const last = this.#number - 1;
    if (last === 0 && !this.full) return success(`${this.#shown} is empty.`);
    if (this.#text === '')
      return failure(
        `${this.#shown} has ${last} lines; there is no line ${this.#first}. Use a smaller offset.`,
      );
    if (!this.full) return success(this.#text);
    return success(`${this.#text}[More lines follow. Read on with offset ${this.#number}.]\n`);
  }

  #extend(piece: string, from: number, to: number): void {
    if (from === to || this.#begins()) return;
    if (this.#number >= this.#first) {
      const room = Math.max(maxLineLength - this.#line.length, 0);
      this.#line += piece.slice(from, Math.min(to, from + room));
    }
    this.#lineLength += to - from;
  }

  #endLine(): void {
    if (this.#begins()) return;
    if (this.#number >= this.#first) {
      const cut = this.#lineLength - this.#line.length;
      const line =
        cut > 0
          ? `${wellFormed(this.#line)} [${cut} more characters in this line]`
          : this.#line.replace(/\r$/, '');
      const numbered = this.#numbered ? `${String(this.#number).padStart(6)}\t${line}\n` : `${line}\n`;
      this.full = this.#text.length + numbered.length > maxText;
      if (this.full) return;
      this.#text += numbered;
    }
    this.#number += 1;
    this.#line = '';
    this.#lineLength = 0;
  }

  /** Notices that a line begins which is not wanted any more. */
  #begins(): boolean {
    this.full ||= this.#number >= this.#first + this.#limit;
    return this.full;
  }
}
