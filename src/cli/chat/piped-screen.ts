import { createInterface, type Interface } from 'node:readline';
import type { Io } from '../program/io.ts';
import type { Screen, ScreenListener } from './screen.ts';

/**
 * Without a terminal: each line waits until one is expected, so that a script such as `printf 'run ls\ny\n'` does the same each
 * time, and shows in the output where it was read.
 */
export class PipedScreen implements Screen {
  readonly interactive = false;
  readonly #io: Io;
  readonly #waiting: string[] = [];
  #lines: Interface | null = null;
  #listener: ScreenListener | null = null;
  #label: string | null = null;
  #due = false;
  #fresh = true;
  #ended = false;

  constructor(io: Io) {
    this.#io = io;
  }

  start(listener: ScreenListener): void {
    this.#listener = listener;
    this.#lines = createInterface({ input: this.#io.in, terminal: false });
    this.#lines.on('line', (line) => {
      this.#waiting.push(line);
      this.#deliver();
    });
    this.#lines.on('close', () => {
      this.#ended = true;
      this.#deliver();
    });
  }

  write(text: string): void {
    if (text === '') return;
    this.#io.out.write(text);
    this.#fresh = text.endsWith('\n');
  }

  expect(label: string | null): void {
    this.#label = label;
    this.#deliver();
  }

  progress(): void {
    // A line that is not kept needs a terminal.
  }

  lend<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  close(): void {
    this.#listener = null;
    this.#endLine();
    this.#lines?.close();
  }

  /** Not at once: whoever expects a line may find in the same breath that it does not. */
  #deliver(): void {
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      if (this.#label === null) return;
      const line = this.#waiting.shift();
      if (line === undefined) return this.#ended ? this.#listener?.end() : undefined;
      this.#endLine();
      this.write(`${this.#label}${line}\n`);
      this.#label = null;
      this.#listener?.line(line);
    });
  }

  #endLine(): void {
    if (!this.#fresh) this.write('\n');
  }
}
