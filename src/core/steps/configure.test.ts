import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import type { Command } from '../messages.ts';

const mode = (name: string): Command => ({ do: 'set_mode', mode: name });
const cwd = (found: string | null, asked: string, missing = false): Command => ({
  do: 'set_cwd',
  cwd: found,
  asked,
  missing,
});
const tell: Command = { do: 'tell_status' };

const idle = () => new Scene();
function busy(): Scene {
  const scene = new Scene();
  scene.input('go');
  scene.text('Well');
  scene.lines();
  return scene;
}

/** What changes, and the device status that says so when it differs from the last one. */
const rows: readonly (readonly [string, Command, Partial<Scene['state']>, string[]])[] = [
  ['a mode', mode('acceptEdits'), { mode: 'acceptEdits' }, ['acceptEdits']],
  ['a mode by another name', mode('bypassPermissions'), { mode: 'unrestricted' }, ['unrestricted']],
  ['a working directory', cwd('/else', 'else'), { cwd: '/else', cwdRevision: 1 }, []],
  [
    'a path that is gone: the old one stays, under a new revision',
    cwd(null, '/gone', true),
    { cwd: '/project', cwdRevision: 1 },
    [],
  ],
  ['nothing', tell, {}, []],
];
const wrong: readonly (readonly [string, Command, code: string, RegExp])[] = [
  [
    'a mode that does not exist',
    mode('plan'),
    'mode_unknown',
    /no permission mode "plan".*standard, acceptEdits/,
  ],
  ['a mode that every object has', mode('constructor'), 'mode_unknown', /no permission mode "constructor"/],
  [
    'a path that is no folder',
    cwd(null, '/project/README.md'),
    'path_not_directory',
    /README\.md is not a folder.*stays \/project/,
  ],
  ['an empty path', cwd(null, ''), 'path_not_directory', /^An empty path is not a folder/],
];

describe('a change of the conversation', () => {
  it.each(rows)('%s, while idle: shown as a command that runs', (_name, command, change, modes) => {
    const scene = idle();
    scene.command(command);
    expect(scene.state).toMatchObject(change);
    expect(scene.lines()).toEqual([
      'L EXECUTING_COMMAND',
      ...modes.map((name) => `D idle ${name}`),
      'L WAITING_ON_INPUT',
    ]);
  });

  it.each(rows)('%s, while busy: the turn goes on', (_name, command, change, modes) => {
    const scene = busy();
    const { turn } = scene.state;
    scene.command(command);
    expect(scene.state).toMatchObject(change);
    expect(scene.state.turn).toBe(turn);
    expect(scene.lines()).toEqual(modes.map((name) => `D busy ${name}`));
  });

  it.each(rows)('%s is told with the status, also where nothing else differs', (_name, command) => {
    for (const scene of [idle(), busy()]) {
      const told = scene
        .command(command)
        .says.flatMap((say) =>
          say.say === 'event' && say.type === 'update_device_status' ? [say.body.device_status] : [],
        );
      expect(told).toMatchObject([
        { current_working_directory: scene.state.cwd, cwd_revision: scene.state.cwdRevision },
      ]);
    }
  });

  it.each(wrong)('%s: refused with a code and in words, nothing changes', (_name, command, code, words) => {
    for (const scene of [idle(), busy()]) {
      const before = scene.state;
      const made = scene.command(command);
      expect(scene.state).toBe(before);
      expect(scene.lines()).toEqual(['S loop_error error passing']);
      expect(made.says).toMatchObject([{ body: { delta: { code, message: expect.stringMatching(words) } } }]);
    }
  });

  it('a mode holds from the next answer of the model on', () => {
    const scene = busy();
    scene.command(mode('unrestricted'));
    scene.finish(callOf('c1', 'Bash'));
    expect(scene.lines()).toContain('S approval_classification_end call-1 - -');
  });

  it('a mode does not answer what a person was asked already', () => {
    const scene = busy();
    scene.finish(callOf('c1', 'Bash'));
    scene.command(mode('unrestricted'));
    expect(scene.lines().at(-1)).toBe('D busy unrestricted call-1');
    scene.decide('c1', false);
    expect(scene.facts.findLast((fact) => fact.kind === 'tool_finished')).toMatchObject({ status: 'error' });
  });
});
