import { describe, expect, it } from 'vitest';
import type { Mode } from '../../protocol/modes.ts';
import { isProblem } from '../tools/paths.ts';
import { confinementOf, type Ground, needOf } from './confinement.ts';
import { type FoundRule, layersOf } from './layers.ts';
import type { Access, SandboxSetting } from './sandbox.ts';

const workspace = { root: '/home/me/project', isolation_root: '/srv/isolated' };

describe('whether a command is confined', () => {
  it.each([
    ['auto', 'standard', null, 'wanted'],
    ['auto', 'acceptEdits', null, 'wanted'],
    ['auto', 'strict', null, 'wanted'],
    ['auto', 'unrestricted', null, 'none'],
    ['auto', 'unrestricted', workspace, 'must'],
    ['auto', 'standard', workspace, 'must'],
    ['off', 'strict', null, 'none'],
    ['off', 'unrestricted', workspace, 'must'],
    ['required', 'standard', null, 'must'],
    ['required', 'unrestricted', null, 'must'],
  ] as const)('[SBX-1] [SBX-2] setting %s, mode %s, workspace %o: %s', (setting, mode, asked, need) => {
    const wish: { setting: SandboxSetting; mode: Mode } = { setting, mode };
    expect(needOf({ ...wish, workspace: asked })).toBe(need);
  });
});

const ground: Ground = {
  mode: 'standard',
  workspace: null,
  cwd: '/home/me/project',
  home: '/home/me',
  farhand: '/home/me/.farhand',
  readable: ['/home/me/.farhand/scratch'],
  env: { GOPATH: '/srv/go' },
  repository: { folders: ['/home/me/project/.git'], guarded: ['/home/me/project/.git/hooks'] },
};

function accessOf(changes: Partial<Ground>) {
  const confinement = confinementOf({ ...ground, ...changes });
  if (isProblem(confinement)) throw new Error(confinement.problem);
  const layers = layersOf(confinement.rules.map((rule) => ({ ...rule, folder: true })));
  return (path: string): Access | undefined =>
    layers.findLast((layer) => layer.path === '/' || `${path}/`.startsWith(`${layer.path}/`))?.access;
}

describe('what it may reach', () => {
  it.each([
    ['an ordinary one', {}, '/home/me/project/src/a.ts', 'write'],
    ['an ordinary one', {}, '/home/me/project/.git/index', 'write'],
    ['an ordinary one', {}, '/home/me/project/.git/hooks/pre-commit', 'read'],
    ['an ordinary one', {}, '/home/me/project/.mcp.json', 'read'],
    ['an ordinary one', {}, '/home/me/other/a.ts', 'read'],
    ['an ordinary one', {}, '/home/me/.gitconfig', 'read'],
    ['an ordinary one', {}, '/home/me/.ssh/id_ed25519', 'hidden'],
    ['an ordinary one', {}, '/home/me/.farhand/device.db', 'hidden'],
    ['an ordinary one', {}, '/home/me/.farhand/scratch/1.out', 'read'],
    ['an ordinary one', {}, '/home/me/.npm/_cacache', 'write'],
    ['an ordinary one', {}, '/srv/go/pkg/mod', 'write'],
    ['an ordinary one', {}, '/run/docker.sock', 'hidden'],
    ['an ordinary one', {}, '/run/systemd/resolve/stub-resolv.conf', 'read'],
    ['an ordinary one', {}, '/tmp/x', 'private'],
    ['an ordinary one', {}, '/etc/passwd', 'read'],
    ['a strict one', { mode: 'strict' }, '/run/systemd/resolve/io.systemd.Resolve', 'hidden'],
    ['one in the home', { cwd: '/home/me' }, '/home/me/notes', 'write'],
    ['one in the home', { cwd: '/home/me' }, '/home/me/.bashrc', 'read'],
    ['one in the home', { cwd: '/home/me' }, '/home/me/.ssh/config', 'hidden'],
    ['one in the home', { cwd: '/home/me' }, '/home/me/.farhand/device.db', 'hidden'],
    ['one in /tmp', { cwd: '/tmp' }, '/tmp/x', 'write'],
    ['one below /tmp', { cwd: '/tmp/a' }, '/tmp/a/x', 'write'],
    ['one below /tmp', { cwd: '/tmp/a' }, '/tmp/b', 'private'],
    ['one in a folder that is hidden', { cwd: '/run/media/me/disk' }, '/run/media/me/disk/a', 'write'],
    ['one with a workspace', { workspace }, '/home/me/project/a', 'write'],
    ['one with a workspace', { workspace }, '/home/me/project/.git/hooks/x', 'read'],
    ['one with a workspace', { workspace }, '/srv/isolated/a', 'write'],
    ['one with a workspace', { workspace }, '/home/me/.npm/x', 'private'],
    ['one with a workspace', { workspace }, '/home/me/.gitconfig', 'private'],
    ['one with a workspace', { workspace }, '/home/me/.farhand/scratch/1.out', 'private'],
    ['one with a workspace', { workspace }, '/srv/go/pkg/mod', 'read'],
    [
      'one whose workspace is the home',
      { workspace: { ...workspace, root: '/home/me' } },
      '/home/me/.ssh/id',
      'hidden',
    ],
    [
      'one whose workspace is the home',
      { workspace: { ...workspace, root: '/home/me' } },
      '/home/me/notes',
      'write',
    ],
  ] as const)('[SBX-3] %s, %o: %s is for %s', (_which, changes, path, access) => {
    expect(accessOf(changes)(path)).toBe(access);
  });

  it('[SBX-5] has no network in the mode strict alone, and says so', () => {
    for (const mode of ['standard', 'acceptEdits', 'strict', 'unrestricted'] as const) {
      const network = mode !== 'strict';
      const confinement = confinementOf({ ...ground, mode });
      expect(confinement).toMatchObject({ network });
      expect('note' in confinement && confinement.note.includes('no network')).toBe(!network);
    }
  });

  it('[SBX-7] is a problem outside of the workspace', () => {
    expect(confinementOf({ ...ground, workspace, cwd: '/home/me' })).toHaveProperty('problem');
  });
});

