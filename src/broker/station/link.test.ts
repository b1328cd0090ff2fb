import { describe, expect, it } from 'vitest';
import type { Privilege } from '../../protocol/privileges.ts';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { diskFull } from '../../testing/memory-inbox.ts';
import { type StationPeer, stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const abort = { type: 'abort_message', request_id: 'a', runtime: scope };

/** A device that is there, and a client that watches one conversation. */
function there() {
  const stand = stationStand();
  const device = new LinkedDevice();
  const pair = stand.link(device);
  const client = stand.peer();
  client.send({ type: 'sync', runtime: scope });
  stand.flush();
  client.clear();
  return { stand, device, pair, client };
}
const answers = (client: StationPeer) =>
  client.frames().filter((frame) => /_(response|accepted)$|^error$/.test(frame.type));

describe('the greeting', () => {
  it('says where the broker stands, and takes the feed from there', () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    device.emit(scope, text('one'));
    device.emit(scope, text('two'));
    const pair = stand.link(device);
    stand.flush();
    expect(device.told).toEqual([
      { type: 'broker_hello', feed_id: null, have: 0, inbox_id: 'inbox-1', first: 1 },
    ]);
    expect(stand.mirror.feed()).toEqual({ feedId: 'feed-1', have: 6 });
    pair.cut();
    device.emit(scope, text('three'));
    stand.link(device);
    stand.flush();
    expect(device.told.at(-1)).toMatchObject({ feed_id: 'feed-1', have: 6 });
    expect(stand.mirror.head(scope)).toMatchObject({ event_seq: 3 });
    expect(stand.mirror.feed()).toEqual({ feedId: 'feed-1', have: 9 });
  });

  it.each([
    ['another feed', 'feed-2'],
    ['a feed that fell back', 'feed-1'],
  ])('[SEQ-4] of a device with %s begins the mirror anew', (_, feedId) => {
    const { stand, device, pair } = there();
    device.emit(scope, text('one'));
    device.emit(scope, text('two'));
    stand.flush();
    pair.cut();
    device.forgetFeed(feedId);
    device.emit(scope, text('again'));
    stand.link(device);
    stand.flush();
    expect(stand.mirror.feed()).toEqual({ feedId, have: 3 });
    expect(stand.mirror.read(scope, 0, 1_000).events).toHaveLength(1);
  });

  it('[SEQ-4] after a crash of the broker is gone through again from what was written, and nobody hears anything twice', () => {
    const { stand, device } = there();
    device.emit(scope, text('one'));
    stand.flush();
    stand.mirror.flush();
    const client = stand.peer();
    client.send({ type: 'sync', request_id: 's', runtime: scope, after_event_seq: 0 });
    const told = device.emit(scope, text('two'));
    stand.flush();
    stand.restart();
    const later = stand.peer();
    later.send({ type: 'sync', request_id: 's', runtime: scope, after_event_seq: 1 });
    stand.link(device);
    stand.flush();
    expect(device.told.at(-1)).toMatchObject({ feed_id: 'feed-1', have: 3 });
    expect(later.of('stream_delta').map(({ event_seq }) => event_seq)).toEqual([2]);
    expect(stand.mirror.read(scope, 1, 1_000).events).toEqual([{ event_seq: 2, text: told }]);
  });

  it('[ERR-3] holds what is asked meanwhile, and hands it on in order behind what was parked', () => {
    const { stand, device, pair, client } = there();
    pair.cut();
    client.send(say('parked'));
    stand.flush();
    const next = stand.link(device);
    client.send(say('held'));
    client.send(abort);
    client.pair.flush();
    expect(answers(client)).toHaveLength(1);
    next.flush();
    stand.flush();
    expect(device.heard.slice(-3).map(({ type, inbox }) => [type, inbox])).toEqual([
      ['input', 1],
      ['abort_message', undefined],
      ['input', 2],
    ]);
    expect(device.worked).toEqual(['parked', 'held']);
  });

  it('that never comes ends the link after 15 s; what was held is treated as away', async () => {
    const { stand, device, pair, client } = there();
    pair.cut();
    device.greets = false;
    stand.link(device);
    client.send(say('held'));
    client.send({ type: 'agent_list', request_id: 'l' });
    stand.flush();
    await stand.clock.advance(14_999);
    stand.flush();
    expect(answers(client)).toEqual([]);
    await stand.clock.advance(1);
    stand.flush();
    expect(device.closed).toMatchObject({ code: 1008 });
    expect(answers(client)).toMatchObject([
      { type: 'input_accepted', accepted: true },
      { type: 'agent_list_response', error_code: 'device_offline' },
    ]);
    expect(stand.inbox.all()).toMatchObject([{ key: 'held' }]);
    expect(stand.station().online).toBe(false);
  });

  it.each([
    ['a mark before the hello', { type: 'feed_mark', position: 3 }],
    ['no hello', { type: 'agent_list_response', request_id: 'x', agents: [] }],
    ['a hello without a feed', { type: 'device_hello', head: 1, consumed: [], default_agent_id: null }],
    [
      'positions that are none',
      { type: 'device_hello', feed_id: 'f', head: 1, consumed: ['1'], default_agent_id: null },
    ],
    [
      'a head that is none',
      { type: 'device_hello', feed_id: 'f', head: -1, consumed: [], default_agent_id: null },
    ],
  ])('with %s ends the link', (_, frame) => {
    const stand = stationStand();
    const device = new LinkedDevice();
    device.greets = false;
    stand.link(device);
    stand.flush();
    device.send(frame);
    stand.flush();
    expect(device.closed).toMatchObject({ code: 1008 });
    expect(device.closed?.reason).not.toBe('');
    expect(stand.mirror.feed().feedId).toBe(null);
    expect(stand.troubles).toHaveLength(1);
  });

  it('cannot hold more than there is room for', () => {
    const { stand, device, pair, client } = there();
    pair.cut();
    device.greets = false;
    stand.link(device);
    for (let n = 0; n < 9; n++) client.send(say(`m-${n}`, 'x'.repeat(1024 * 1024)));
    stand.flush();
    expect(client.of('input_accepted')).toHaveLength(9);
    expect(stand.inbox.all().map(({ key }) => key)).toEqual([...Array(9).keys()].map((n) => `m-${n}`));
  });
});

