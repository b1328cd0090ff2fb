import { appendFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { maxOutput, OutputFile, outputPath } from './output-file.ts';
import { makeContext } from './test-context.ts';

async function makeOutput() {
  const { scratch } = await makeContext();
  const path = outputPath(scratch, 'call-1');
  const output = await OutputFile.create(path);
  onTestFinished(() => output.close(false));
  return { output, path };
}

it('has a file name for any call id', () => {
  expect(outputPath('/s', '../a/b:0')).toBe(join('/s', '..%2Fa%2Fb%3A0.out'));
});

it('gives whole what fits, counted in characters, not bytes', async () => {
  const { output, path } = await makeOutput();
  await writeFile(path, '語'.repeat(maxOutput));
  expect(await output.read()).toEqual({ text: '語'.repeat(maxOutput), cut: false });
  await appendFile(path, '語');
  expect(await output.read()).toMatchObject({ cut: true });
});

it('cuts between characters', async () => {
  const { output, path } = await makeOutput();
  await writeFile(path, `a${'🙂'.repeat(maxOutput)}b`);
  const { text, cut } = await output.read();
  expect(cut).toBe(true);
  expect(text).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
  expect(text.startsWith('a🙂')).toBe(true);
  expect(text.endsWith('🙂b')).toBe(true);
});

it('tells when the command emptied its own output, as writing to /dev/stderr with > does', async () => {
  const { output, path } = await makeOutput();
  await writeFile(path, 'first line\n');
  expect((await output.read()).text).toBe('first line\n');
  await truncate(path);
  await appendFile(path, 'x\n');
  expect((await output.read()).text).toMatch(/^\[The command emptied its own output.*\]\nx\n$/);
});

it('does not write into the file of an earlier call with the same id', async () => {
  const { output, path } = await makeOutput();
  const later = await OutputFile.create(path);
  await appendFile(path, 'later');
  expect(await output.size()).toBe(0);
  expect((await later.read()).text).toBe('later');
  await later.close(false);
  expect(await readdir(join(path, '..'))).toEqual([]);
});
