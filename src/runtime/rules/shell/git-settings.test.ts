import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { mayRunPrograms, settingsIn } from './git-settings.ts';

let folder: string;
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.org', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-git-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  git('init', '-q', '-b', 'main');
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/a.txt'), 'one\n');
  git('add', '-A');
  git('commit', '-qm', 'Begin');
});

describe('[PERM-4] a repository makes git run no program where it reads', () => {
  it.each([
    ['as git makes it', []],
    [
      'with remotes, branches and a name',
      ['remote.origin.url=https://example.org/x', 'branch.main.remote=origin', 'user.name=A'],
    ],
    ['with an alias, which is no command that only reads', ['alias.st=!touch x']],
    ['with hooks elsewhere', ['core.hooksPath=.husky']],
    ['with the monitor that git brings itself', ['core.fsmonitor=true']],
  ])('%s', (_what, settings) => {
    for (const setting of settings) git('config', ...setting.split(/=(.*)/s).slice(0, 2));
    expect(mayRunPrograms(join(folder, 'src'))).toBe(false);
  });

  it('as a worktree of another', () => {
    git('worktree', 'add', '-q', 'other');
    expect(mayRunPrograms(join(folder, 'other'))).toBe(false);
    git('config', 'diff.external', 'touch x');
    expect(mayRunPrograms(join(folder, 'other'))).toBe(true);
  });

  it('and none where there is no repository', () => {
    rmSync(join(folder, '.git'), { recursive: true });
    expect(mayRunPrograms(folder)).toBe(false);
  });
});

describe('[PERM-4] a repository may make git run a program where it reads', () => {
  it.each([
    'core.fsmonitor=touch x',
    'diff.external=touch x',
    'diff.mine.textconv=touch x',
    'diff.mine.command=touch x',
    'filter.mine.clean=touch x',
    'filter.mine.process=touch x',
    'gpg.program=touch x',
    'log.showSignature=true',
    'include.path=../other',
    'core.worktree=..',
    'extensions.partialClone=origin',
    'remote.origin.promisor=true',
    'a.setting.ofNobody=1',
  ])('by %s', (setting) => {
    git('config', ...setting.split(/=(.*)/s).slice(0, 2));
    expect(mayRunPrograms(folder)).toBe(true);
  });

  it.each(['.git/hooks', '.husky'])('by a hook in %s that hears of a refreshed index', (hooks) => {
    if (hooks === '.husky') git('config', 'core.hooksPath', hooks);
    mkdirSync(join(folder, hooks), { recursive: true });
    const hook = join(folder, hooks, 'post-index-change');
    writeFileSync(hook, '#!/bin/sh\ntouch x\n');
    chmodSync(hook, 0o755);
    expect(mayRunPrograms(folder)).toBe(true);
  });

  it('by a folder that looks like a repository without files', () => {
    for (const name of ['HEAD', 'objects', 'refs']) mkdirSync(join(folder, 'src', name));
    expect(mayRunPrograms(join(folder, 'src'))).toBe(true);
  });

  it.each(['2', '4'])('by a repository within it, which git visits (index version %s)', (version) => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    const inside = (...args: readonly string[]) => git('-C', inner, ...args);
    inside('init', '-q');
    inside('commit', '-q', '--allow-empty', '-m', 'Begin');
    git('-c', 'advice.addEmbeddedRepo=false', 'add', 'inner');
    git('update-index', '--index-version', version);
    if (version === '2') expect(mayRunPrograms(folder)).toBe(false);
    inside('config', 'core.fsmonitor', 'touch x');
    expect(mayRunPrograms(folder)).toBe(true);
  });
});

it.each(['[core', 'key = 1', '[core]\n\tx = "a\\\nb"', '[core]\n\t= 1'])(
  'settings that are not understood: %s',
  (text) => {
    expect(settingsIn(text)).toBeNull();
  },
);
