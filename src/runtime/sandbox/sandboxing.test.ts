import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDevice } from '../../testing/device.ts';
import { onDisk } from './on-disk.ts';
import { repositoryOf } from './repository.ts';
import type { FoundSandbox, SandboxSetting } from './sandbox.ts';
import { type Asking, sandboxing } from './sandboxing.ts';

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-sandboxing-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const missing: FoundSandbox = { missing: 'bubblewrap is not installed: `apt install bubblewrap`.' };
const wrapping: FoundSandbox = {
  sandbox: { name: 'bubblewrap', wrap: (command) => ['wrapped', ...command] },
};

async function confined(setting: SandboxSetting, found: FoundSandbox, more: Partial<Asking> = {}) {
  const cwd = temporaryFolder();
  const all = sandboxing({
    setting: () => setting,
    farhand: join(cwd, 'home'),
    folder: join(cwd, 'private'),
    readable: [],
    env: { HOME: cwd },
    find: async () => found,
  });
  onTestFinished(() => all.close());
  const confine = all.confine({ key: 'a', mode: 'standard', cwd, workspace: null, ...more });
  return { answer: await confine(['sh']), status: all.status() };
}

const workspace = { root: '/', isolation_root: '/' };
const bare = { command: ['sh'], note: null };
const wrapped = { command: ['wrapped', 'sh'], note: expect.stringMatching(/^\[Confined: /) };
const refused = { problem: expect.stringMatching(/in a sandbox only, .*`apt install bubblewrap`/) };

describe('a command', () => {
  it.each([
    ['[SBX-1] is confined where the system can', 'auto', wrapping, {}, wrapped],
    ['[SBX-1] runs where it cannot', 'auto', missing, {}, bare],
    ['[SBX-1] runs as it is where that is switched off', 'off', wrapping, {}, bare],
    ['[SBX-1] runs as it is in the mode unrestricted', 'auto', wrapping, { mode: 'unrestricted' }, bare],
    ['[SBX-2] is refused where a sandbox is required and missing', 'required', missing, {}, refused],
    [
      '[SBX-2] is confined in the mode unrestricted where it is required',
      'required',
      wrapping,
      { mode: 'unrestricted' },
      wrapped,
    ],
    ['[SBX-2] is refused where a client asked for a sandbox', 'auto', missing, { workspace }, refused],
    [
      '[SBX-7] is confined where a client asked for it, switched off or not',
      'off',
      wrapping,
      { workspace },
      wrapped,
    ],
  ] as const)('%s', async (_what, setting, found, more, answer) => {
    expect((await confined(setting, found, more)).answer).toEqual(answer);
  });

  it('[SBX-2] does not run where confining it fails', async () => {
    const broken: FoundSandbox = {
      sandbox: {
        name: 'bubblewrap',
        wrap: () => {
          throw new Error('no room');
        },
      },
    };
    expect((await confined('auto', broken)).answer).toEqual({
      problem: 'The command cannot be confined: no room.',
    });
  });

  it('leads to a status that says what there is', async () => {
    expect((await confined('auto', wrapping)).status).toEqual({ name: 'bubblewrap' });
    expect((await confined('auto', missing)).status).toEqual({
      name: null,
      reason: expect.stringContaining('apt install'),
    });
    expect((await confined('off', wrapping)).status).toEqual({ name: null, reason: 'It is switched off.' });
  });
});

describe('a device', () => {
  it('says in its status what confines commands', async () => {
    const test = testDevice();
    onTestFinished(() => test.close());
    await expect.poll(() => test.device.host.view(test.cwd).sandbox).toHaveProperty('name');
    test.send({ type: 'sync', request_id: 'a', runtime: test.scope() });
    const { device_status } = await test.until(({ type }) => type === 'update_device_status');
    expect(device_status).toMatchObject({ sandbox: test.device.host.view(test.cwd).sandbox });
  });
});

describe('rules on disk', () => {
  it('are for what exists, symbolic links followed', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('real', join(folder, 'link'));
    symlinkSync('round', join(folder, 'round'));
    const names = ['link', 'file', 'gone', 'file/below', 'round'];
    expect(onDisk(names.map((name) => ({ path: join(folder, name), access: 'hidden' })))).toEqual([
      { path: join(folder, 'real'), access: 'hidden', folder: true },
      { path: join(folder, 'file'), access: 'hidden', folder: false },
    ]);
  });
});

describe('the repository of a directory', () => {
  it('[SBX-4] is looked for upwards, with hooks and configuration, also of its modules', () => {
    const folder = temporaryFolder();
    const git = join(folder, 'top', '.git');
    mkdirSync(join(git, 'modules', 'part'), { recursive: true });
    mkdirSync(join(folder, 'top', 'below'));
    for (const cwd of [join(folder, 'top'), join(folder, 'top', 'below')])
      expect(repositoryOf(cwd, folder)).toEqual({
        folders: [git],
        guarded: [git, join(git, 'modules', 'part')].flatMap((one) =>
          ['hooks', 'config', 'config.worktree'].map((name) => join(one, name)),
        ),
      });
  });

  it('is not the one that a home is', () => {
    const home = temporaryFolder();
    mkdirSync(join(home, '.git'));
    mkdirSync(join(home, 'project'));
    expect(repositoryOf(join(home, 'project'), home).folders).toEqual([]);
    expect(repositoryOf(home, home).folders).toEqual([join(home, '.git')]);
  });
});
