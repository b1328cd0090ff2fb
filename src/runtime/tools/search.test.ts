import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { call, makeContext, mustPrepare, reaches, runs } from './test-context.ts';
import type { ToolContext } from './tool.ts';

/** Files by path in the working directory, each changed one minute after the one before. */
async function project(files: Record<string, string>): Promise<ToolContext & { readonly root: string }> {
  const context = await makeContext();
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    const path = join(context.cwd, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, 1_700_000_000 + index * 60, 1_700_000_000 + index * 60);
  }
  return context;
}

const find = async (context: ToolContext, pattern: string, path?: string) =>
  (await call(glob, { pattern, ...(path && { path }) }, context)).text.split('\n');

const search = async (context: ToolContext, input: Record<string, unknown>) =>
  (await call(grep, input, context)).text.split('\n');

describe('Glob', () => {
  const files = {
    '.gitignore': 'node_modules/\n*.log\n!keep.log\n',
    'node_modules/x/index.ts': '',
    'a.ts': '',
    'src/b.ts': '',
    'src/deep/c.ts': '',
    'src/d.tsx': '',
    'x.log': '',
    'keep.log': '',
    '.github/e.yml': '',
    '.git/config': '',
  };

  it('finds files, the latest changed first', async () => {
    const context = await project(files);
    expect(await find(context, '**/*.ts')).toEqual(['src/deep/c.ts', 'src/b.ts', 'a.ts']);
    expect(await find(context, '*.ts')).toEqual(['a.ts']);
    expect(await find(context, 'src/*.{ts,tsx}')).toEqual(['src/d.tsx', 'src/b.ts']);
    expect(await find(context, 'src/b.ts')).toEqual(['src/b.ts']);
    expect(await find(context, '**/c.ts', 'src')).toEqual(['src/deep/c.ts']);
    expect(await find(context, join(context.cwd, 'src/*.ts'))).toEqual(['src/b.ts']);
    expect(await find({ ...context, cwd: join(context.cwd, 'src') }, '../*.ts')).toEqual([
      join(context.cwd, 'a.ts'),
    ]);
  });

  it('leaves out what ignore files name, whatever the pattern', async () => {
    const context = await project(files);
    for (const pattern of ['**', '**/*']) {
      expect(await find(context, pattern)).toEqual([
        '.github/e.yml',
        'keep.log',
        'src/d.tsx',
        'src/deep/c.ts',
        'src/b.ts',
        'a.ts',
        '.gitignore',
      ]);
    }
    expect(await find(context, '*.log')).toEqual(['keep.log']);
    expect(await find(context, '**/index.ts')).toEqual(['Nothing in . matches **/index.ts.']);
    expect(await find(context, '*.ts', 'node_modules/x')).toEqual(['node_modules/x/index.ts']);
  });

  it('takes names literally where they are no pattern', async () => {
    const context = await project({ 'it\'s "a" b/-x.ts': '', '[id]/page.ts': '', 'new\nline.ts': '' });
    expect(await find(context, `it's "a" b/*`)).toEqual([`it's "a" b/-x.ts`]);
    expect(await find(context, '\\[id\\]/*')).toEqual(['[id]/page.ts']);
    expect((await find(context, 'new*')).join('\n')).toBe('new\nline.ts');
    expect(await call(glob, { pattern: '[' }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('unclosed character class'),
    });
    expect(await find(context, '--files')).toEqual(['Nothing in . matches --files.']);
  });

  it('shows the 200 latest', async () => {
    const context = await project(
      Object.fromEntries(Array.from({ length: 205 }, (_, index) => [`${index}.txt`, ''])),
    );
    const found = await find(context, '*.txt');
    expect(found).toHaveLength(201);
    expect(found[0]).toBe('204.txt');
    expect(found[200]).toBe('[5 older files match too. Narrow the pattern.]');
  });

  it('reaches where the literal part of the pattern leads', async () => {
    const context = await project({ 'src/a.ts': '' });
    await symlink(context.root, join(context.cwd, 'out'));
    const reach = async (pattern: string, path?: string) =>
      (await reaches(glob, { pattern, ...(path && { path }) }, context)).every(
        (one) => one === 'read-inside',
      );
    expect(await reach('src/**')).toBe(true);
    expect(await reach('*', 'src')).toBe(true);
    expect(await reach('../**')).toBe(false);
    expect(await reach('src/../../*')).toBe(false);
    expect(await reach('out/*')).toBe(false);
    expect(await reach('/etc/*')).toBe(false);
    expect(await reach('~/*')).toBe(false);
  });
});

