import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edit, multiEdit } from './edit.ts';
import { read } from './read.ts';
import { call, makeContext } from './test-context.ts';

const swap = (old_string: string, new_string: string) => ({ old_string, new_string });

async function editing(content: string | Buffer, ...edits: readonly Record<string, unknown>[]) {
  const context = await makeContext();
  const path = join(context.cwd, 'a');
  await writeFile(path, content);
  const result = await call(multiEdit, { file_path: 'a', edits }, context);
  return { ...result, bytes: await readFile(path) };
}

describe('several edits of one file', () => {
  it('are made in their order, each on what the ones before it left', async () => {
    const { bytes, text } = await editing('one\ntwo\n', swap('one', 'two'), {
      ...swap('two', '2'),
      replace_all: true,
    });
    expect(bytes.toString()).toBe('2\n2\n');
    expect(text).toBe(
      'Edited a: 3 replacements, the first change in line 1.\n@@ -1,2 +1,2 @@\n-one\n-two\n+2\n+2',
    );
  });

  it('are all made or none', async () => {
    const result = await editing('one\ntwo\n', swap('one', '1'), swap('three', '3'));
    expect(result).toMatchObject({
      status: 'error',
      text: expect.stringMatching(/^a: edit 2 of 2: old_string does not occur.*Nothing was changed\.$/),
    });
    expect(result.bytes.toString()).toBe('one\ntwo\n');
  });

  it('that come to nothing are told', async () => {
    expect(await editing('a\n', swap('a', 'b'), swap('b', 'a'))).toMatchObject({
      text: 'a: the edits cancel each other out. Nothing was changed.',
    });
  });
});

describe('an edit', () => {
  it.each([
    [
      'UTF-16',
      Buffer.from('\ufeffäa\r\nb\r\n', 'utf16le'),
      Buffer.from('\ufeffäx\r\ny🙂\r\nb\r\n', 'utf16le'),
    ],
    ['UTF-8 with its mark', Buffer.from('\ufeffäa\n'), Buffer.from('\ufeffäx\ny🙂\n')],
  ])('keeps %s', async (_, content, expected) => {
    expect((await editing(content, swap('äa', 'äx\ny🙂'))).bytes).toEqual(expected);
  });

  it('has no room in Latin-1 for every character', async () => {
    const content = Buffer.from('caf\xe9\n', 'latin1');
    const result = await editing(content, swap('café', '€'));
    expect(result).toMatchObject({ text: expect.stringContaining('Convert the file to UTF-8 first') });
    expect(result.bytes).toEqual(content);
  });

  it('[TOOL-8] may be made in a file that was never read, and not in one that has changed since it was', async () => {
    const context = await makeContext();
    const path = join(context.cwd, 'a');
    const change = (from: string, to: string) => call(edit, { file_path: 'a', ...swap(from, to) }, context);
    await writeFile(path, 'one two');
    expect(await change('one', '1')).toMatchObject({ status: 'success' });
    expect(await change('two', '2')).toMatchObject({ status: 'success' });
    await writeFile(path, 'one two three');
    expect(await change('one', '1')).toEqual({
      status: 'error',
      text: 'a has changed since you last saw it. Read it again, then change it.',
    });
    expect(await edit.preview?.({ file_path: 'a', ...swap('one', '1') }, context)).toMatchObject([
      { mode: 'unpreviewable', reason: expect.stringContaining('has changed') },
    ]);
    await call(read, { file_path: 'a' }, context);
    expect(await change('one', '1')).toMatchObject({ status: 'success' });
  });

  it('of a file of 5 MB is quick, and shown', async () => {
    const context = await makeContext();
    const lines = Array.from(
      { length: 100_000 },
      (_, index) => `line ${index} ${'of some words '.repeat(3)}`,
    );
    await writeFile(join(context.cwd, 'a'), lines.join('\n'));
    const input = { file_path: 'a', ...swap('line 99990 of', 'row 99990\nof') };
    await call(read, { file_path: 'a', limit: 1 }, context);
    const began = performance.now();
    const [preview] = (await edit.preview?.(input, context)) ?? [];
    const result = await call(edit, input, context);
    const took = performance.now() - began;
    expect(preview).toMatchObject({
      mode: 'advanced',
      hunks: [{ oldStart: 99_988, oldLines: 7, newLines: 8 }],
    });
    expect(result.text).toContain('in line 99991.\n@@ -99988,7 +99988,8 @@\n');
    expect(took).toBeLessThan(2_000);
  });
});