describe('layers', () => {
  const found = (...rules: [string, Access][]): readonly FoundRule[] =>
    rules.map(([path, access]) => ({ path, access, folder: true }));
  const layered = (...rules: [string, Access][]) =>
    layersOf(found(['/', 'read'], ...rules)).map(({ path, access }) => `${access} ${path}`);

  it('leave out what changes nothing', () => {
    expect(layered(['/a', 'read'], ['/a/b', 'guarded'], ['/c', 'hidden'], ['/c/d', 'hidden'])).toEqual([
      'read /',
      'hidden /c',
    ]);
    expect(layered(['/a', 'private'], ['/a/b', 'hidden'], ['/a/c', 'guarded'], ['/a/d', 'private'])).toEqual([
      'read /',
      'private /a',
    ]);
    expect(layered(['/a', 'write'], ['/a/b', 'write'])).toEqual(['read /', 'write /a']);
  });

  it('go from the outer to the inner, in whatever order the rules came', () => {
    expect(layered(['/a/b/c', 'write'], ['/a', 'write'], ['/a/b', 'hidden'])).toEqual([
      'read /',
      'write /a',
      'hidden /a/b',
      'write /a/b/c',
    ]);
    expect(layered(['/ab', 'write'], ['/a', 'hidden'])).toEqual(['read /', 'hidden /a', 'write /ab']);
  });

  it('[SBX-4] pin the folders between something writable and what in it is not', () => {
    expect(layered(['/p', 'write'], ['/p/.git/hooks', 'guarded'], ['/p/a/b/c', 'hidden'])).toEqual([
      'read /',
      'write /p',
      'write /p/a',
      'write /p/a/b',
      'write /p/.git',
      'hidden /p/a/b/c',
      'read /p/.git/hooks',
    ]);
  });

  it('take the later of two rules for one path', () => {
    expect(layered(['/a', 'hidden'], ['/a', 'write'])).toEqual(['read /', 'write /a']);
    expect(layered(['/p', 'write'], ['/p/a', 'hidden'], ['/p/a', 'guarded'])).toContain('hidden /p/a');
    expect(layered(['/p', 'write'], ['/p/a', 'write'], ['/p/a', 'guarded'])).toContain('read /p/a');
  });
});
