import { describe, expect, it, onTestFinished } from 'vitest';
import { hubOn } from '../../hub/hub-on.ts';
import { memoryPair } from '../../link/memory.ts';
import { record } from '../../link/recorder.ts';
import type { Frame } from '../../protocol/frames.ts';
import { testDevice } from '../../testing/device.ts';
import { admit, type DoorFrame, doorFrame } from './door.ts';

/** A home's private socket, as often as it is dialled. */
function home() {
  const test = testDevice();
  onTestFinished(() => test.close());
  const [hubEnd, deviceEnd] = memoryPair();
  const hub = hubOn(hubEnd, { log: test.store, clock: test.device.host.clock, version: '0' });
  test.device.attach(deviceEnd);
  return {
    test,
    dial(door: DoorFrame | null) {
      const [near, far] = memoryPair();
      admit(far, hub, test.device);
      const heard = record(near);
      const say = (frame: Frame) => near.send(JSON.stringify(frame));
      if (door) near.send(doorFrame(door));
      return {
        close: () => near.close(),
        say,
        async until(matches: (frame: Frame) => boolean): Promise<Frame> {
          for (;;) {
            const frame = JSON.parse(await heard.next()) as Frame;
            if (matches(frame)) return frame;
          }
        },
        get heard() {
          return heard.messages.map((text) => JSON.parse(text) as Frame);
        },
      };
    },
  };
}

const connection = { id: 'conn-1', name: 'desk' };
const direct = { type: 'door', origin: 'direct', connection } as const;

describe('the private socket of a home', () => {
  it.each<[string, DoorFrame | null, object]>([
    ['a client', null, { type: 'error' }],
    ['a door', direct, { type: 'error' }],
    ['a door whose peer spoke stock', { ...direct, dialect: 'stock' }, { type: 'error' }],
    ['a door whose peer said hello', { ...direct, dialect: 'farhand' }, { type: 'approvals_list_response' }],
  ])('gives extensions to %s as its dialect has them', async (_who, door, answer) => {
    const { dial } = home();
    const peer = dial(door);
    peer.say({ type: 'approvals_list', request_id: 'r' });
    expect(await peer.until(({ request_id }) => request_id === 'r')).toMatchObject(answer);
  });

  it.each([
    ['seed', direct, true],
    ['stock', { ...direct, dialect: 'stock' }, false],
  ] as const)('acknowledges an abort in the words of %s', async (_dialect, door, acknowledged) => {
    const { dial, test } = home();
    const peer = dial(door);
    peer.say({ type: 'sync', runtime: test.scope(), request_id: 's' });
    peer.say({ type: 'abort_message', runtime: test.scope(), request_id: 'a' });
    peer.say({ type: 'sync', runtime: test.scope(), request_id: 'end' });
    await peer.until(({ request_id }) => request_id === 'end');
    expect(peer.heard.some(({ type }) => type === 'cancel_ack')).toBe(acknowledged);
  });

  it('lets a door hear every conversation, and a client those that it named', async () => {
    const { dial, test } = home();
    const [door, client] = [dial(direct), dial(null)];
    client.say({ type: 'agent_list', request_id: 'r' });
    await client.until(({ request_id }) => request_id === 'r');
    await test.say('run', 'cm-1', 'conv-1');
    await door.until(({ type }) => type === 'turn_finished');
    expect(client.heard.map(({ type }) => type)).toEqual(['agent_list_response']);
  });

  it('shows the lease of the door that came last, while it is there', async () => {
    const { dial, test } = home();
    const shown = async () => {
      const from = test.frames.length;
      await test.ask({ type: 'sync', runtime: test.scope() });
      const { device_status } = await test.until(({ type }) => type === 'update_device_status', from);
      return (device_status as { current_connection_id: unknown }).current_connection_id;
    };
    const [first, second] = ['conn-1', 'conn-2'].map((id) =>
      dial({ ...direct, connection: { id, name: 'x' } }),
    );
    await expect.poll(shown).toBe('conn-2');
    second?.close();
    await expect.poll(shown).toBe('conn-1');
    first?.close();
    await expect.poll(shown).toBeNull();
  });

  it('hands a broker that knows the extensions to the device itself', async () => {
    const { dial, test } = home();
    const broker = dial({ type: 'door', origin: 'broker', connection });
    broker.say({ type: 'broker_hello', feed_id: null, have: 0, inbox_id: 'inbox-1', first: 1 });
    const { feedId: feed_id } = test.store;
    expect(await broker.until(() => true)).toMatchObject({ type: 'device_hello', feed_id });
  });
});