describe('a link that is lost', () => {
  it('[ERR-3] leaves nobody waiting: what can wait is parked, the rest is answered, saying whether it may have happened', () => {
    const { stand, device, pair, client } = there();
    for (const type of ['input', 'abort_message', 'agent_list', 'agent_delete', 'sync'])
      device.handlers.set(type, () => undefined);
    client.send(say('m-1'));
    client.send(abort);
    client.send({ type: 'agent_list', request_id: 'list' });
    client.send({ type: 'agent_delete', request_id: 'delete', agent_id: 'agent-9' });
    client.send({ type: 'sync', request_id: 'sync', runtime: scope });
    stand.flush();
    expect(answers(client)).toEqual([]);
    const given = stand.clock.now();
    pair.cut();
    stand.flush();
    expect(answers(client)).toMatchObject([
      { type: 'input_accepted', accepted: true, disposition: 'queued' },
      { type: 'abort_message_response', success: true, parked: true },
      { request_id: 'list', success: false, error_code: 'device_offline' },
      { request_id: 'delete', success: false, error_code: 'device_lost' },
      { request_id: 'sync', success: true },
    ]);
    expect(stand.inbox.all()).toMatchObject([
      { kind: 'message', key: 'm-1' },
      { kind: 'abort', frame: { as_of: given } },
    ]);

    device.handlers.clear();
    stand.link(device);
    stand.flush();
    expect(device.worked).toEqual(['m-1']);
    expect(answers(client)).toHaveLength(5);
  });

  it('[ABT-4] leaves an abort bound to the moment it was given, whatever began since', async () => {
    const { stand, device, pair, client } = there();
    device.handlers.set('abort_message', () => undefined);
    const given = stand.clock.now();
    client.send(abort);
    stand.flush();
    await stand.clock.advance(5_000);
    device.loop(scope, 'PROCESSING_API_RESPONSE', ['run-later']);
    stand.flush();
    pair.cut();
    stand.flush();
    const [parked] = stand.inbox.all();
    expect(parked?.frame).toMatchObject({ as_of: given });
    expect(parked?.frame).not.toHaveProperty('run_id');
  });

  it('[IN-2] leaves an input that may have been taken: it is never said to have failed', async () => {
    const { stand, device, pair, client } = there();
    stand.inbox.longestMs = 10_000;
    device.handlers.set('input', () => undefined);
    client.send(say('m-1'));
    stand.flush();
    pair.cut();
    await stand.clock.advance(10_000);
    stand.flush();
    expect(client.of('input_receipt').map(({ state }) => state)).toEqual(['parked', 'indeterminate']);
  });

  it('[ERR-3] leaves an input that cannot be parked in doubt', () => {
    const { stand, device, pair, client } = there();
    device.handlers.set('input', () => undefined);
    client.send(say('m-1'));
    stand.flush();
    stand.inbox.full = diskFull();
    pair.cut();
    stand.flush();
    expect(answers(client)).toMatchObject([{ accepted: false, error_code: 'device_lost' }]);
  });

  it('[ERR-3] before a decision was answered: it may have happened, unless it can be parked', () => {
    const { stand, device, pair, client } = there();
    device.handlers.set('input', () => undefined);
    client.send({
      type: 'input',
      request_id: 'd',
      runtime: scope,
      payload: { kind: 'approval_response', request_id: 'perm-1', error: 'no', input_hash: 'h' },
    });
    stand.flush();
    pair.cut();
    stand.flush();
    expect(answers(client)).toMatchObject([{ accepted: false, error_code: 'device_lost' }]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[IN-1] does not lose the identity of a message that came without one', () => {
    const { stand, device, pair, client } = there();
    device.handlers.set('input', (frame) => {
      device.mute = true;
      device.answer(frame);
    });
    client.send(say(null));
    stand.flush();
    pair.cut();
    device.mute = false;
    device.handlers.clear();
    stand.link(device);
    stand.flush();
    // It went there twice, the second time out of the inbox, under one identity.
    expect(device.heard.filter(({ type }) => type === 'input').map(({ inbox }) => inbox)).toEqual([
      undefined,
      1,
    ]);
    expect(device.worked).toHaveLength(1);
  });

  it('[ERR-1] answers nothing again that was answered', () => {
    const { stand, pair, client } = there();
    client.send(say('m-1'));
    client.send(abort);
    client.send({ type: 'change_device_state', runtime: scope, payload: { mode: 'standard' } });
    stand.flush();
    client.clear();
    pair.cut();
    stand.flush();
    expect(answers(client)).toEqual([]);
    expect(stand.inbox.all()).toEqual([]);
  });
});

describe('a link that another replaces', () => {
  it.each([
    [
      'of another lease, which is told that its place was taken',
      'conn-other',
      1000,
      'Replaced by new connection',
    ],
    ['of the same lease, which has only dialled again', 'conn-1', 1012, 'this lease has dialled again'],
  ])('[REG-7] is that %s', (_, connectionId, code, reason) => {
    const { stand, device, client } = there();
    device.handlers.set('input', () => undefined);
    client.send(say('m-1'));
    stand.flush();
    const second = new LinkedDevice();
    stand.link(second, { connectionId });
    stand.flush();
    expect(device.closed).toEqual({ code, reason });
    expect(second.worked).toEqual(['m-1']);
    expect(stand.station().online).toBe(true);
    // What the old one still says nobody hears.
    client.clear();
    device.emit(scope, text('ghost'));
    stand.flush();
    expect(client.of('stream_delta')).toEqual([]);
  });

  it('[REG-7] is told nothing when it is dead already', () => {
    const { stand, device, pair } = there();
    pair.cut();
    stand.link(new LinkedDevice());
    stand.flush();
    expect(device.closed).toMatchObject({ code: 1006 });
  });
});

describe('signs of life', () => {
  it('[LINK-1] a ping is answered, and noted at most once a second', async () => {
    const { stand, device } = there();
    const before = stand.heartbeats();
    device.told.splice(0);
    await stand.clock.advance(1_000);
    for (let n = 0; n < 3; n++) device.send({ type: 'ping' });
    stand.flush();
    expect(device.told).toEqual(Array(3).fill({ type: 'pong', timestamp: stand.clock.now() }));
    expect(stand.heartbeats()).toBe(before + 1);
  });

  it('what the device shows of itself is observed', () => {
    const { stand, device } = there();
    device.emit(scope, {
      type: 'update_device_status',
      device_status: { current_permission_mode: 'strict', current_working_directory: '/work' },
    });
    stand.flush();
    expect(stand.observed).toContainEqual({ currentMode: 'strict', workingDirectory: '/work' });
  });
});

describe('who may do what', () => {
  const principal = (...privileges: Privilege[]) => ({ principal: 'ann', privileges, origin: 'broker' });

  it.each([
    ['there', true],
    ['away', false],
  ])('[SEC-3] holds also where the device is %s', (_, online) => {
    const { stand, device, pair } = there();
    if (!online) pair.cut();
    const watcher = stand.peer({ principal: principal('observe') });
    watcher.send(say('m-1'));
    watcher.send(abort);
    stand.flush();
    expect(answers(watcher)).toMatchObject([{ error_code: 'forbidden' }, { error_code: 'forbidden' }]);
    expect(device.worked).toEqual([]);
    expect(stand.inbox.all()).toEqual([]);
  });
});

describe('a station that is closed', () => {
  it('[LINK-5] parks what is in hand, and says goodbye to everyone', () => {
    const { stand, device, client } = there();
    device.handlers.set('input', () => undefined);
    client.send(say('m-1'));
    stand.flush();
    stand.station().close(1012, 'the broker is restarting');
    stand.flush();
    expect(device.closed).toMatchObject({ code: 1012 });
    expect(client.closed()).toBe(1012);
    expect(stand.inbox.all()).toMatchObject([{ key: 'm-1' }]);
    expect(stand.clock.pending).toBe(0);
    const late = new LinkedDevice();
    stand.link(late);
    stand.flush();
    expect(late.closed).toMatchObject({ code: 1012 });
  });

  it('a device whose store cannot be read is asked to come again', () => {
    const { stand, pair } = there();
    pair.cut();
    stand.mirror.fault = new Error('the disk is gone');
    const late = new LinkedDevice();
    stand.link(late);
    stand.flush();
    expect(late.closed).toMatchObject({ code: 1012 });
  });
});
