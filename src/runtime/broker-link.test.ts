import { afterEach, describe, expect, it } from 'vitest';
import { virtualClock } from '../link/virtual-clock.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { owner, type Privilege } from '../protocol/privileges.ts';
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

const modeOf = (status: unknown) =>
  (status as { current_permission_mode?: string } | undefined)?.current_permission_mode;
const finished = (frame: Frame) => frame.type === 'turn_finished';

const eventTexts = ({ heard }: TestBroker) =>
  heard.messages.filter((text) => {
    const frame = JSON.parse(text) as Frame;
    return 'idempotency_key' in frame && !isStatus(frame);
  });
/** How the device stands, told beside the feed. */
const isStatus = ({ snapshot }: Frame) => snapshot === true;
const marks = (broker: TestBroker) =>
  broker.frames().flatMap(({ type, position }) => (type === 'feed_mark' ? [position] : []));
const stored = (test: TestDevice, after = 0) =>
  test.store.feed(after, Number.MAX_SAFE_INTEGER).map(({ text }) => text);

async function turn(test: TestDevice, id: string, conversation?: string) {
  const from = test.frames.length;
  // The demo model answers a command that is not complete in a few words.
  await test.say('run', id, conversation);
  await test.until(finished, from);
}

describe('[SEQ-4] the feed of a device', () => {
  it('begins behind what the broker has, at whatever place, and ends with a mark of its head', async () => {
    const test = start();
    await turn(test, 'cm-1');
    await turn(test, 'cm-2', 'conv-2');
    const { feedId: feed_id } = test.store;
    const all = test.store.feed(0, Number.MAX_SAFE_INTEGER);
    expect(all.length).toBeGreaterThan(20);
    for (const have of [0, ...all.map(({ position }) => position)]) {
      const broker = attach(test, { ...hello, feed_id, have });
      expect(broker.frames()[0]).toEqual({
        type: 'device_hello',
        feed_id,
        head: test.store.feedHead(),
        consumed: [],
        default_agent_id: test.scope().agent_id,
      });
      expect(eventTexts(broker)).toEqual(stored(test, have));
      expect(marks(broker)).toEqual(have === test.store.feedHead() ? [] : [test.store.feedHead()]);
      broker.pair.cut();
    }
  });

  it('goes on as it happens, verbatim, with a mark behind the events of each commit', async () => {
    const test = start();
    const broker = attach(test);
    await Promise.all([turn(test, 'cm-1'), turn(test, 'cm-2', 'conv-2')]);
    broker.pair.flush();
    expect(eventTexts(broker)).toEqual(stored(test));
    expect(marks(broker).length).toBeGreaterThan(3);
    expect(marks(broker).at(-1)).toBe(test.store.feedHead());
    const places = new Map(test.store.feed(0, 1e9).map(({ text, position }) => [text, position]));
    let at = 0;
    for (const text of broker.heard.messages.slice(1)) {
      const frame = JSON.parse(text) as Frame;
      if (frame.type === 'feed_mark') expect(frame.position).toBe(at);
      else at = places.get(text) ?? at;
    }
  });

  it.each([
    ['of another feed', 'feed-x', 0],
    ['beyond its head, which an older copy of a home has', null, 1],
  ])('begins anew for a place %s', async (_which, feed, more) => {
    const test = start();
    await turn(test, 'cm-1');
    const have = test.store.feedHead() + more;
    const broker = attach(test, { ...hello, feed_id: feed ?? test.store.feedId, have });
    expect(eventTexts(broker)).toEqual(stored(test));
  });

  it('[LINK-3] stops where the broker does not read, and reads on in the store when it does', async () => {
    const test = start();
    const scope = test.scope('conv-big');
    test.store.createConversation(scope, 0);
    const big = { type: 'stream_delta', delta: { text: 'x'.repeat(64 * 1024) } };
    for (let n = 0; n < 80; n++) test.store.commit([{ scope, at: n, facts: [], events: [big], inputs: [] }]);
    const broker = attach(test, null);
    broker.say(hello);
    broker.pair.flushOne('a');
    expect(broker.pair.a.unsent).toBeGreaterThanOrEqual(limits.unsent);
    expect(broker.pair.a.unsent).toBeLessThan(2 * limits.unsent);
    const { unsent } = broker.pair.a;
    await turn(test, 'cm-1');
    // Receipts and replies pass all the same.
    expect(broker.pair.a.unsent - unsent).toBeLessThan(10_000);
    // One that reads a little is still behind.
    while (broker.pair.a.unsent >= limits.unsent) broker.pair.flushOne('b');
    await turn(test, 'cm-2');
    broker.pair.flush();
    expect(eventTexts(broker)).toEqual(stored(test));
  });

  it('[LINK-3] falls behind while it goes on, and catches up', async () => {
    const test = start();
    const broker = attach(test);
    for (let n = 0; n < 3; n++) {
      const { length } = eventTexts(broker);
      broker.pair.a.send(JSON.stringify({ type: 'x', text: 'x'.repeat(limits.unsent) }));
      await turn(test, `cm-${n}`);
      const onTheirWay = broker.pair.waiting('b').filter((text) => text.includes('event_seq'));
      expect(onTheirWay).toEqual([]);
      broker.pair.flush();
      expect(eventTexts(broker).length).toBeGreaterThan(length);
      expect(eventTexts(broker)).toEqual(stored(test));
    }
  });
});

