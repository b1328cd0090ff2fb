import { describe, expect, it } from 'vitest';
import { observe } from './observe.ts';

const status = (device_status: unknown) => ({ type: 'update_device_status', device_status });

describe('what frames tell about a device', () => {
  it.each<readonly [string, Parameters<typeof observe>[0], ReturnType<typeof observe>]>([
    [
      'a status',
      status({
        is_online: true,
        current_permission_mode: 'acceptEdits',
        current_working_directory: '/workspace/project',
        git_context: { branch: 'main', recent_branches: ['x'] },
      }),
      { currentMode: 'acceptEdits', workingDirectory: '/workspace/project', gitBranch: 'main' },
    ],
    [
      'a status outside of any repository',
      status({ current_permission_mode: 'strict', current_working_directory: null, git_context: null }),
      { currentMode: 'strict', workingDirectory: null, gitBranch: null },
    ],
    ['a detached head', status({ git_context: { branch: null } }), { gitBranch: null }],
    ['a status without git', status({ current_permission_mode: 'standard' }), { currentMode: 'standard' }],
    ['an empty status', status({}), null],
    ['another frame', { type: 'update_queue', device_status: { current_permission_mode: 'strict' } }, null],
    ['a type that objects inherit', { type: 'constructor' }, null],
  ])('%s', (_what, frame, seen) => {
    expect(observe(frame)).toEqual(seen);
  });

  it.each([
    undefined,
    null,
    7,
    'x',
    [],
    [{}],
    { current_permission_mode: {}, current_working_directory: 5, git_context: [] },
  ])('[LINK-4] nothing of a wrong shape: %j', (device_status) => {
    expect(observe(status(device_status))).toBeNull();
  });

  it.each(['', 'x'.repeat(4_097), 'line\nbreak', '\u001b[31m', '\u009b31m'])(
    '[SEC-6] no name that is empty, endless or moves a cursor: %j',
    (name) => {
      const seen = status({
        current_permission_mode: name,
        current_working_directory: name,
        git_context: { branch: name },
      });
      expect(observe(seen)).toBeNull();
    },
  );
});
