import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { looksBinary } from './diff-preview.ts';
import { reasonOf } from './errno.ts';
import { wellFormed } from './output-file.ts';
import { isProblem, locate, type Place } from './paths.ts';
import type { Problem } from './tool.ts';

const maxLines = 2_000;
const maxLineLength = 2_000;
const maxText = 30_000;

export const read = defineTool({
  name: 'Read',
  description:
    'Shows a text file with line numbers. Paths are absolute or relative to the working directory. ' +
    `Shows at most ${maxLines} lines and ${maxText} characters per call and says how to read on; lines over ${maxLineLength} characters are shortened. ` +
    'For folders use LS, for content across files Grep.',
  input: z.strictObject({
    file_path: z.string().min(1).describe('The file to read'),
    offset: z.int().min(0).optional().describe('First line to show, counted from 1'),
    limit: z.int().min(1).optional().describe(`How many lines to show, at most ${maxLines}`),
  }),
  example: { file_path: 'src/main.ts' },
  aliases: { path: 'file_path' },
  replay: 'safe',
  access: 'read',
  targets: ({ file_path }) => [file_path],
  async prepare({ file_path, offset, limit }, context) {
    const place = await locate(file_path, context);
    if (isProblem(place)) return place;
    const problem = await unreadable(place);
    if (problem) return problem;
    const first = Math.max(offset ?? 1, 1);
    return prepared(`Reading ${place.shown}`, (signal) =>
      show(place, first, Math.min(limit ?? maxLines, maxLines), signal),
    );
  },
});

async function unreadable({ real, shown }: Place): Promise<Problem | null> {
  try {
    const found = await stat(real);
    if (found.isDirectory()) return { problem: `${shown} is a folder. Use LS to see what is in it.` };
    // Opening a pipe or a device could block for ever.
    return found.isFile() ? null : { problem: `${shown} is not a regular file, so it is not read.` };
  } catch (error) {
    return { problem: `${shown} cannot be read: ${reasonOf(error)}. LS and Glob show what there is.` };
  }
}

async function show({ real, shown }: Place, first: number, limit: number, signal: AbortSignal) {
  const page = new Page(first, limit);
  const decoder = new StringDecoder('utf8');
  let start = true;
  for await (const chunk of createReadStream(real, { signal }) as AsyncIterable<Buffer>) {
    if (start && looksBinary(chunk))
      return failure(
        `${shown} is a binary file (or UTF-16 text), so it is not shown. Use a Bash command for it.`,
      );
    page.add(start ? decoder.write(chunk).replace(/^\uFEFF/, '') : decoder.write(chunk));
    start = false;
    if (page.full) break;
  }
  page.add(decoder.end());
  return page.result(shown);
}

/** Takes a text in pieces and keeps the asked lines, bounded; `full` once it is sure that more follow. */
class Page {
  full = false;
  #number = 1;
  #line = '';
  #lineLength = 0;
  #text = '';
  readonly #first: number;
  readonly #limit: number;

  constructor(first: number, limit: number) {
    this.#first = first;
    this.#limit = limit;
  }

  add(piece: string): void {
    const [rest = '', ...lines] = piece.split('\n');
    this.#extend(rest);
    for (const line of lines) {
      this.#endLine();
      this.#extend(line);
    }
  }

  result(shown: string) {
    if (!this.full && this.#lineLength > 0) this.#endLine();
    const last = this.#number - 1;
    if (last === 0) return success(`${shown} is empty.`);
    if (this.#text === '')
      return failure(`${shown} has ${last} lines; there is no line ${this.#first}. Use a smaller offset.`);
    if (!this.full) return success(this.#text);
    return success(`${this.#text}[More lines follow. Read on with offset ${this.#number}.]\n`);
  }

  #extend(part: string): void {
    if (part === '' || this.#begins()) return;
    this.#line += part.slice(0, Math.max(maxLineLength - this.#line.length, 0));
    this.#lineLength += part.length;
  }

  #endLine(): void {
    if (this.#begins()) return;
    const cut = this.#lineLength - this.#line.length;
    const line =
      cut > 0
        ? `${wellFormed(this.#line)} [${cut} more characters in this line]`
        : this.#line.replace(/\r$/, '');
    const numbered = `${String(this.#number).padStart(6)}\t${line}\n`;
    if (this.#number >= this.#first) {
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
