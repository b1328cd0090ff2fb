import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../link/virtual-clock.ts';
import type { Frame } from '../protocol/frames.ts';
import { type TestDevice, type TestDeviceOptions, testDevice } from '../testing/device.ts';
import { startModelServer } from '../testing/model-server.ts';

const open: TestDevice[] = [];
const start = (options?: TestDeviceOptions) => {
  const test = testDevice(options);
  open.push(test);
  return test;
};
afterEach(async () => {
  for (const test of open.splice(0)) await test.close();
});

const finished = (frame: Frame) => frame.type === 'turn_finished';
const asked = (frame: Frame) => frame.type === 'control_request';
const receipts = (test: TestDevice, id: string) =>
  test.frames
    .filter((frame) => frame.type === 'input_receipt' && frame.client_message_id === id)
    .map((frame) => frame.state);
const decide = (test: TestDevice, request: Frame, decision: object) =>
  test.ask({
    type: 'input',
    runtime: test.scope(),
    payload: { kind: 'approval_response', request_id: request.request_id, decision },
  });

describe('a turn', () => {
  it('goes from a message through an approved tool to the answer', async () => {
    const test = start();
    expect(await test.say('write notes.txt hello there', 'cm-1')).toMatchObject({
      accepted: true,
      disposition: 'started',
    });
    const request = await test.until(asked);
    expect(request.request).toMatchObject({ tool_name: 'Write', diffs: [{ fileName: 'notes.txt' }] });
    expect(await decide(test, request, { behavior: 'allow' })).toMatchObject({
      type: 'input_accepted',
      accepted: true,
    });
    expect(await test.until(finished)).toMatchObject({ stop_reason: 'end_turn' });
    expect(readFileSync(join(test.cwd, 'notes.txt'), 'utf8')).toContain('hello there');
    expect(await test.until((frame) => frame.type === 'file_ops')).toMatchObject({ source: 'agent' });
    expect(receipts(test, 'cm-1')).toEqual(['accepted', 'started', 'done']);
  });

  it('[SEQ-1] numbers the events of a conversation without a hole', async () => {
    const test = start();
    await test.say('hello');
    await test.until(finished);
    const numbers = test.frames.flatMap((frame) =>
      typeof frame.event_seq === 'number' ? [frame.event_seq] : [],
    );
    expect(numbers).toEqual(numbers.map((_, n) => n + 1));
  });

  it('[IN-1] takes the same message once, also when its copies come together', async () => {
    const test = start();
    const [first, second] = await Promise.all([test.say('hello', 'cm-1'), test.say('hello', 'cm-1')]);
    expect([first?.accepted, second?.accepted]).toEqual([true, true]);
    await test.until(finished);
    expect(await test.say('hello', 'cm-1')).toMatchObject({ accepted: true });
    expect(await test.say('something else', 'cm-1')).toMatchObject({
      accepted: false,
      error_code: 'idempotency_conflict',
    });
    expect(test.frames.filter(finished)).toHaveLength(1);
  });

  it('[SYNC-3] says again every 30 seconds what it waits for', async () => {
    const clock = virtualClock();
    const test = start({ clock });
    await test.say('ask Red or blue? | Red | Blue');
    for (let n = 0; n < 200 && !test.frames.some(asked); n++) await clock.advance(20);
    await test.until(asked);
    const before = test.frames.length;
    await clock.advance(30_000);
    expect(
      await test.until((frame) => frame.snapshot === true && frame.type === 'update_loop_status', before),
    ).toMatchObject({
      loop_status: {
        status: 'WAITING_ON_APPROVAL',
        waiting_for: { kind: 'approval', detail: 'AskUserQuestion' },
      },
    });
  });
  it('[SYNC-3] says it also while text streams without end', async () => {
    const clock = virtualClock();
    const server = await startModelServer({
      scripts: { endless: [{ text: 'word '.repeat(400), pieces: 400, chunkDelayMs: 5 }] },
    });
    const test = start({ clock, env: { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: server.url } });
    await test.say('go #script=endless');
    const restated = () =>
      test.frames.some((frame) => frame.snapshot === true && frame.type === 'update_loop_status');
    await expect
      .poll(
        async () => {
          await clock.advance(1_000);
          return restated() && !test.frames.some(finished);
        },
        { interval: 5 },
      )
      .toBe(true);
    await server.close();
  });
});

