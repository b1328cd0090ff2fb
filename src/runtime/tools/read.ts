import { open, readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { defineTool, failure, prepared, success } from './define.ts';
import { readDocument } from './documents.ts';
import { reasonOf } from './errno.ts';
import { sha256 } from './file-change.ts';
import { type ImageInfo, imageInfo } from './image-info.ts';
import { maxLineLength, maxLines, maxText, Page } from './page.ts';
import { isProblem, locate, type Place } from './paths.ts';
import { isNotebook, showNotebook } from './read-notebook.ts';
import { fromBuffer, fromFile, showText } from './read-text.ts';
import type { Problem, ToolContext, ToolResult } from './tool.ts';

const megabyte = 1024 * 1024;
/** Bytes that are read at once; a longer text is read in pieces. */
const largest = { text: 16 * megabyte, image: 5 * megabyte, pdf: 32 * megabyte };

const input = z.strictObject({
  file_path: z.string().min(1).describe('The file to read'),
  offset: z
    .int()
    .optional()
    .describe('First line to show, counted from 1; negative: so many lines before the end'),
  limit: z.int().min(1).optional().describe(`How many lines to show, at most ${maxLines}`),
  pages: z
    .string()
    .regex(/^\d+(-\d+)?$/, 'must be as 3 or 3-7')
    .optional()
    .describe('Of a PDF: which pages, as 3 or 3-7'),
});

export const read = defineTool({
  name: 'Read',
  description:
    'Shows a file: text with line numbers, pictures (PNG, JPEG, GIF, WebP), the text of PDF files, the cells of Jupyter notebooks. ' +
    'Paths are absolute or relative to the working directory. ' +
    `Shows at most ${maxLines} lines and ${maxText} characters per call and says how to read on; lines over ${maxLineLength} characters are shortened. ` +
    'For folders use LS, for content across files Grep.',
  input,
  example: { file_path: 'src/main.ts' },
  aliases: { path: 'file_path' },
  replay: 'safe',
  access: 'read',
  targets: ({ file_path }) => [file_path],
  async prepare(call, context) {
    const place = await locate(call.file_path, context, 'read');
    if (isProblem(place)) return place;
    const size = await sizeOf(place);
    if (typeof size !== 'number') return size;
    return prepared(`Reading ${place.shown}`, (signal) => show(place, size, call, context, signal));
  },
});

async function sizeOf({ real, shown }: Place): Promise<number | Problem> {
  try {
    const found = await stat(real);
    if (found.isDirectory()) return { problem: `${shown} is a folder. Use LS to see what is in it.` };
    // Opening a pipe or a device could block for ever.
    return found.isFile() ? found.size : { problem: `${shown} is not a regular file, so it is not read.` };
  } catch (error) {
    return { problem: `${shown} cannot be read: ${reasonOf(error)}. LS and Glob show what there is.` };
  }
}

async function show(
  place: Place,
  size: number,
  { offset = 1, limit = maxLines, pages }: z.output<typeof input>,
  { seen }: ToolContext,
  signal: AbortSignal,
): Promise<ToolResult> {
  const { real, shown } = place;
  const range = { first: offset, limit: Math.min(limit, maxLines) };
  const start = await startOf(real);
  const image = imageInfo(start);
  const kind = image ? 'image' : isPdf(start) ? 'pdf' : 'text';
  if (pages !== undefined && kind !== 'pdf')
    return failure(`${shown} is no PDF, so it has no pages. Use offset and limit.`);
  if (size > largest[kind]) {
    if (kind === 'text') return showText(shown, fromFile(real, start, signal), range);
    return failure(
      `${shown} has ${size} bytes. It can be shown up to ${largest[kind]}; make it smaller first.`,
    );
  }
  const bytes = await readFile(real, { signal });
  seen.set(real, sha256(bytes));
  if (image) return showImage(shown, bytes, imageInfo(bytes) ?? image);
  if (kind === 'pdf') {
    const answer = await readDocument({ kind: 'pdf', shown, bytes, pages }, signal);
    return isProblem(answer) ? failure(answer.problem) : success(answer.text);
  }
  const notebook = isNotebook(real) ? showNotebook(shown, bytes, range, new Page(shown, range, false)) : null;
  return notebook ?? showText(shown, fromBuffer(bytes), range);
}

function showImage(shown: string, bytes: Buffer, { mediaType, size }: ImageInfo): ToolResult {
  const pixels = size ? `${size.width} × ${size.height} pixels, ` : '';
  const text = `${shown}: ${mediaType.replace('image/', '').toUpperCase()} picture, ${pixels}${bytes.length} bytes.`;
  return { ...success(text), images: [{ mediaType, data: bytes.toString('base64') }] };
}

/** Some programs write a few bytes before the mark. */
const isPdf = (start: Buffer): boolean => start.subarray(0, 1024).includes('%PDF-');

/** Enough to tell what a file is. */
async function startOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
