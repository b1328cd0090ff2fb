import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { read } from './read.ts';
import { call, makeContext, reaches } from './test-context.ts';

async function reading(content: string | Buffer, input: Record<string, unknown> = {}) {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'file'), content);
  return call(read, { file_path: 'file', ...input }, context);
}

it('numbers lines as cat -n does', async () => {
  const context = await makeContext();
  const path = join(context.cwd, `a "b" 'c'\n d.txt`);
  await writeFile(path, 'one\n\n\tthree\nlast\n');
  const expected = execFileSync('cat', ['-n', path], { encoding: 'utf8' });
  expect(await call(read, { file_path: path }, context)).toEqual({ status: 'success', text: expected });
});

it('shows CR LF files and a byte order mark without what is not text', async () => {
  expect(await reading('\ufeffa\r\nb')).toMatchObject({ text: '     1\ta\n     2\tb\n' });
  expect(await reading('')).toMatchObject({ status: 'success', text: 'file is empty.' });
  expect(await reading('\n')).toMatchObject({ text: '     1\t\n' });
});

it('shows the asked lines and says how to read on', async () => {
  const content = Array.from({ length: 10 }, (_, index) => `l${index + 1}\n`).join('');
  expect(await reading(content, { offset: 9 })).toMatchObject({ text: '     9\tl9\n    10\tl10\n' });
  expect(await reading(content, { offset: 2, limit: 1 })).toMatchObject({
    text: '     2\tl2\n[More lines follow. Read on with offset 3.]\n',
  });
  expect(await reading(content, { offset: 10, limit: 1 })).toMatchObject({ text: '    10\tl10\n' });
  expect(await reading('a\n\n\n', { limit: 1 })).toMatchObject({
    text: expect.stringContaining('with offset 2'),
  });
  expect(await reading(content, { offset: 0, limit: 1 })).toMatchObject({
    text: expect.stringContaining('l1\n'),
  });
  expect(await reading(content, { offset: 11 })).toEqual({
    status: 'error',
    text: 'file has 10 lines; there is no line 11. Use a smaller offset.',
  });
});

it('gives a long file in pages that join without a gap', async () => {
  const context = await makeContext();
  const lines = Array.from({ length: 5_000 }, (_, index) => `${index + 1} ${'é'.repeat(index % 90)}`);
  await writeFile(join(context.cwd, 'long'), lines.join('\n'));
  const seen: string[] = [];
  for (let offset: number | undefined = 1; offset !== undefined; ) {
    const { text }: { text: string } = await call(read, { file_path: 'long', offset }, context);
    expect(text.length).toBeLessThanOrEqual(30_100);
    const next: string | undefined = /\[More lines follow\. Read on with offset (\d+)\.\]\n$/.exec(text)?.[1];
    seen.push(...[...text.matchAll(/^ *\d+\t(.*)$/gm)].map(([, line]) => line ?? ''));
    offset = next === undefined ? undefined : Number(next);
  }
  expect(seen).toEqual(lines);
});

it('stops at 2,000 lines', async () => {
  const { text } = await reading('x\n'.repeat(2_001));
  expect(text).toContain('  2000\tx\n[More lines follow. Read on with offset 2001.]');
  expect((await reading('x\n'.repeat(2_000))).text).not.toContain('More');
});

it('shortens a line of 200 KB', async () => {
  const { text } = await reading(`a\n${'🙂'.repeat(50_000)}\nb\n`);
  expect(text).toBe(
    `     1\ta\n     2\t${'🙂'.repeat(1_000)} [98000 more characters in this line]\n     3\tb\n`,
  );
});

it('refuses what is not a text file, saying what to use instead', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  expect(await reading(Buffer.from([0x89, 0x50, 0, 1]))).toMatchObject({
    status: 'error',
    text: expect.stringContaining('is a binary file'),
  });
  expect(await call(read, { file_path: '.' }, context)).toMatchObject({
    text: expect.stringContaining('Use LS'),
  });
  expect(await call(read, { file_path: 'none' }, context)).toEqual({
    status: 'error',
    text: 'none cannot be read: it does not exist. LS and Glob show what there is.',
  });
  execFileSync('mkfifo', [join(cwd, 'pipe')]);
  expect(await call(read, { file_path: 'pipe' }, context)).toMatchObject({
    text: expect.stringContaining('not a regular file'),
  });
  await mkdir(join(root, 'home/deep'));
  await writeFile(join(root, 'home/deep/token'), 'secret');
  await symlink(join(root, 'home/deep'), join(cwd, 'innocent'));
  for (const file_path of ['../home/deep/token', 'innocent/token'])
    expect(await call(read, { file_path }, context)).toMatchObject({
      text: expect.stringContaining('may not touch'),
    });
});

it('reaches inside or outside by where links lead', async () => {
  const context = await makeContext();
  await symlink(context.root, join(context.cwd, 'out'));
  expect(await reaches(read, { file_path: 'a' }, context)).toEqual(['read-inside']);
  expect(await reaches(read, { file_path: 'out/a' }, context)).toEqual(['read-outside']);
});

it('can be aborted before it runs', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'file'), 'x');
  const prepared = await read.prepare({ file_path: 'file' }, context);
  if ('problem' in prepared) throw new Error(prepared.problem);
  await prepared.abort();
  expect(await prepared.run(() => {})).toEqual({ status: 'error', text: 'Interrupted.' });
});
