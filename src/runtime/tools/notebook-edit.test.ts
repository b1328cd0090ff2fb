import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { notebookEdit } from './notebook-edit.ts';
import { read } from './read.ts';
import { call, makeContext } from './test-context.ts';

const code = {
  cell_type: 'code',
  id: 'c1',
  metadata: { tags: ['x'] },
  source: ['a\n', 'b'],
  execution_count: 4,
  outputs: [{ output_type: 'stream', text: 'out' }],
};
const words = { cell_type: 'markdown', id: 'm1', metadata: {}, source: '# Title' };
const notebook = { cells: [words, code], metadata: { kernelspec: {} }, nbformat: 4, nbformat_minor: 5 };
const text = `${JSON.stringify(notebook, null, 1)}\n`;

async function editing(input: Record<string, unknown>, { content = text, isRead = true } = {}) {
  const context = await makeContext();
  const path = join(context.cwd, 'a.ipynb');
  await writeFile(path, content);
  if (isRead) await call(read, { file_path: 'a.ipynb' }, context);
  const result = await call(notebookEdit, { notebook_path: 'a.ipynb', ...input }, context);
  return { result, content: await readFile(path, 'utf8') };
}
const fresh = { ...code, source: ['x\n', 'y'], execution_count: null, outputs: [] };

describe('an edit of a notebook', () => {
  it.each([
    ['replaces a cell by its id', { cell_id: 'c1', new_source: 'x\ny' }, [words, fresh]],
    ['replaces a cell by its number', { cell_number: 2, new_source: 'x\ny' }, [words, fresh]],
    [
      'makes another kind of cell of it',
      { cell_id: 'c1', new_source: 'w', cell_type: 'markdown' },
      [words, { cell_type: 'markdown', id: 'c1', metadata: { tags: ['x'] }, source: ['w'] }],
    ],
    [
      'inserts one after another',
      { edit_mode: 'insert', cell_id: 'm1', cell_type: 'raw', new_source: 'r' },
      [words, { cell_type: 'raw', id: 'call-1', metadata: {}, source: ['r'] }, code],
    ],
    [
      'inserts one at the top',
      { edit_mode: 'insert', cell_number: 0, cell_type: 'code', new_source: '' },
      [
        { cell_type: 'code', id: 'call-1', metadata: {}, source: [''], execution_count: null, outputs: [] },
        words,
        code,
      ],
    ],
    [
      'appends one',
      { edit_mode: 'insert', cell_type: 'markdown', new_source: 'end' },
      [words, code, { cell_type: 'markdown', id: 'call-1', metadata: {}, source: ['end'] }],
    ],
    ['deletes one', { edit_mode: 'delete', cell_id: 'm1' }, [code]],
  ])('%s, and keeps everything else', async (_, input, cells) => {
    const { result, content } = await editing(input);
    expect(result.status, result.text).toBe('success');
    expect(JSON.parse(content)).toEqual({ ...notebook, cells });
    expect(content).toMatch(/^\{\n "cells"[\s\S]*\n\}\n$/);
  });

  it.each([
    ['no cell is named', {}, 'Say which cell'],
    ['there is no such id', { cell_id: 'zz' }, 'no cell with the id zz'],
    ['there is no such number', { cell_number: 3 }, 'there is no cell 3'],
    ['the number is 0', { cell_number: 0 }, 'there is no cell 0'],
    ['a new one has no kind', { edit_mode: 'insert' }, 'Give the cell_type'],
  ])('is refused when %s', async (_, input, said) => {
    const { result, content } = await editing(input);
    expect(result).toMatchObject({ status: 'error', text: expect.stringContaining(said) });
    expect(content).toBe(text);
  });

  it('[TOOL-8] is refused for a notebook that was not read, and for what is none', async () => {
    const unread = await editing({ cell_id: 'c1', new_source: 'x' }, { isRead: false });
    expect(unread.result).toMatchObject({ status: 'error', text: expect.stringContaining('was not read') });
    const none = await editing({ cell_id: 'c1' }, { content: '{"cells": []}' });
    expect(none.result).toMatchObject({
      status: 'error',
      text: expect.stringContaining('no Jupyter notebook'),
    });
  });

  it('writes an empty source as Jupyter does', async () => {
    const { content } = await editing({ cell_id: 'c1', new_source: 'one\ntwo\n' });
    expect(JSON.parse(content).cells[1].source).toEqual(['one\n', 'two\n']);
  });
});
