import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { type TestDevice, testDevice } from '../../testing/device.ts';

const open: TestDevice[] = [];
const start = () => {
  const test = testDevice();
  open.push(test);
  return test;
};
afterEach(async () => {
  for (const test of open.splice(0)) await test.close();
});

const finished = (frame: Frame) => frame.type === 'turn_finished';
const asked = (frame: Frame) => frame.type === 'control_request';
const problem = (frame: Frame) =>
  frame.type === 'stream_delta' &&
  (frame.delta as Frame & { message_type: string }).message_type === 'loop_error';
const of = (conversation: string, matches: (frame: Frame) => boolean) => (frame: Frame) =>
  matches(frame) && (frame.runtime as { conversation_id: string }).conversation_id === conversation;
const allow = (test: TestDevice, request: Frame, ids: readonly string[], conversation?: string) =>
  test.ask({
    type: 'input',
    runtime: test.scope(conversation),
    payload: {
      kind: 'approval_response',
      request_id: request.request_id,
      decision: { behavior: 'allow', selected_permission_suggestion_ids: ids },
    },
  });
const settingsOf = (test: TestDevice) =>
  JSON.parse(readFileSync(join(test.cwd, '.home/settings.json'), 'utf8'));
const setMode = (test: TestDevice, mode: string, conversation?: string) =>
  test.send({ type: 'change_device_state', runtime: test.scope(conversation), payload: { mode } });

describe('[PERM-6] a decision that is to be remembered', () => {
  it('frees what was offered from then on', async () => {
    const test = start();
    await test.say('write notes.txt hello');
    const request = await test.until(asked);
    expect(request.request).toMatchObject({
      permission_suggestions: [
        { id: 'save-default', text: 'Yes, allow editing files at the top level in this project' },
        { id: 'save-exact', text: 'Yes, allow editing notes.txt in this project' },
      ],
      reason: 'Write of `notes.txt`: changes files in the working directory',
    });
    expect(await allow(test, request, ['save-default'])).toMatchObject({ accepted: true });
    await test.until(finished);
    expect(settingsOf(test)).toEqual({ v: 1, projects: { [test.cwd]: { rules: { allow: ['Edit(*)'] } } } });
    const from = test.frames.length;
    await test.say('write other.txt hello', 'cm-2');
    await test.until(finished, from);
    expect(test.frames.slice(from).some(asked)).toBe(false);
    expect(readFileSync(join(test.cwd, 'other.txt'), 'utf8')).toContain('hello');
  });

  it('decides what waits in other conversations too, and asks on about the rest', async () => {
    const test = start();
    await test.say('write a.txt x', 'cm-1', 'conv-a');
    await test.say('write b.txt x', 'cm-2', 'conv-b');
    await test.say('write deep/c.txt x', 'cm-3', 'conv-c');
    const first = await test.until(of('conv-a', asked));
    await test.until(of('conv-b', asked));
    await test.until(of('conv-c', asked));
    await allow(test, first, ['save-default'], 'conv-a');
    await test.until(of('conv-a', finished));
    await test.until(of('conv-b', finished));
    const { approvals } = (await test.ask({ type: 'approvals_list' })) as unknown as { approvals: Frame[] };
    expect(approvals).toMatchObject([{ runtime: { conversation_id: 'conv-c' } }]);
  });

  it('counts no id that was not offered, and says so', async () => {
    const test = start();
    await test.say('write notes.txt hello');
    await allow(test, await test.until(asked), ['save-everything']);
    expect((await test.until(problem)).delta).toMatchObject({
      message: expect.stringContaining('"save-everything": that was not offered'),
    });
    await test.until(finished);
    expect(() => settingsOf(test)).toThrow('ENOENT');
  });

  it('that is refused is not remembered', async () => {
    const test = start();
    await test.say('write notes.txt hello');
    const request = await test.until(asked);
    const refused = await test.ask({
      type: 'input',
      runtime: test.scope(),
      payload: {
        kind: 'approval_response',
        request_id: request.request_id,
        decision: { behavior: 'allow', selected_permission_suggestion_ids: ['save-default'] },
        input_hash: 'of something else',
      },
    });
    expect(refused).toMatchObject({ accepted: false, error_code: 'approval_hash_mismatch' });
    expect(() => settingsOf(test)).toThrow('ENOENT');
  });

  it('and cannot be kept still holds for its call, and the person is told', async () => {
    const test = start();
    await test.say('write notes.txt hello');
    const request = await test.until(asked);
    writeFileSync(join(test.cwd, '.home/settings.json'), '{');
    await allow(test, request, ['save-default']);
    expect((await test.until(problem)).delta).toMatchObject({
      message: expect.stringMatching(/could not be remembered: .*settings\.json is not JSON/),
    });
    await test.until(finished);
    expect(readFileSync(join(test.cwd, 'notes.txt'), 'utf8')).toContain('hello');
  });

  it('is not offered in strict, where no rule frees anything', async () => {
    const test = start();
    setMode(test, 'strict');
    await test.say('write notes.txt hello');
    expect((await test.until(asked)).request).toMatchObject({ permission_suggestions: [] });
  });
});

describe("[PERM-7] the owner's settings", () => {
  const withSettings = (settings: unknown) => {
    const test = start();
    mkdirSync(join(test.cwd, '.home'), { recursive: true });
    writeFileSync(
      join(test.cwd, '.home/settings.json'),
      typeof settings === 'string' ? settings : JSON.stringify(settings),
    );
    chmodSync(join(test.cwd, '.home/settings.json'), 0o600);
    return test;
  };

  it('bound the modes that can be chosen, and that of new conversations', async () => {
    const test = withSettings({ ceiling: 'strict' });
    setMode(test, 'standard');
    expect((await test.until(problem)).delta).toMatchObject({
      message: expect.stringContaining('no mode freer than strict'),
    });
    await test.say('run echo hello');
    expect((await test.until(asked)).request).toMatchObject({ permission_suggestions: [] });
    const status = await test.until((frame) => frame.type === 'update_device_status');
    expect(status.device_status).toMatchObject({ current_permission_mode: 'strict' });
  });

  it.each([
    ['everything without them', {}, true],
    ['what they say', { policy: ['observe'] }, false],
    ['nothing but looking where they cannot be read', '{', false],
  ])('leave whoever comes from elsewhere %s', async (_what, settings, may) => {
    const test = withSettings(settings);
    const auth = { principal: 'ann', privileges: ['observe', 'send'], origin: 'direct' };
    const answer = await test.ask({
      type: 'input',
      auth,
      runtime: test.scope(),
      payload: {
        kind: 'create_message',
        messages: [{ role: 'user', content: 'hello', client_message_id: 'cm' }],
      },
    });
    expect(answer).toMatchObject(may ? { accepted: true } : { accepted: false, error_code: 'forbidden' });
    expect(await test.say('hello')).toMatchObject({ accepted: true });
  });
});
