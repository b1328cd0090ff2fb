import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ls } from './ls.ts';
import { call, makeContext, reaches } from './test-context.ts';

it('lists one folder, with a slash after folders, also behind links', async () => {
  const context = await makeContext();
  const { cwd } = context;
  await mkdir(join(cwd, 'src/deep'), { recursive: true });
  for (const name of ['b.txt', '.hidden', `it's "x" y`]) await writeFile(join(cwd, name), '');
  await symlink('src', join(cwd, 'to-src'));
  await symlink('nowhere', join(cwd, 'to-nowhere'));
  const text = `.hidden\nb.txt\nit's "x" y\nsrc/\nto-nowhere\nto-src/`;
  expect(await call(ls, {}, context)).toEqual({ status: 'success', text });
  expect(await call(ls, { path: cwd, ignore: ['*.txt', 'src/', 'to-*'] }, context)).toMatchObject({
    text: `.hidden\nit's "x" y`,
  });
  expect(await call(ls, { ignore: ['*'] }, context)).toMatchObject({ text: 'Everything in . is ignored.' });
  expect(await call(ls, { path: 'src/deep' }, context)).toMatchObject({ text: 'src/deep is empty.' });
});

it('shows at most 1,000 names', async () => {
  const context = await makeContext();
  await Promise.all(
    Array.from({ length: 1_003 }, (_, index) => writeFile(join(context.cwd, `f${index}`), '')),
  );
  const lines = (await call(ls, {}, context)).text.split('\n');
  expect(lines).toHaveLength(1_001);
  expect(lines.at(-1)).toBe('[3 more names. Leave some out with ignore, or use Glob.]');
});

it('says why there is nothing to list', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'file'), '');
  await symlink('../home', join(context.cwd, 'link'));
  expect(await call(ls, { path: 'file' }, context)).toEqual({
    status: 'error',
    text: 'Listing file failed: it, or a part of its path, is a file and not a folder.',
  });
  expect(await call(ls, { path: 'none' }, context)).toMatchObject({
    text: 'Listing none failed: it does not exist.',
  });
  expect(await call(ls, { path: 'link' }, context)).toMatchObject({
    text: expect.stringContaining('may not touch'),
  });
  expect(await reaches(ls, { path: '..' }, context)).toEqual(['read-outside']);
});
