import { describe, expect, it, onTestFinished } from 'vitest';
import { hubOn } from '../../hub/hub-on.ts';
import { isDialFailure } from '../../link/dial-failure.ts';
import { manualPair, memoryPair } from '../../link/memory.ts';
import { record } from '../../link/recorder.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { owner } from '../../protocol/privileges.ts';
import { testDevice } from '../../testing/device.ts';
import { admit, openBrokerDoor } from '../home/door.ts';
import { join } from './broker-door.ts';
import { offer, realHome } from './test-device.ts';
import { start, stubEndpoint, stubHome, type Upgraded } from './test-peers.ts';

const connection = { id: 'conn-1', name: 'desk' };
const hello = { type: 'broker_hello', feed_id: null, have: 0, inbox_id: 'inbox-1', first: 1 };

/** An endpoint that knows the extensions. */
async function ourEndpoint() {
  const endpoint = await stubEndpoint();
  const lease = { connectionId: 'conn-1', wsUrl: `ws://127.0.0.1:${endpoint.port}/ws`, farhand: { v: 1 } };
  endpoint.answer({ status: 200, body: JSON.stringify({ ...lease, supportsSplitStatusChannels: true }) });
  return endpoint;
}

describe('a broker that knows the extensions', () => {
  it('meets the device itself: a door of its own, every frame as it is, in one socket', async () => {
    const endpoint = await ourEndpoint();
    const home = stubHome();
    const remote = start(endpoint.base, home);
    const socket = await endpoint.socket();
    expect(socket.url).toBe('/ws?deviceId=device-1&connectionName=desk');
    expect(await remote.next()).toMatchObject({ event: 'connected', mode: 'broker' });
    const door = await home.door();
    expect(door.frame).toEqual({ type: 'door', origin: 'broker', connection });
    for (const text of ['{ "type":"ping" }', '{"type":"pong","timestamp":1}', 'no frame']) {
      socket.pipe.send(text);
      expect(await door.next()).toBe(text);
      door.pipe.send(text);
      expect(await socket.next()).toBe(text);
    }
    // The device pings for itself.
    await remote.clock.advance(60_000);
    door.pipe.send('last');
    expect(await socket.next()).toBe('last');
    socket.pipe.close(1012, 'the broker restarts');
    expect(await door.closed).toEqual({ code: 1012, reason: 'the broker restarts' });
    expect(await remote.next()).toMatchObject({ event: 'disconnected', code: 1012 });
  });

  it.each([
    [1006, '', 1012],
    [1002, 'no broker_hello within 15 s', 1002],
  ])('is dialled again at once when the device ends its door with %i', async (code, reason, told) => {
    const endpoint = await ourEndpoint();
    const home = stubHome();
    const remote = start(endpoint.base, home);
    const socket = await endpoint.socket();
    const door = await home.door();
    await remote.next();
    door.pipe.close(code, reason);
    expect(await socket.closed).toMatchObject({ code: told });
    expect(await remote.next()).toMatchObject({ event: 'disconnected', code: told });
    await remote.retried();
    await endpoint.socket();
    expect((await home.door()).frame).toMatchObject({ origin: 'broker' });
    expect(await remote.next()).toMatchObject({ event: 'connected', connectionId: 'conn-1' });
    expect(endpoint.askedWaiting).toBe(1);
  });

  it('[HOME-1] is left again when nobody runs the home', async () => {
    const endpoint = await ourEndpoint();
    const home = stubHome();
    const remote = start(endpoint.base, {
      member: {
        // There for the question that comes first, gone when the door is opened.
        open: () => {
          const pipe = home.member.open();
          home.leave({ kind: 'refused', message: 'nobody is home' });
          return pipe;
        },
      },
    });
    expect(await (await endpoint.socket()).closed).toMatchObject({ code: 1001 });
    expect(await remote.next()).toMatchObject({ event: 'retry', message: 'nobody is home' });
  });
});