it('Glob finds nothing outside by climbing behind a magic part', async () => {
  const context = await project({ 'src/a.ts': '' });
  await writeFile(join(context.root, 'outside.ts'), '');
  for (const pattern of ['*/../../*.ts', '**/../*.ts'])
    expect(await find(context, pattern), pattern).toEqual([`Nothing in . matches ${pattern}.`]);
  expect(await find(context, '{..,src}/*.ts')).toEqual(['src/a.ts']);
});

describe('Grep', () => {
  const files = {
    '.gitignore': 'ignored/\n*.log\n',
    'a.ts': 'one\nHello world\nthree\nfour\nhello again\n',
    'b/c.js': 'hello\n',
    'ignored/d.ts': 'hello\n',
    'x.log': 'hello\n',
    'bin.dat': 'hello\0',
  };

  it('names files, shows lines, counts', async () => {
    const context = await project(files);
    expect(await search(context, { pattern: 'hello' })).toEqual(['a.ts', 'b/c.js']);
    expect(await search(context, { pattern: 'hello', output_mode: 'content' })).toEqual([
      'a.ts:5:hello again',
      'b/c.js:1:hello',
    ]);
    expect(await search(context, { pattern: 'hello', output_mode: 'count', '-i': true })).toEqual([
      'a.ts:2',
      'b/c.js:1',
    ]);
    expect(await search(context, { pattern: 'nowhere' })).toEqual(['Nothing in . matches nowhere.']);
  });

  it('takes its options', async () => {
    const context = await project(files);
    const content = (more: Record<string, unknown>) => search(context, { output_mode: 'content', ...more });
    expect(await content({ pattern: 'one|again', path: 'a.ts', '-A': 1 })).toEqual([
      'a.ts:1:one',
      'a.ts:2-Hello world',
      '--',
      'a.ts:5:hello again',
    ]);
    expect(await content({ pattern: 'three', '-B': 1, '-n': false })).toEqual([
      'a.ts:Hello world',
      'a.ts:three',
    ]);
    expect(await content({ pattern: 'three', '-C': 1, path: 'a.ts' })).toHaveLength(3);
    expect(await content({ pattern: 'world.three', multiline: true })).toEqual([
      'a.ts:2:Hello world',
      'a.ts:3:three',
    ]);
    expect(await search(context, { pattern: 'hello', type: 'js' })).toEqual(['b/c.js']);
    expect(await content({ pattern: '.', glob: '*.{ts,js}', head_limit: 2 })).toEqual([
      'a.ts:1:one',
      'a.ts:2:Hello world',
      '[4 more lines. Narrow the search.]',
    ]);
  });

  it('leaves out what ignore files name, also under a glob', async () => {
    const context = await project(files);
    for (const pattern of ['*', '**/*', '*.{ts,js,log}'])
      expect(await search(context, { pattern: 'hello', glob: pattern }), pattern).toEqual(['a.ts', 'b/c.js']);
    expect(await search(context, { pattern: 'hello', glob: '*.ts' })).toEqual(['a.ts']);
    expect(await search(context, { pattern: 'hello', glob: '*.log' })).toEqual([
      'Nothing in . matches hello.',
    ]);
    expect(await search(context, { pattern: 'hello', glob: '**', '-C': 1, output_mode: 'content' })).toEqual([
      'a.ts:4-four',
      'a.ts:5:hello again',
      '--',
      'b/c.js:1:hello',
    ]);
  });

  it('takes pattern, path and glob as they are, never as options', async () => {
    const context = await project({ '-x y.txt': '--version "q" $HOME\n', 'b.txt': 'plain\n' });
    expect(await search(context, { pattern: '--version "q" \\$HOME', output_mode: 'content' })).toEqual([
      '-x y.txt:1:--version "q" $HOME',
    ]);
    expect(await search(context, { pattern: 'version', path: '-x y.txt' })).toEqual(['-x y.txt']);
    expect(await search(context, { pattern: 'a', glob: '--version' })).toEqual(['Nothing in . matches a.']);
  });

  it('tells what is wrong with a pattern, a type or a path', async () => {
    const context = await project(files);
    expect(await call(grep, { pattern: '(' }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('unclosed group'),
    });
    expect(await call(grep, { pattern: 'x', type: 'nonsense' }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('nonsense'),
    });
    expect(await call(grep, { pattern: 'x', path: 'none' }, context)).toEqual({
      status: 'error',
      text: 'none cannot be searched: it does not exist.',
    });
  });

  it('shortens long lines and long results, and survives what is not UTF-8', async () => {
    const context = await project({
      'wide.txt': `${'x'.repeat(200_000)}\n`,
      'many.txt': `${'y'.repeat(80)}\n`.repeat(900),
    });
    await writeFile(join(context.cwd, 'latin.txt'), Buffer.from('caf\xe9\n', 'latin1'));
    const [wide = ''] = await search(context, { pattern: 'xx', output_mode: 'content' });
    expect(wide.length).toBeLessThan(700);
    const many = await search(context, { pattern: 'yy', output_mode: 'content' });
    expect(many.join('\n').length).toBeLessThan(30_100);
    expect(many.at(-1)).toMatch(/^\[\d+ more lines\./);
    expect(await search(context, { pattern: 'caf', output_mode: 'content' })).toEqual([
      'latin.txt:1:caf\u{fffd}',
    ]);
  });

  it('finds hidden files, and follows no links', async () => {
    const context = await project({ '.hidden/.env': 'secret', '.git/config': 'secret' });
    await mkdir(join(context.root, 'elsewhere'));
    await writeFile(join(context.root, 'elsewhere/out'), 'secret');
    await symlink('../elsewhere', join(context.cwd, 'folder'));
    await symlink('../elsewhere/out', join(context.cwd, 'file'));
    expect(await search(context, { pattern: 'secret' })).toEqual(['.hidden/.env']);
    expect(await find(context, '**/*')).toEqual(['.hidden/.env']);
    expect(await reaches(grep, { pattern: 'secret', path: 'folder' }, context)).toEqual(['read-outside']);
  });

  it('looks into what may be read of a denied folder when it is asked for', async () => {
    const context = await project({ 'home/scratch/a.out': 'output', 'home/token': 'output' });
    const home = join(context.cwd, 'home');
    const open = { ...context, denied: [home], readable: [join(home, 'scratch')] };
    expect(await search(open, { pattern: 'output' })).toEqual(['Nothing in . matches output.']);
    expect(await search(open, { pattern: 'output', path: 'home/scratch' })).toEqual(['home/scratch/a.out']);
    expect(await find(open, 'home/scratch/*')).toEqual(['home/scratch/a.out']);
  });

  it('does not look into denied folders below the searched one', async () => {
    const context = await project({ 'a.txt': 'secret' });
    const home = join(context.cwd, 'my [home]');
    await mkdir(join(home, 'deep'), { recursive: true });
    await writeFile(join(home, 'deep/token'), 'secret');
    const denying = { ...context, denied: [home] };
    expect(await search(denying, { pattern: 'secret' })).toEqual(['a.txt']);
    expect(await search(denying, { pattern: 'secret', glob: '**/token' })).toEqual([
      'Nothing in . matches secret.',
    ]);
    expect(await find(denying, '**/token')).toEqual(['Nothing in . matches **/token.']);
    expect(await search(context, { pattern: 'secret', glob: '**/token' })).toEqual(['my [home]/deep/token']);
    expect(await call(grep, { pattern: 'secret', path: 'my [home]/deep' }, denying)).toMatchObject({
      text: expect.stringContaining('may not touch'),
    });
  });
});

describe('a search', () => {
  afterEach(() => {
    vi.doUnmock('@vscode/ripgrep');
    vi.useRealTimers();
  });

  /** A program in the place of ripgrep that says its pid and then hangs. */
  async function hanging() {
    const context = await project({ 'a.txt': 'x' });
    const rgPath = join(context.root, 'rg');
    const pids = join(context.root, 'pids');
    await writeFile(rgPath, `#!/bin/sh\necho $$ > '${pids}'\nexec sleep 1000\n`, { mode: 0o755 });
    vi.doMock('@vscode/ripgrep', () => ({ rgPath }));
    const prepared = await mustPrepare(grep, { pattern: 'x' }, context);
    const pid = async () => {
      const { readFile } = await import('node:fs/promises');
      return Number(await readFile(pids, 'utf8'));
    };
    return { prepared, pid };
  }

  it('[TOOL-5] is killed by an abort', async () => {
    const { prepared, pid } = await hanging();
    const result = prepared.run(() => {});
    await vi.waitFor(async () => expect(await pid()).toBeGreaterThan(0), 5_000);
    await prepared.abort();
    expect(runs(await pid())).toBe(false);
    expect(await result).toEqual({ status: 'error', text: 'Interrupted.' });
  });

  it('[TOOL-5] is killed after 30 s', async () => {
    const { prepared, pid } = await hanging();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const result = prepared.run(() => {});
    await vi.waitUntil(() => vi.getTimerCount() > 0, { timeout: 5_000 });
    await vi.waitFor(async () => expect(await pid()).toBeGreaterThan(0), 5_000);
    vi.advanceTimersByTime(30_000);
    expect(await result).toEqual({
      status: 'error',
      text: 'The search took longer than 30 s. Search in a smaller folder.',
    });
    expect(runs(await pid())).toBe(false);
  });

  it('says so where ripgrep is not installed', async () => {
    vi.doMock('@vscode/ripgrep', () => {
      throw new Error('no package for this platform');
    });
    const context = await project({});
    expect(await call(grep, { pattern: 'x' }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('is not installed for this system'),
    });
  });
});
