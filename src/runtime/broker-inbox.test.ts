import { afterEach, describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { owner } from '../protocol/privileges.ts';
import { type TestDevice, type TestDeviceOptions, testDevice } from '../testing/device.ts';
import { attach, hello, type TestBroker } from './test-broker.ts';

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

describe('[IN-4] commands out of an inbox', () => {
  const auth = owner('broker');
  const input = (test: TestDevice, position: number, id = 'cm-1'): Frame => ({
    type: 'input',
    request_id: `inbox:${position}`,
    inbox: position,
    auth,
    runtime: test.scope(),
    payload: {
      kind: 'create_message',
      messages: [{ role: 'user', content: 'run', client_message_id: id }],
    },
  });
  const answer = async (broker: TestBroker, request_id: string, nth = 1): Promise<Frame> => {
    const answers = () =>
      broker.frames().filter((frame) => frame.request_id === request_id && 'accepted' in frame);
    await expect
      .poll(() => {
        broker.pair.flush();
        return answers().length;
      })
      .toBe(nth);
    return answers()[nth - 1] as Frame;
  };

  it('are marked in the commit of what they did, and answered without being worked when they come again', async () => {
    const test = start();
    const broker = attach(test);
    broker.say(input(test, 7));
    expect(await answer(broker, 'inbox:7')).toMatchObject({ type: 'input_accepted', accepted: true });
    expect(test.store.consumed('inbox-1', 0)).toEqual([7]);
    await test.until(finished);
    // Another message would be worked if the place were not known.
    broker.say(input(test, 7, 'cm-2'));
    expect(await answer(broker, 'inbox:7', 2)).toMatchObject({ accepted: true, runtime: test.scope() });
    expect(test.store.input(test.scope(), 'cm-2')).toBeNull();

    const next = attach(test, { ...hello, first: 7 });
    expect(next.frames()[0]).toMatchObject({ type: 'device_hello', consumed: [7] });
    next.say(input(test, 7, 'cm-3'));
    expect(await answer(next, 'inbox:7')).toMatchObject({ accepted: true });
    expect(test.frames.filter(finished)).toHaveLength(1);
    expect(attach(test, { ...hello, inbox_id: 'inbox-2' }).frames()[0]).toMatchObject({ consumed: [] });
    expect(attach(test, { ...hello, first: 8 }).frames()[0]).toMatchObject({ consumed: [] });
    expect(test.store.consumed('inbox-1', 0)).toEqual([]);
  });

  it('[IN-2] keep the id of their receipts, which nobody else may choose', async () => {
    const test = start();
    const broker = attach(test);
    broker.say({ ...input(test, 7), input_id: 'input-parked' });
    await answer(broker, 'inbox:7');
    const { inbox: _, ...live } = input(test, 8, 'cm-2');
    broker.say({ ...live, request_id: 'live', input_id: 'input-chosen' });
    await answer(broker, 'live');
    expect(test.store.input(test.scope(), 'cm-1')?.input_id).toBe('input-parked');
    expect(test.store.input(test.scope(), 'cm-2')?.input_id).toMatch(/^input-01/);
  });

  it('are worked once when both copies come before the commit', async () => {
    const test = start();
    const broker = attach(test);
    broker.say(input(test, 7));
    broker.say(input(test, 7, 'cm-2'));
    await answer(broker, 'inbox:7', 2);
    await test.until(finished);
    expect(test.store.input(test.scope(), 'cm-2')).toBeNull();
  });

  it('are known to the next owner when the last one died between the commit and its answer', async () => {
    const first = start();
    const broker = attach(first);
    broker.say(input(first, 7));
    broker.pair.flushOne('a');
    await first.until(finished);
    broker.pair.cut();
    expect(broker.frames().some(({ request_id }) => request_id === 'inbox:7')).toBe(false);
    await first.device.close();

    const second = start({ disk: first.disk, cwd: first.cwd });
    const again = attach(second);
    expect(again.frames()[0]).toMatchObject({ consumed: [7] });
    again.say(input(second, 7));
    expect(await answer(again, 'inbox:7')).toMatchObject({ accepted: true });
    expect(second.store.input(second.scope(), 'cm-1')?.state).toBe('done');
    again.pair.flush();
    expect(again.frames().filter(finished)).toHaveLength(1);
  });

  it('are not marked when the commit fails or the device refuses', async () => {
    const test = start();
    const broker = attach(test);
    test.store.failNextCommit('store_full');
    broker.say(input(test, 7));
    expect(await answer(broker, 'inbox:7')).toMatchObject({ accepted: false, error_code: 'store_full' });
    const empty = { kind: 'create_message', messages: [] };
    broker.say({ ...input(test, 8), payload: empty });
    expect(await answer(broker, 'inbox:8')).toMatchObject({ accepted: false, error_code: 'input_invalid' });
    expect(test.store.consumed('inbox-1', 0)).toEqual([]);
    broker.say(input(test, 7));
    expect(await answer(broker, 'inbox:7', 2)).toMatchObject({ accepted: true });
    expect(test.store.consumed('inbox-1', 0)).toEqual([7]);
    await test.until(finished);
  });

  it('decide and abort once, too', async () => {
    const test = start();
    await test.say('run umask 22; echo hi > said.txt', 'cm-1');
    const request = await test.until(asked);
    const broker = attach(test);
    const decision = {
      kind: 'approval_response',
      request_id: request.request_id,
      decision: { behavior: 'allow' },
    };
    for (let n = 1; n < 3; n++) {
      broker.say({ ...input(test, 3), payload: decision });
      expect(await answer(broker, 'inbox:3', n)).toMatchObject({ accepted: true });
    }
    await test.until(finished);
    await test.say('run umask 22; sleep 30', 'cm-2');
    await test.until(asked, test.frames.indexOf(request) + 1);
    const abort = { type: 'abort_message', request_id: 'inbox:4', inbox: 4, auth, runtime: test.scope() };
    const aborts = () => {
      broker.pair.flush();
      return broker
        .frames()
        .flatMap(({ type, aborted }) => (type === 'abort_message_response' ? [aborted] : []));
    };
    broker.say(abort);
    await expect.poll(aborts).toEqual([true]);
    await test.say('ask Red or blue? | Red | Blue', 'cm-3');
    broker.say(abort);
    await expect.poll(aborts).toEqual([true, false]);
    expect(test.store.consumed('inbox-1', 0)).toEqual([3, 4]);
    expect(test.store.unfinished()).toEqual([test.scope()]);
    // One that finds nothing to do is marked all the same.
    broker.say({ ...abort, request_id: 'inbox:5', inbox: 5, as_of: 1 });
    await expect.poll(aborts).toEqual([true, false, false]);
    expect(test.store.consumed('inbox-1', 5)).toEqual([5]);
  });
});
