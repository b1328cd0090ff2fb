import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type Io, outStyle } from '../program/io.ts';
import { Spinner } from '../show/spinner.ts';
import type { Screen, ScreenListener } from './screen.ts';

/** Label of a line that is typed while none is expected. */
const unasked = '› ';
/** Stands for a line break of pasted text, which a one-line editor cannot hold. */
const lineBreak = '⏎';
const pasteBegins = '\x1b[200~';
const pasteEnds = '\x1b[201~';
const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

/**
 * A terminal. While nothing is expected, output simply streams; with the first key the line being typed stands below it, and what
 * comes meanwhile is written above, line by line.
 */
export class TerminalScreen implements Screen {
  readonly interactive = true;
  readonly #io: Io;
  readonly #spinner: Spinner;
  readonly #keys = new PassThrough();
  #editor: Interface | null = null;
  #listener: ScreenListener | null = null;
  #label: string | null = null;
  /** The line being typed is on the screen. */
  #editing = false;
  /** Of the text above: what was written since the last line break. */
  #tail = '';
  /** The beginning of a line that waits for its end, or for the editor to go. */
  #held = '';
  /** A line was ended here for the sake of the editor, so that a line break which comes next has been made already. */
  #broken = false;
  #lent = false;

  constructor(io: Io) {
    this.#io = io;
    this.#spinner = new Spinner(io.out, outStyle(io));
  }

  start(listener: ScreenListener): void {
    this.#listener = listener;
    const { in: input, out } = this.#io;
    this.#editor = createInterface({ input: this.#keys, output: out, terminal: true, historySize: 200 });
    this.#editor.on('line', (line) => this.#entered(line.replaceAll(lineBreak, '\n')));
    this.#editor.on('SIGINT', () => this.#interrupted());
    // Ctrl-Z would stop an owner that others wait for.
    this.#editor.on('SIGTSTP', () => undefined);
    this.#editor.on('close', () => this.#listener?.end());
    input.on('data', this.#typed);
    this.#takeTerminal(true);
  }

  write(text: string): void {
    if (text === '') return;
    if (this.#lent) {
      this.#held += text;
      return;
    }
    this.#spinner.hide();
    const rest = this.#broken && text.startsWith('\n') ? text.slice(1) : text;
    this.#broken = false;
    if (!this.#editing) return this.#put(rest);
    this.#held += rest;
    const end = this.#held.lastIndexOf('\n') + 1;
    if (end > 0) this.#above(this.#held.slice(0, end));
    this.#held = this.#held.slice(end);
  }

  expect(label: string | null): void {
    if (label === this.#label && (label === null || this.#editing)) return;
    this.#label = label;
    if (this.#lent) return;
    if (label !== null) {
      this.#endHeld();
      return this.#edit(label);
    }
    if (this.#editing && this.#editor?.line === '') this.#leaveEditor();
  }

  progress(text: () => string | null): void {
    this.#spinner.start(
      () => (this.#editing || this.#lent ? null : text()),
      () => this.#tail,
    );
  }

  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#leaveEditor();
    this.#lent = true;
    this.#takeTerminal(false);
    try {
      return await work();
    } finally {
      this.#lent = false;
      this.#takeTerminal(true);
      this.#release();
    }
  }

  close(): void {
    this.#listener = null;
    this.#leaveEditor();
    this.#spinner.stop();
    if (this.#tail !== '') this.#put('\n');
    this.#io.in.off('data', this.#typed);
    this.#editor?.close();
    this.#takeTerminal(false);
  }

  readonly #typed = (chunk: Buffer | string): void => {
    const text = unpasted(chunk.toString());
    // Ctrl-C and Ctrl-D are no text.
    if (!this.#editing && text !== '\x03' && text !== '\x04') this.#edit(this.#label ?? unasked);
    // One by one: of several at once the editor would not notice that its line has grown beyond the width.
    for (const key of text) this.#keys.write(key);
  };

  #entered(line: string): void {
    // The editor has ended its line by itself.
    this.#editing = false;
    this.#tail = '';
    this.#label = null;
    this.#release();
    this.#listener?.line(line);
  }

  /** Ctrl-C first takes back what is being typed, as in a shell. */
  #interrupted(): void {
    if (!this.#editing || this.#editor?.line === '') return this.#listener?.interrupt();
    this.#editor?.write(null, { ctrl: true, name: 'e' });
    this.#editor?.write(null, { ctrl: true, name: 'u' });
    if (this.#label === null) this.#leaveEditor();
  }

  #edit(label: string): void {
    this.#spinner.hide();
    if (!this.#editing && this.#tail !== '') {
      this.#put('\n');
      this.#broken = true;
    }
    this.#editing = true;
    this.#editor?.setPrompt(label);
    this.#editor?.prompt(true);
  }

  #leaveEditor(): void {
    if (!this.#editing) return;
    this.#editing = false;
    const { out } = this.#io;
    moveCursor(out, 0, -(this.#editor?.getCursorPos().rows ?? 0));
    cursorTo(out, 0);
    clearScreenDown(out);
    this.#release();
  }

  /** Whoever is asked for a line has been told everything: what has no end yet gets one. */
  #endHeld(): void {
    if (this.#held === '') return;
    this.#above(`${this.#held}\n`);
    this.#held = '';
    this.#broken = true;
  }

  #release(): void {
    const held = this.#held;
    this.#held = '';
    this.#put(held);
  }

  /** Writes whole lines above the one being typed. */
  #above(lines: string): void {
    const { out } = this.#io;
    const rows = this.#editor?.getCursorPos().rows ?? 0;
    moveCursor(out, 0, -rows);
    cursorTo(out, 0);
    clearScreenDown(out);
    // The editor goes up by as many rows before it draws itself again.
    out.write(lines + '\n'.repeat(rows));
    this.#editor?.prompt(true);
  }

  #put(text: string): void {
    if (text === '') return;
    this.#io.out.write(text);
    const end = text.lastIndexOf('\n') + 1;
    this.#tail = stripVTControlCharacters(end > 0 ? text.slice(end) : this.#tail + text);
  }

  #takeTerminal(taken: boolean): void {
    const { in: input, out } = this.#io;
    input.setRawMode?.(taken);
    out.write(taken ? pasteOn : pasteOff);
    if (taken) input.resume();
    else input.pause();
  }
}

/** Pasted text comes between two marks; its line breaks must not send it. */
function unpasted(text: string): string {
  const [before = '', ...rest] = text.split(pasteBegins);
  const parts = rest.map((part) => {
    const [pasted = '', ...after] = part.split(pasteEnds);
    return pasted.replace(/\r\n|\r|\n/g, lineBreak) + after.join('');
  });
  return before + parts.join('');
}
