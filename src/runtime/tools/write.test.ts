import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAt, sha256 } from './file-change.ts';
import { read } from './read.ts';
import { call, makeContext, mustPrepare, reaches } from './test-context.ts';
import { write } from './write.ts';

it('creates a file and its folders, and tells what it wrote', async () => {
  const context = await makeContext();
  const path = join(context.cwd, `new "folder"/it's/a.txt`);
  expect(await call(write, { file_path: `new "folder"/it's/a.txt`, content: 'é\n' }, context)).toEqual({
    status: 'success',
    text: `Created new "folder"/it's/a.txt (3 bytes).`,
    wrote: [{ path, content: 'é\n' }],
  });
  expect(await readFile(path, 'utf8')).toBe('é\n');
  expect((await stat(path)).mode & 0o777).toBe(0o666 & ~process.umask());
});

it('overwrites 200 KB, keeping the mode and leaving nothing beside it', async () => {
  const context = await makeContext();
  const path = join(context.cwd, 'run.sh');
  await writeFile(path, 'old');
  await chmod(path, 0o4751);
  const content = 'x'.repeat(200_000);
  await call(read, { file_path: path }, context);
  expect(await call(write, { file_path: path, content }, context)).toMatchObject({
    status: 'success',
    text: 'Overwrote run.sh (200000 bytes).',
  });
  expect(await readFile(path, 'utf8')).toBe(content);
  expect((await stat(path)).mode & 0o7777).toBe(0o4751);
  expect(await readdir(context.cwd)).toEqual(['run.sh']);
});

it('writes through a symbolic link and leaves the link', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  await writeFile(join(root, 'target'), 'old');
  await symlink('../target', join(cwd, 'link'));
  await symlink('../new-target', join(cwd, 'dangling'));
  for (const name of ['link', 'dangling']) {
    expect(await reaches(write, { file_path: name, content: '' }, context)).toEqual(['edit-outside']);
    await call(read, { file_path: name }, context);
    await call(write, { file_path: name, content: 'new' }, context);
    expect((await lstat(join(cwd, name))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(cwd, name), 'utf8')).toBe('new');
  }
  expect(await readFile(join(root, 'new-target'), 'utf8')).toBe('new');
});

it('refuses denied folders, also through links, and folders', async () => {
  const context = await makeContext();
  const { cwd, root } = context;
  await symlink('../home', join(cwd, 'link'));
  await symlink('../home/new', join(cwd, 'dangling'));
  for (const file_path of ['../home/a', 'link/a', 'dangling', join(root, 'home/x/y')]) {
    expect(await call(write, { file_path, content: 'x' }, context)).toEqual({
      status: 'error',
      text: `${file_path} is in a folder that tools may not touch. Use a path outside of it.`,
    });
  }
  expect(await readdir(join(root, 'home'))).toEqual([]);
  await mkdir(join(cwd, 'folder'));
  expect(await call(write, { file_path: 'folder', content: '' }, context)).toMatchObject({
    text: 'folder is a folder. Give the path of a file.',
  });
});

it('[TOOL-4] marks the file so that looking settles a lost call', async () => {
  const context = await makeContext();
  const path = join(context.cwd, 'a');
  const prepared = await mustPrepare(write, { file_path: 'a', content: 'new' }, context);
  const mark = prepared.mark ?? [];
  expect(mark).toEqual({ path, before: null, after: sha256(Buffer.from('new')) });
  expect(await lookAt(mark)).toBe('absent');
  await prepared.run(() => {});
  expect(await lookAt(mark)).toBe('done');
  await writeFile(path, 'other');
  expect(await lookAt(mark)).toBe('unknown');

  await call(read, { file_path: 'a' }, context);
  const again = await mustPrepare(write, { file_path: 'a', content: 'new' }, context);
  expect(again.mark).toMatchObject({ before: sha256(Buffer.from('other')) });
  expect(await lookAt(again.mark ?? [])).toBe('absent');
  expect(await lookAt({ path: context.cwd, before: null, after: '' })).toBe('unknown');
});

it('[TOOL-4] writes nothing when the file has changed since', async () => {
  const context = await makeContext();
  const prepared = await mustPrepare(write, { file_path: 'a', content: 'mine' }, context);
  await writeFile(join(context.cwd, 'a'), 'theirs');
  expect(await prepared.run(() => {})).toMatchObject({
    status: 'error',
    text: expect.stringContaining('a has changed since'),
  });
  expect(await readFile(join(context.cwd, 'a'), 'utf8')).toBe('theirs');
});

it('[TOOL-4] run again after a crash, clears what the first run left', async () => {
  const context = await makeContext();
  await call(write, { file_path: 'a', content: 'one' }, context);
  const [file] = await readdir(context.cwd);
  expect(file).toBe('a');
  await call(read, { file_path: 'a' }, context);
  const prepared = await mustPrepare(write, { file_path: 'a', content: 'two' }, context);
  const left = join(context.cwd, `.farhand-${sha256(Buffer.from(context.callId)).slice(0, 16)}.tmp`);
  await writeFile(left, 'half');
  expect(await prepared.run(() => {})).toMatchObject({ status: 'success' });
  expect(await readdir(context.cwd)).toEqual(['a']);
});

