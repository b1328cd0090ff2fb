import * as z from 'zod';
import { decodeFile } from './file-text.ts';

/** Texts are written whole, or as a list of their lines. */
const text = z.union([z.string(), z.array(z.string())]);

const output = z.looseObject({
  output_type: z.string(),
  text: text.optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  traceback: z.array(z.string()).optional(),
});

const cell = z.looseObject({
  cell_type: z.string(),
  id: z.string().optional(),
  source: text,
  outputs: z.array(output).optional(),
  execution_count: z.number().nullish(),
});

/** Jupyter's format 4, as far as it matters here; everything else is kept. */
const notebookSchema = z.looseObject({
  cells: z.array(cell),
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
});

export type Cell = z.output<typeof cell>;
export type Notebook = z.output<typeof notebookSchema>;

/** What the schema would give back has other fields in front: written again, all of the file would look changed. */
const isNotebook = (value: unknown): value is Notebook => notebookSchema.safeParse(value).success;

/** Null for what is no notebook of format 4. */
export function parseNotebook(bytes: Buffer): Notebook | null {
  try {
    const value: unknown = JSON.parse(decodeFile(bytes)?.text ?? '');
    return isNotebook(value) ? value : null;
  } catch {
    // What is not JSON is no notebook either.
    return null;
  }
}

export const joined = (value: unknown): string =>
  Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '';

/** As Jupyter writes it: each line with its line end. */
export const asLines = (source: string): string[] => source.split(/(?<=\n)/);