describe('a restart', () => {
  it('finds the approval that waited, and goes on from it', async () => {
    const first = start();
    await first.say('run echo it went on > done.txt', 'cm-1');
    const request = await first.until(asked);
    await first.device.close();
    const second = start({ disk: first.disk, cwd: first.cwd });
    const reply = await second.ask({ type: 'sync', runtime: second.scope() });
    expect(reply).toMatchObject({ type: 'sync_response', success: true });
    expect(second.frames.find(asked)).toMatchObject({
      snapshot: true,
      request_id: request.request_id,
      request: request.request,
    });
    await decide(second, request, { behavior: 'allow' });
    await second.until(finished);
    expect(readFileSync(join(first.cwd, 'done.txt'), 'utf8')).toContain('it went on');
    expect(receipts(second, 'cm-1')).toEqual(['done']);
  });

  it('asks the model again when it was cut off, and says which text is void', async () => {
    const first = start();
    await first.say('hello');
    const delta = await first.until(
      (frame) => (frame.delta as { message_type?: string } | undefined)?.message_type === 'assistant_message',
    );
    await first.device.close();
    const second = start({ disk: first.disk, cwd: first.cwd });
    await second.until(finished);
    const retry = second.frames.find(
      (frame) => (frame.delta as { message_type?: string } | undefined)?.message_type === 'retry',
    );
    expect(retry?.delta).toMatchObject({
      reason: 'restart',
      voided_message_ids: [(delta.delta as { id: string }).id],
    });
    const page = await second.ask({ type: 'conversation_messages_list', conversation_id: 'default' });
    expect((page.messages as Frame[]).map((message) => message.message_type)).toEqual([
      'assistant_message',
      'user_message',
    ]);
  });
});

describe('a store that fails', () => {
  it('answers the command with the code, and takes the same message again afterwards', async () => {
    const test = start();
    test.store.failNextCommit('store_full');
    expect(await test.say('hello', 'cm-1')).toMatchObject({ accepted: false, error_code: 'store_full' });
    expect(await test.say('hello', 'cm-1')).toMatchObject({ accepted: true, disposition: 'started' });
    await test.until(finished);
  });

  it('keeps what a tool reported until it can be made durable', async () => {
    const test = start();
    await test.ask({ type: 'sync', runtime: test.scope() });
    test.send({ type: 'change_device_state', runtime: test.scope(), payload: { mode: 'unrestricted' } });
    await test.say('run echo once >> runs.txt; echo ran', 'cm-1');
    await test.until(
      (frame) => (frame.delta as { message_type?: string } | undefined)?.message_type === 'client_tool_start',
    );
    test.store.failNextCommit('store_full');
    await test.until(finished);
    const waiting = test.frames.findLast(
      (frame) => frame.snapshot === true && frame.type === 'update_loop_status',
    );
    expect(waiting).toMatchObject({
      loop_status: { waiting_for: { kind: 'device', detail: expect.any(String) } },
    });
    const after = test.frames.findLast((frame) => frame.type === 'update_loop_status');
    expect((after?.loop_status as Frame | undefined)?.waiting_for).toBeUndefined();
    expect(readFileSync(join(test.cwd, 'runs.txt'), 'utf8')).toBe('once\n');
    expect(receipts(test, 'cm-1')).toEqual(['accepted', 'started', 'done']);
  });
});

describe('[ERR-1] a change of the state of a device', () => {
  it('that cannot be made durable is answered once, however much it asks for', async () => {
    const test = start();
    await test.ask({ type: 'sync', runtime: test.scope() });
    test.store.failNextCommit('store_full');
    const payload = { mode: 'strict', cwd: '/', git_op: { kind: 'checkout', branch: '--orphan' } };
    test.send({ type: 'change_device_state', request_id: 'r-1', runtime: test.scope(), payload });
    await test.until(({ request_id }) => request_id === 'r-1');
    await test.ask({ type: 'sync', runtime: test.scope() });
    const answers = test.frames.filter(({ request_id }) => request_id === 'r-1');
    expect(answers).toMatchObject([{ type: 'error', code: 'store_full' }]);
  });

  it('and a command for the near end of its link is refused', async () => {
    const answer = await start().ask({ type: 'client_hello' });
    expect(answer).toMatchObject({ error_code: 'frame_unknown_type' });
  });
});

describe('git_op of the seeds', () => {
  it('checks a branch out and tells the new status, or says why not', async () => {
    const test = start();
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: test.cwd,
      });
    git('init', '-q', '-b', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'first');
    git('branch', 'feature/foo');
    const change = (branch: string) =>
      test.send({
        type: 'change_device_state',
        runtime: test.scope(),
        payload: { git_op: { kind: 'checkout', branch } },
      });
    change('feature/foo');
    const branchOf = (frame: Frame) =>
      (frame.device_status as { git_context?: { branch?: string } } | undefined)?.git_context?.branch;
    await test.until((frame) => branchOf(frame) === 'feature/foo');
    change('--orphan');
    change('no-such');
    for (const branch of ['--orphan', 'no-such']) {
      const problem = await test.until((frame) =>
        String((frame.delta as { message?: string } | undefined)?.message).includes(branch),
      );
      expect(problem.delta).toMatchObject({ message_type: 'loop_error', is_terminal: false });
    }
  });
});
