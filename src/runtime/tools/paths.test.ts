import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { locate } from './paths.ts';
import { makeContext } from './test-context.ts';

it('takes absolute, relative and home paths, existing or not', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  expect(await locate('new/deep/a.txt', context)).toEqual({
    real: join(cwd, 'new/deep/a.txt'),
    inside: true,
    guarded: false,
    plan: false,
    shown: 'new/deep/a.txt',
  });
  expect(await locate(join(cwd, 'x'), context)).toMatchObject({ inside: true, shown: 'x' });
  expect(await locate('.', context)).toMatchObject({ real: cwd, inside: true, shown: '.' });
  expect(await locate('..foo', context)).toMatchObject({ inside: true });
  expect(await locate('../x', context)).toMatchObject({ real: join(root, 'x'), inside: false });
  expect(await locate('~/x', context)).toMatchObject({ real: join(root, 'x'), inside: false });
  expect(await locate(`${cwd}-twin/x`, context)).toMatchObject({ inside: false });
});

it('follows symbolic links out of the working directory, also those that lead to nothing yet', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  await symlink(root, join(cwd, 'out'));
  await symlink('../not-yet/a', join(cwd, 'dangling'));
  await symlink('dangling', join(cwd, 'twice'));
  await symlink(cwd, join(root, 'in'));
  expect(await locate('out/new/file', context)).toMatchObject({
    real: join(root, 'new/file'),
    inside: false,
  });
  expect(await locate('dangling', context)).toMatchObject({ real: join(root, 'not-yet/a'), inside: false });
  expect(await locate('twice/below', context)).toMatchObject({
    real: join(root, 'not-yet/a/below'),
    inside: false,
  });
  expect(await locate('../in/file', context)).toMatchObject({ real: join(cwd, 'file'), inside: true });
  expect(await locate('file', { ...context, cwd: join(root, 'in') })).toMatchObject({
    inside: true,
    shown: 'file',
  });
});

it('refuses denied folders, also through links and before they exist', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  await symlink('../home', join(cwd, 'link'));
  await symlink('../home/new.json', join(cwd, 'dangling'));
  await symlink(join(root, 'home'), join(root, 'home-link'));
  const refused = { problem: expect.stringContaining('may not touch') };
  for (const path of ['../home', '../home/device.db', 'link/token', 'dangling', 'link/../link/x', '~/home/x'])
    expect(await locate(path, context), path).toEqual(refused);
  const through = { ...context, denied: [join(root, 'home-link'), join(root, 'later')] };
  expect(await locate('../home/x', through)).toEqual(refused);
  expect(await locate('../later/x', through)).toEqual(refused);
  expect(await locate('../home-twin', context)).toMatchObject({ inside: false });
});

it('refuses our own environment, which holds what the scrubbed one does not', async () => {
  if (process.platform !== 'linux') return;
  const context = await makeContext();
  for (const path of ['/proc/self/environ', `/proc/${process.pid}/environ`, '/proc/self/root/proc/self/mem'])
    expect(await locate(path, context), path).toHaveProperty('problem');
});

it('says why a path leads nowhere', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'file'), '');
  await mkdir(join(context.cwd, 'a'));
  await symlink('b', join(context.cwd, 'a/a'));
  await symlink('a', join(context.cwd, 'a/b'));
  expect(await locate('a\0b', context)).toEqual({ problem: expect.stringContaining('NUL') });
  expect(await locate('file/below', context)).toEqual({
    problem: expect.stringContaining('a file and not a folder'),
  });
  expect(await locate('a/a', context)).toEqual({ problem: expect.stringContaining('circle') });
  expect(await locate('x'.repeat(300), context)).toEqual({ problem: expect.stringContaining('too long') });
});

it('lets what may be read in a denied folder be read and not changed, and the plan be changed', async () => {
  const context = await makeContext();
  const { root } = context;
  const open = join(root, 'home/open');
  await mkdir(join(root, 'real'));
  await mkdir(open);
  await symlink(open, join(context.cwd, 'link'));
  const readable = { ...context, readable: [open], planFile: join(root, 'home/plans/p.md') };
  const refused = { problem: expect.stringContaining('may not touch') };
  for (const path of [join(open, 'x'), 'link/x', '~/home/open/deep/x']) {
    expect(await locate(path, readable, 'read'), path).toMatchObject({ inside: false, plan: false });
    expect(await locate(path, readable), path).toEqual(refused);
  }
  for (const path of ['../home/x', 'link/../../home/token', join(root, 'home/open-twin')])
    expect(await locate(path, readable, 'read'), path).toEqual(refused);
  expect(await locate('../home/plans/p.md', readable)).toMatchObject({ plan: true });
  expect(await locate('../home/plans/q.md', readable)).toEqual(refused);
  expect(await locate('../home/plans/p.md', { ...readable, planFile: null })).toEqual(refused);
});