describe('the handshake of a device with a broker', () => {
  const wrong: [string, Frame[]][] = [
    ['that says something else first', [{ type: 'agent_list', request_id: 'r' }]],
    ['that says an invalid hello', [{ ...hello, have: 'all' }]],
    ['that says hello twice', [hello, hello]],
  ];
  it.each(wrong)('closes with 1002 on a broker %s', async (_what, frames) => {
    const test = start();
    const broker = attach(test, null);
    for (const frame of frames) broker.say(frame);
    broker.pair.flush();
    expect(await broker.heard.closed).toMatchObject({ code: 1002 });
  });

  it('closes with 1002 when no hello comes within 15 s', async () => {
    const clock = virtualClock();
    const test = start({ clock });
    const broker = attach(test, null);
    await clock.advance(14_999);
    broker.pair.flush();
    expect(broker.heard.heard).toEqual([]);
    await clock.advance(1);
    broker.pair.flush();
    expect(await broker.heard.closed).toEqual({ code: 1002, reason: 'no broker_hello within 15 s' });
  });

  it('tells a broker nothing before its hello, and ends with the device all the same', async () => {
    const test = start();
    const broker = attach(test, null);
    await turn(test, 'cm-1');
    broker.pair.flush();
    expect(broker.heard.heard).toEqual([]);
    await test.device.close();
    broker.pair.flush();
    expect(await broker.heard.closed).toMatchObject({ code: 1012 });
  });

  it('[LINK-1] pings every 30 s, answers pings, and has no answer for a pong', async () => {
    const clock = virtualClock();
    const test = start({ clock });
    const broker = attach(test);
    await clock.advance(60_000);
    broker.say({ type: 'pong', timestamp: 1 });
    broker.say({ type: 'ping' });
    broker.pair.flush();
    const pong = { type: 'pong', timestamp: clock.now() };
    expect(
      broker
        .frames()
        .slice(1)
        .filter((frame) => !isStatus(frame)),
    ).toEqual([{ type: 'ping' }, { type: 'ping' }, pong]);
    broker.pair.cut();
    const { pending } = clock;
    await clock.advance(60_000);
    expect(clock.pending).toBe(pending);
  });

  it('tells how its main conversation stands, at once and when that has changed', async () => {
    const clock = virtualClock();
    const test = start({ clock });
    await expect.poll(() => test.device.host.view(test.cwd).sandbox).toBeDefined();
    const broker = attach(test);
    const told = () =>
      broker
        .frames()
        .filter(isStatus)
        .map(({ device_status }) => modeOf(device_status));
    expect(told()).toEqual(['standard']);
    await clock.advance(30_000);
    broker.pair.flush();
    expect(told()).toEqual(['standard']);
    test.send({ type: 'change_device_state', runtime: test.scope(), payload: { mode: 'strict' } });
    await test.until(({ device_status }) => modeOf(device_status) === 'strict');
    await clock.advance(30_000);
    broker.pair.flush();
    expect(told()).toEqual(['standard', 'strict']);
  });

  it('shows the lease in status frames while it is up', async () => {
    const test = start();
    const shown = async () => {
      const from = test.frames.length;
      await test.ask({ type: 'sync', runtime: test.scope() });
      const { device_status } = await test.until(({ type }) => type === 'update_device_status', from);
      return device_status;
    };
    const broker = attach(test);
    expect(await shown()).toMatchObject({ current_connection_id: 'conn-1', connection_name: 'desk' });
    broker.pair.b.close();
    broker.pair.flush();
    expect(await shown()).toMatchObject({ current_connection_id: null, connection_name: null });
  });
});

describe('[SEC-12] whoever a broker names', () => {
  const list = { type: 'agent_list', request_id: 'session:1' };
  const create = { type: 'agent_create', request_id: 'session:1', body: { name: 'x' } };
  const may = (...privileges: Privilege[]) => ({ principal: 'token-1', privileges, origin: 'broker' });
  const all: [string, Frame, readonly Privilege[] | undefined, boolean][] = [
    ['does what its token allows', { ...create, auth: may('agents') }, undefined, true],
    ['does no more than that', { ...create, auth: may('observe') }, undefined, false],
    ['does no more than the device allows', { ...create, auth: owner('broker') }, ['observe'], false],
    ['may look where it is nobody but the broker', list, undefined, true],
    ['does no more then', create, undefined, false],
    ['is nobody when it is nonsense', { ...list, auth: 'owner' }, undefined, false],
    [
      'has no privilege by another name',
      { ...create, auth: { principal: 1, privileges: ['all', 7] } },
      undefined,
      false,
    ],
  ];
  it.each(all)('%s', async (_what, frame, policy, allowed) => {
    const test = start(policy && { policy });
    const broker = attach(test);
    broker.say(frame);
    const answers = () => {
      broker.pair.flush();
      return broker.frames().filter(({ request_id }) => request_id === 'session:1');
    };
    await expect.poll(() => answers().length).toBe(1);
    expect(answers()[0]).toMatchObject(
      allowed ? { success: true } : { success: false, error_code: 'forbidden' },
    );
  });
});
