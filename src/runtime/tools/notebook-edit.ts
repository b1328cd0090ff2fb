import * as z from 'zod';
import { defineTool } from './define.ts';
import { diffPreview } from './diff-preview.ts';
import { encoded, type FileChange, openText, prepareChanges } from './file-change.ts';
import { asLines, type Cell, type Notebook, parseNotebook } from './notebook.ts';
import { isProblem } from './paths.ts';
import type { Problem, ToolContext } from './tool.ts';

const input = z.strictObject({
  notebook_path: z.string().min(1).describe('The .ipynb file'),
  cell_id: z.string().min(1).optional().describe('The id of the cell, as Read shows it'),
  cell_number: z
    .int()
    .min(0)
    .optional()
    .describe('Or its number, from 1. For insert: the cell to insert after, 0 for the top'),
  edit_mode: z.enum(['replace', 'insert', 'delete']).default('replace'),
  new_source: z.string().default('').describe('The new text of the cell'),
  cell_type: z
    .enum(['code', 'markdown', 'raw'])
    .optional()
    .describe('Needed to insert a cell; else it stays'),
});

type Call = z.output<typeof input>;

export const notebookEdit = defineTool({
  name: 'NotebookEdit',
  description:
    'Replaces, inserts or deletes one cell of a Jupyter notebook, which must have been read before. The outputs of a code cell ' +
    'whose text is replaced are cleared. Without cell_id and cell_number, insert appends at the end.',
  input,
  example: { notebook_path: 'analysis.ipynb', cell_id: 'a1b2c3d4', new_source: 'print(2)' },
  aliases: { path: 'notebook_path', file_path: 'notebook_path' },
  replay: 'verify',
  access: 'edit',
  targets: ({ notebook_path }) => [notebook_path],
  preview: async (call, context) => [diffPreview(call.notebook_path, await planCell(call, context))],
  async prepare(call, context) {
    const change = await planCell(call, context);
    return isProblem(change) ? change : prepareChanges([change], change.done, context);
  },
});

type CellChange = FileChange & { readonly done: string };

async function planCell(call: Call, context: ToolContext): Promise<CellChange | Problem> {
  const open = await openText(call.notebook_path, context);
  if (isProblem(open)) return open;
  const { place, before, file } = open;
  if (!context.seen.has(place.real))
    return {
      problem: `${place.shown} was not read in this conversation. Read it first: its cells may not be what you expect.`,
    };
  const notebook = parseNotebook(before);
  if (!notebook) return { problem: `${place.shown} is no Jupyter notebook of format 4. Use Edit for it.` };
  const changed = cellsAfter(notebook, call, context.callId);
  if ('problem' in changed) return { problem: `${place.shown}: ${changed.problem}` };
  const text = `${JSON.stringify({ ...notebook, cells: changed.cells }, null, indentOf(file.text))}${file.text.endsWith('\n') ? '\n' : ''}`;
  const after = encoded(text, file, place);
  return isProblem(after) ? after : { place, before, after, done: `${changed.done} in ${place.shown}.` };
}

type Cells = { readonly cells: readonly Cell[]; readonly done: string } | Problem;

function cellsAfter(notebook: Notebook, call: Call, callId: string): Cells {
  const { cells } = notebook;
  const isInsert = call.edit_mode === 'insert';
  const number = numberOf(cells, call) ?? (isInsert ? cells.length : null);
  if (number === null) return { problem: 'Say which cell: give cell_id or cell_number.' };
  if (typeof number === 'object') return number;
  if (number > cells.length || (number < 1 && !isInsert))
    return { problem: `It has ${cells.length} cells; there is no cell ${number}.` };
  if (isInsert) {
    if (call.cell_type === undefined) return { problem: 'Give the cell_type of the new cell.' };
    const cell = newCell(call.cell_type, call.new_source, notebook, callId);
    return { cells: cells.toSpliced(number, 0, cell), done: `Inserted cell ${number + 1}` };
  }
  const old = cells[number - 1];
  if (call.edit_mode === 'delete' || !old)
    return { cells: cells.toSpliced(number - 1, 1), done: `Deleted cell ${number}` };
  return { cells: cells.with(number - 1, rewritten(old, call)), done: `Replaced the text of cell ${number}` };
}

function numberOf(cells: readonly Cell[], { cell_id, cell_number }: Call): number | Problem | null {
  if (cell_id === undefined) return cell_number ?? null;
  const index = cells.findIndex(({ id }) => id === cell_id);
  return index === -1
    ? { problem: `It has no cell with the id ${cell_id}. Read it to see the ids.` }
    : index + 1;
}

function rewritten(old: Cell, { new_source, cell_type = old.cell_type as Call['cell_type'] }: Call): Cell {
  const { outputs: _, execution_count: __, ...rest } = old;
  // What stays keeps its place in the file.
  const kept = cell_type === 'code' ? old : rest;
  return { ...kept, cell_type: cell_type ?? old.cell_type, source: asLines(new_source), ...fresh(cell_type) };
}

/** nbformat 4.5 gives every cell an id of its own. */
function newCell(cell_type: string, source: string, notebook: Notebook, callId: string): Cell {
  const id = notebook.nbformat_minor >= 5 ? { id: callId.replace(/[^\w-]/g, '').slice(0, 16) } : {};
  return { cell_type, ...id, metadata: {}, source: asLines(source), ...fresh(cell_type) };
}

/** A code cell that has not run says so. */
const fresh = (cell_type: string | undefined): Partial<Cell> =>
  cell_type === 'code' ? { execution_count: null, outputs: [] } : {};

/** Jupyter writes one space; other programs others. */
const indentOf = (text: string): string =>
  /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? (text.includes('\n') ? ' ' : '');
