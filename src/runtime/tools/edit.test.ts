import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { edit } from './edit.ts';
import { lookAt } from './file-change.ts';
import { call, makeContext, mustPrepare } from './test-context.ts';

async function editing(content: string | Buffer, input: Record<string, unknown>) {
  const context = await makeContext();
  const path = join(context.cwd, 'file.ts');
  await writeFile(path, content);
  const result = await call(edit, { file_path: 'file.ts', ...input }, context);
  return { ...result, bytes: await readFile(path), path };
}

const swap = (old_string: string, new_string: string) => ({ old_string, new_string });

it('replaces a text that occurs once', async () => {
  const { bytes, path, ...result } = await editing('a\nb $& c\n', swap('b $&', '$1 é'));
  expect(bytes.toString()).toBe('a\n$1 é c\n');
  expect(result).toEqual({
    status: 'success',
    text: 'Edited file.ts: 1 replacement, the first change in line 2.\n@@ -1,2 +1,2 @@\n a\n-b $& c\n+$1 é c',
    wrote: [{ path, content: 'a\n$1 é c\n' }],
  });
});

it('names how many there are when there are several, and changes nothing', async () => {
  const several = await editing('x x x', swap('x', 'y'));
  expect(several).toMatchObject({ status: 'error', text: expect.stringContaining('occurs 3 times') });
  expect(several.bytes.toString()).toBe('x x x');
  expect(await editing('x x', { ...swap('x', 'y'), expected_replacements: 3 })).toMatchObject({
    text: 'file.ts: old_string occurs 2 times, not 3 as expected. Nothing was changed.',
  });
  expect(await editing('abc', swap('z', 'y'))).toMatchObject({
    text: expect.stringContaining('does not occur'),
  });
  expect(await editing('abc', swap('a', 'a'))).toMatchObject({
    text: expect.stringContaining('are the same'),
  });
});

it('replaces all of them when told to', async () => {
  const all = await editing('aaa', { ...swap('a', 'aa'), replace_all: true });
  expect(all.text).toBe(
    'Edited file.ts: 3 replacements, the first change in line 1.\n@@ -1,1 +1,1 @@\n-aaa\n+aaaaaa',
  );
  expect(all.bytes.toString()).toBe('aaaaaa');
  const expected = await editing('x\nx', { ...swap('x', ''), expected_replacements: 2 });
  expect(expected.bytes.toString()).toBe('\n');
});

it('leaves every other byte alone', async () => {
  const latin = Buffer.from('caf\xe9 old\n', 'latin1');
  expect((await editing(latin, swap('old', 'neu'))).bytes).toEqual(Buffer.from('caf\xe9 neu\n', 'latin1'));
  const mixed = await editing('\ufeffa\r\nb\r\nc\r\n', swap('a\nb', 'x\ny'));
  expect(mixed.bytes.toString()).toBe('\ufeffx\r\ny\r\nc\r\n');
  const ends = await editing('a\r\nb\nc\n', swap('a\nb', 'x\ny'));
  expect(ends.bytes.toString()).toBe('x\r\ny\nc\n');
});

it('edits 200 KB texts in a file of 2 MB', async () => {
  const old = 'y'.repeat(200_000);
  const { bytes } = await editing(
    `${'x'.repeat(1_000_000)}${old}${'x'.repeat(1_000_000)}`,
    swap(old, 'z'.repeat(200_000)),
  );
  expect(bytes.toString()).toBe(`${'x'.repeat(1_000_000)}${'z'.repeat(200_000)}${'x'.repeat(1_000_000)}`);
});

it('refuses missing, binary and denied files', async () => {
  const context = await makeContext();
  expect(await call(edit, { file_path: 'none', ...swap('a', 'b') }, context)).toMatchObject({
    text: 'none does not exist. Create it with Write.',
  });
  expect(await editing(Buffer.from('a\0b'), swap('a', 'b'))).toMatchObject({
    text: expect.stringContaining('binary'),
  });
  await writeFile(join(context.root, 'home/a'), 'a');
  expect(await call(edit, { file_path: '../home/a', ...swap('a', 'b') }, context)).toMatchObject({
    text: expect.stringContaining('may not touch'),
  });
  expect(edit.check({ file_path: 'a', old_string: '', new_string: 'x' })).toContain('`old_string`');
});

it('[TOOL-4] carries a mark, and writes nothing when the file has changed since', async () => {
  const context = await makeContext();
  const path = join(context.cwd, 'a');
  await writeFile(path, 'one two');
  const prepared = await mustPrepare(edit, { file_path: 'a', ...swap('one', '1') }, context);
  const other = await mustPrepare(
    edit,
    { file_path: 'a', ...swap('two', '2') },
    { ...context, callId: 'call-2' },
  );
  const mark = prepared.mark ?? [];
  expect(await lookAt(mark)).toBe('absent');
  expect(await prepared.run(() => {})).toMatchObject({ status: 'success' });
  expect(await lookAt(mark)).toBe('done');
  expect(await other.run(() => {})).toMatchObject({
    status: 'error',
    text: expect.stringContaining('changed since'),
  });
  expect(await readFile(path, 'utf8')).toBe('1 two');
});

it('previews with three lines around the change, in the shape of stock clients', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'a.js'), '1\n2\n3\n4\nold\n6\n7\n8\n9');
  expect(await edit.preview?.({ file_path: 'a.js', ...swap('old', 'new\nnewer') }, context)).toEqual([
    {
      mode: 'advanced',
      fileName: 'a.js',
      path: 'a.js',
      hunks: [
        {
          oldStart: 2,
          oldLines: 7,
          newStart: 2,
          newLines: 8,
          lines: [
            ...['2', '3', '4'].map((content) => ({ type: 'context', content })),
            { type: 'remove', content: 'old' },
            { type: 'add', content: 'new' },
            { type: 'add', content: 'newer' },
            ...['6', '7', '8'].map((content) => ({ type: 'context', content })),
          ],
        },
      ],
    },
  ]);
  expect(await edit.preview?.({ file_path: 'a.js', ...swap('none', 'x') }, context)).toMatchObject([
    { mode: 'unpreviewable', reason: expect.stringContaining('does not occur') },
  ]);
  expect(await edit.preview?.({ file_path: 'a.js', ...swap('9', '10\n') }, context)).toMatchObject([
    { hunks: [{ lines: [{}, {}, {}, { type: 'remove', content: '9' }, { type: 'add', content: '10' }] }] },
  ]);
});

it('gives up comparing what changes too much, soon', async () => {
  const context = await makeContext();
  const lines = (letter: string) =>
    Array.from({ length: 20_000 }, (_, index) => `${letter}${index}`).join('\n');
  await writeFile(join(context.cwd, 'a'), lines('a'));
  const began = performance.now();
  expect(await edit.preview?.({ file_path: 'a', ...swap(lines('a'), lines('b')) }, context)).toEqual([
    { mode: 'unpreviewable', fileName: 'a', path: 'a', reason: 'Too much changes to compare it.' },
  ]);
  expect(performance.now() - began).toBeLessThan(2_000);
});
