import { describe, expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import { placesOn } from './place.ts';
import type { Situation } from './situation.ts';

/** Somebody works in the very folder in which Farhand's home lies. */
const situation = (cwd: string): Situation => ({
  cwd,
  home: '/home/dev',
  user: 'dev',
  farhandHome: '/home/dev/.farhand',
  trusted: true,
  isReplaced: () => false,
  ...placesOn(
    {
      link: () => null,
      kind: (path) => (['/home/dev', '/home/dev/.git', '/home'].includes(path) ? 'folder' : 'missing'),
      links: () => [],
    },
    { cwd, denied: ['/home/dev/.farhand'], readable: [] },
  ),
});
const reaches = (command: string, cwd = '/home/dev') =>
  analyse(command, situation(cwd)).map(({ reach }) => reach);

describe("[PERM-4] a folder around Farhand's home", () => {
  it.each([
    'grep -r key',
    'grep -rn key .',
    'grep --recursive key ./',
    'grep -d recurse key .',
    'rg --hidden key',
    'diff -r . src',
    'git grep --no-index key',
    'git grep --untracked key',
  ])('is not searched unasked: %s', (command) => {
    expect(reaches(command)).toContain('read-outside');
  });

  it('is neither copied nor moved unasked', () => {
    expect(reaches('cp -r . copy')).toContain('edit-outside');
    expect(reaches('cp -a dev copy', '/home')).toContain('edit-outside');
    expect(reaches('mv dev copy', '/home')).toContain('edit-outside');
    expect(reaches('grep -r key *', '/home')).toContain('execute');
  });

  it.each([
    'ls',
    'cat notes',
    'grep key notes',
    'grep -r key src',
    'rg key src',
    'git status',
    'find . -name a',
  ])('is worked in otherwise: %s', (command) => {
    expect(new Set(reaches(command).filter((reach) => reach !== 'internal'))).toEqual(
      new Set(['read-inside']),
    );
  });
});

describe('[PERM-4] what decides for the person', () => {
  it.each([
    'letta approvals allow x',
    'env -u FARHAND_TOOL letta rules add allow Bash',
    'npx letta connect',
    'farhand serve --json',
    'farhand models use demo',
    'farhand disconnect openai',
    'farhand -p hello --mode unrestricted',
    'farhand -p hello --mode=unrestricted',
  ])('is forbidden by whatever name: %s', (command) => {
    expect(reaches(command)).toContain('forbidden');
  });
});

describe('[PERM-4] what cannot be undone', () => {
  it.each([
    'npm pub',
    'init 0',
    'telinit 6',
    'truncate -s 0 /dev/sda',
    'dropdb x',
    'echo b > /proc/sysrq-trigger',
  ])('is seen in %s', (command) => {
    expect(reaches(command)).toContain('grave');
  });
});