it('aborted before it runs, writes nothing', async () => {
  const context = await makeContext();
  const prepared = await mustPrepare(write, { file_path: 'deep/a', content: 'x' }, context);
  await prepared.abort();
  expect(await prepared.run(() => {})).toEqual({ status: 'error', text: 'Interrupted.' });
  expect(await readdir(context.cwd)).toEqual([]);
});

it('aborted before its effect, writes nothing', async () => {
  const context = await makeContext();
  const prepared = await mustPrepare(write, { file_path: 'a', content: 'x' }, context);
  const result = prepared.run(() => {});
  await prepared.abort();
  expect(await result).toEqual({ status: 'error', text: 'Interrupted.' });
  expect(await readdir(context.cwd)).toEqual([]);
});

it('says why a file cannot be written, and cleans up', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'file'), '');
  expect(await call(write, { file_path: 'file/below', content: '' }, context)).toEqual({
    status: 'error',
    text: 'The path file/below cannot be used: it, or a part of its path, is a file and not a folder.',
  });
  const prepared = await mustPrepare(write, { file_path: 'new/a', content: '' }, context);
  await writeFile(join(context.cwd, 'new'), '');
  expect(await prepared.run(() => {})).toMatchObject({
    status: 'error',
    text: 'Writing new/a failed: it, or a part of its path, is a file and not a folder.',
  });
});

it('previews the change', async () => {
  const context = await makeContext();
  await writeFile(join(context.cwd, 'big'), 'x'.repeat(600_000));
  expect(
    await write.preview?.({ file_path: 'sub/a.txt', content: 'first line\nsecond line\n' }, context),
  ).toEqual([
    {
      mode: 'advanced',
      fileName: 'a.txt',
      path: 'sub/a.txt',
      hunks: [
        {
          oldStart: 1,
          oldLines: 0,
          newStart: 1,
          newLines: 2,
          lines: [
            { type: 'add', content: 'first line' },
            { type: 'add', content: 'second line' },
          ],
        },
      ],
    },
  ]);
  await call(read, { file_path: 'big' }, context);
  const preview = (file_path: string) => write.preview?.({ file_path, content: '' }, context);
  expect(await preview('big')).toEqual([
    { mode: 'unpreviewable', fileName: 'big', path: 'big', reason: 'The file is too big to compare.' },
  ]);
  expect(await preview('../home/x')).toMatchObject([{ mode: 'unpreviewable', fileName: 'x' }]);
});

describe('a file that is there already', () => {
  it('[TOOL-8] is only replaced once it was read, and as it was read', async () => {
    const context = await makeContext();
    const path = join(context.cwd, 'a');
    await writeFile(path, 'theirs');
    const attempt = () => call(write, { file_path: 'a', content: 'mine' }, context);
    expect(await attempt()).toMatchObject({ status: 'error', text: expect.stringContaining('was not read') });
    await call(read, { file_path: 'a' }, context);
    await writeFile(path, 'theirs again');
    expect(await attempt()).toEqual({
      status: 'error',
      text: 'a has changed since you last saw it. Read it again, then change it.',
    });
    expect(await readFile(path, 'utf8')).toBe('theirs again');
    await call(read, { file_path: 'a' }, context);
    expect(await attempt()).toMatchObject({ status: 'success' });
    // Our own change is no surprise.
    expect(await call(write, { file_path: 'a', content: 'more' }, context)).toMatchObject({
      status: 'success',
    });
  });

  it('is replaced without that where nothing is lost', async () => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'empty'), '');
    await writeFile(join(context.cwd, 'same'), 'x');
    for (const file_path of ['empty', 'same'])
      expect(await call(write, { file_path, content: 'x' }, context)).toMatchObject({ status: 'success' });
  });

  it.each([
    ['CR LF', 'a\r\nb\r\n', 'x\ny\n', 'x\r\ny\r\n'],
    ['mixed line ends: those of the new text', 'a\r\nb\n', 'x\ny\r\n', 'x\ny\r\n'],
    ['a byte order mark', '\ufeffa', 'b', '\ufeffb'],
    ['a byte order mark that is written again', '\ufeffa', '\ufeffb', '\ufeffb'],
  ])('keeps %s', async (_, old, content, expected) => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'a'), old);
    await call(read, { file_path: 'a' }, context);
    await call(write, { file_path: 'a', content }, context);
    expect(await readFile(join(context.cwd, 'a'), 'utf8')).toBe(expected);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeffa', 'utf16le'), 'é🙂', Buffer.from('\ufeffé🙂', 'utf16le')],
    ['Latin-1', Buffer.from('\xe9', 'latin1'), 'ü', Buffer.from('ü', 'latin1')],
    ['Latin-1 that has no room for it', Buffer.from('\xe9', 'latin1'), '🙂', Buffer.from('🙂')],
  ])('keeps %s', async (_, old, content, expected) => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'a'), old);
    await call(read, { file_path: 'a' }, context);
    expect(await call(write, { file_path: 'a', content }, context)).toMatchObject({ wrote: [{ content }] });
    expect(await readFile(join(context.cwd, 'a'))).toEqual(expected);
  });

  it.runIf(process.getuid?.() !== 0)('is left alone when it may not be written', async () => {
    const context = await makeContext();
    await writeFile(join(context.cwd, 'a'), 'old');
    await chmod(join(context.cwd, 'a'), 0o444);
    await call(read, { file_path: 'a' }, context);
    expect(await call(write, { file_path: 'a', content: 'new' }, context)).toMatchObject({
      text: 'Writing a failed: permission denied.',
    });
  });
});
