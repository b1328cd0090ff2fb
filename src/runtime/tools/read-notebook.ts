import { stripVTControlCharacters } from 'node:util';
import { imageInfo } from './image-info.ts';
import { type Cell, joined, parseNotebook } from './notebook.ts';
import { wellFormed } from './output-file.ts';
import type { Page, Range } from './page.ts';
import type { Image, ToolResult } from './tool.ts';

const maxOutput = 4_000;
const maxImages = 10;
const maxImageBytes = 5 * 1024 * 1024;

export const isNotebook = (path: string): boolean => path.toLowerCase().endsWith('.ipynb');

/** Its cells with what they put out; null for a file that only has the name of a notebook. */
export function showNotebook(shown: string, bytes: Buffer, { first }: Range, page: Page): ToolResult | null {
  const notebook = parseNotebook(bytes);
  if (!notebook) return null;
  const images: Image[] = [];
  page.add(`[${shown}: notebook with ${notebook.cells.length} cells]\n`);
  for (const [index, cell] of notebook.cells.entries()) {
    page.add(`${heading(cell, index)}\n${ended(joined(cell.source))}`);
    for (const output of cell.outputs ?? []) page.add(outputText(output, images));
  }
  const result = page.result();
  return images.length > 0 && first <= 1 ? { ...result, images } : result;
}

function heading({ cell_type, id, execution_count }: Cell, index: number): string {
  const run = typeof execution_count === 'number' ? `, run as ${execution_count}` : '';
  return `--- cell ${index + 1}: ${cell_type}${id === undefined ? '' : `, id ${id}`}${run} ---`;
}

function outputText(output: NonNullable<Cell['outputs']>[number], images: Image[]): string {
  const { output_type, data = {} } = output;
  const said = [
    joined(output.text),
    stripVTControlCharacters(output.traceback?.join('\n') ?? ''),
    joined(data['text/plain']),
  ];
  const pictures = Object.entries(data).flatMap(([type, value]) => pictureNote(type, joined(value), images));
  return `[${output_type}]\n${[...said.map(shortened), ...pictures].filter(Boolean).map(ended).join('')}`;
}

/** Takes the picture along while there is room. */
function pictureNote(type: string, data: string, images: Image[]): string[] {
  if (!type.startsWith('image/')) return [];
  const info = imageInfo(Buffer.from(data.slice(0, 64 * 1024), 'base64'));
  const used = images.reduce((sum, image) => sum + image.data.length, 0);
  const fits = images.length < maxImages && (used + data.length) * 0.75 <= maxImageBytes;
  if (!info || !fits) return [`[${type}, not shown]`];
  images.push({ mediaType: info.mediaType, data: data.replace(/\s/g, '') });
  return [`[${type}, picture ${images.length}]`];
}

const shortened = (text: string): string =>
  text.length > maxOutput
    ? `${wellFormed(text.slice(0, maxOutput))}\n[${text.length - maxOutput} more characters of output]`
    : text;

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