describe('[LINK-3] a broker that does not read', () => {
  it('stops the feed of the device, behind the door and in whatever process, until it reads again', async () => {
    const test = testDevice();
    onTestFinished(() => test.close());
    const scope = test.scope('conv-big');
    test.store.createConversation(scope, 0);
    const big = { type: 'stream_delta', delta: { text: 'x'.repeat(64 * 1024) } };
    for (let n = 0; n < 200; n++) test.store.commit([{ scope, at: n, facts: [], events: [big], inputs: [] }]);
    const stored = test.store.feed(0, Number.MAX_SAFE_INTEGER).map(({ text }) => text);

    const [hubEnd] = memoryPair();
    const hub = hubOn(hubEnd, { log: test.store, clock: test.device.host.clock, version: '0' });
    const [near, far] = memoryPair();
    admit(far, hub, test.device);
    const door = await openBrokerDoor({ open: async () => near }, connection);
    if (isDialFailure(door)) throw new Error(door.message);
    // Between the socket's two ends nothing moves by itself: the broker reads when the test says so.
    const wire = manualPair();
    join(wire.a, door);
    const broker = record(wire.b);
    const events = () =>
      broker.messages.filter((text) => text.includes('"idempotency_key"') && !text.includes('"snapshot"'));
    wire.b.send(JSON.stringify(hello));
    wire.flushOne('a');
    // Everything that moves by itself has moved when a turn of the device is over.
    for (let n = 0; n < 2; n++) await test.ask({ type: 'agent_list' });
    expect(wire.a.unsent).toBeGreaterThan(limits.unsent);
    expect(wire.a.unsent).toBeLessThan(4 * limits.unsent);
    await expect
      .poll(() => {
        wire.flush();
        return events().length;
      })
      .toBe(stored.length);
    expect(events()).toEqual(stored);

    // The same while events come as they happen.
    wire.a.send('x'.repeat(2 * limits.unsent));
    await test.say('run', 'cm-1', 'conv-1');
    await test.until(({ type }) => type === 'turn_finished');
    const later = test.store.feed(0, 1e9).slice(stored.length);
    const passed = wire.waiting('b').filter((text) => text.includes('"idempotency_key"'));
    expect(passed.length).toBeLessThan(later.length / 2);
    await expect
      .poll(() => {
        wire.flush();
        return events().length;
      })
      .toBe(stored.length + later.length);
    expect(events().slice(stored.length)).toEqual(later.map(({ text }) => text));
    expect(broker.messages.some((text) => text.includes('door_'))).toBe(false);
  });
});

/** A broker's side of a socket: says hello, and then what it is told to. */
function greeted(socket: Upgraded, have: { feed_id: unknown; have: number } = { feed_id: null, have: 0 }) {
  socket.pipe.send(JSON.stringify({ ...hello, ...have }));
  return {
    async until(matches: (frame: Frame) => boolean): Promise<Frame> {
      for (;;) {
        const frame = JSON.parse(await socket.next()) as Frame;
        if (matches(frame)) return frame;
      }
    },
  };
}

describe('[HOME-1] a home that changes hands under a broker', () => {
  it('keeps what was consumed and where the feed stood, in the next process too', async () => {
    const home = await realHome();
    const endpoint = await ourEndpoint();
    const first = await home.spawnOwner();
    const guest = home.join();
    const remote = offer(guest, { FARHAND_URL: endpoint.base, FARHAND_TOKEN: 'tok' });
    const { agentId } = (await remote.next()) as { agentId: string };
    expect(guest.owner).toBeNull();

    const socket = await endpoint.socket();
    const broker = greeted(socket);
    const { feed_id } = await broker.until(({ type }) => type === 'device_hello');
    const runtime = { agent_id: agentId, conversation_id: 'conv-1' };
    const input = (id: string, text: string) =>
      JSON.stringify({
        type: 'input',
        request_id: 'inbox:5',
        inbox: 5,
        auth: owner('broker'),
        runtime,
        payload: {
          kind: 'create_message',
          messages: [{ role: 'user', content: text, client_message_id: id }],
        },
      });
    socket.pipe.send(input('cm-1', '#script=steady'));
    const { position: have } = await broker.until(({ type }) => type === 'feed_mark');
    first.kill('SIGKILL');
    expect(await socket.closed).toMatchObject({ code: 1012 });

    const again = await endpoint.socket();
    const back = greeted(again, { feed_id, have: have as number });
    const told = await back.until(({ type }) => type === 'device_hello');
    expect(told).toMatchObject({ feed_id, consumed: [5], default_agent_id: agentId });
    expect(guest.owner).not.toBeNull();
    // What the last owner had told behind its mark comes first, and nothing twice.
    const events = [await back.until(({ event_seq }) => typeof event_seq === 'number')];
    again.pipe.send(input('cm-2', '#script=short'));
    const reply = await back.until((frame) => {
      if (typeof frame.event_seq === 'number') events.push(frame);
      return frame.type === 'input_accepted';
    });
    expect(reply).toMatchObject({ accepted: true, request_id: 'inbox:5' });
    await back.until((frame) => {
      if (typeof frame.event_seq === 'number' && frame.snapshot !== true) events.push(frame);
      return frame.type === 'turn_finished';
    });
    const store = guest.owner?.device.host.store;
    expect(store?.input(runtime, 'cm-2')).toBeNull();
    expect(store?.input(runtime, 'cm-1')?.state).toBe('done');
    const stored = store?.feed(have as number, 1e9).map(({ text }) => JSON.parse(text));
    expect(events.filter(({ snapshot }) => snapshot !== true)).toEqual(stored?.slice(0, events.length));
  });
});
