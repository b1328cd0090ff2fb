import { createReadStream } from 'node:fs';
import { failure } from './define.ts';
import { binaryNote } from './file-change.ts';
import { decodeFile, type FileText, formNote, formOf, type TextForm } from './file-text.ts';
import { Page, type Range } from './page.ts';
import type { ToolResult } from './tool.ts';

/** A text that comes in pieces, as often as it is asked for; null: the file is no text. */
export type TextSource = { readonly form: TextForm; pieces(): AsyncIterable<string> } | null;

export function fromBuffer(bytes: Buffer): TextSource {
  const file: FileText | null = decodeFile(bytes);
  return (
    file && {
      form: file,
      async *pieces() {
        yield file.text;
      },
    }
  );
}

/** Of a file that is too long to be held; `start` tells what it is. */
export function fromFile(path: string, start: Buffer, signal: AbortSignal): TextSource {
  const form = formOf(start, false);
  if (!form) return null;
  return {
    form,
    async *pieces() {
      const decode = decoderOf(form);
      for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>)
        yield decode(chunk);
      yield decode(null);
    },
  };
}

export async function showText(shown: string, source: TextSource, range: Range): Promise<ToolResult> {
  if (!source) return failure(`${shown} ${binaryNote}, so it is not shown. Use a Bash command for it.`);
  const first = range.first < 0 ? (await countLines(source)) + range.first + 1 : range.first;
  const page = new Page(shown, { ...range, first });
  for await (const piece of source.pieces()) {
    page.add(piece);
    if (page.full) break;
  }
  const result = page.result();
  const isPlain = source.form.encoding === 'utf-8';
  return isPlain ? result : { ...result, text: `[${shown} is ${formNote(source.form)}.]\n${result.text}` };
}

async function countLines(source: NonNullable<TextSource>): Promise<number> {
  let ends = 0;
  let last = '\n';
  for await (const piece of source.pieces()) {
    for (let at = piece.indexOf('\n'); at !== -1; at = piece.indexOf('\n', at + 1)) ends += 1;
    last = piece.at(-1) ?? last;
  }
  return last === '\n' ? ends : ends + 1;
}

/** Takes chunks, and null at the end. */
function decoderOf({ encoding }: TextForm): (chunk: Buffer | null) => string {
  // What the web calls latin1 is another encoding.
  if (encoding === 'latin-1') return (chunk) => chunk?.toString('latin1') ?? '';
  const decoder = new TextDecoder(encoding);
  return (chunk) => (chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode());
}
