import { describe, expect, it } from 'vitest';
import { fields, list } from '../../protocol/dialects/loose.ts';
import { failedReply } from '../../protocol/reply.ts';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { diskFull } from '../../testing/memory-inbox.ts';
import { type StationPeer, type StationStand, stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

const other = { agent_id: 'agent-1', conversation_id: 'conv-2' };

const states = (peer: StationPeer, id: string) =>
  peer.of('input_receipt').flatMap((frame) => (frame.client_message_id === id ? [frame.state] : []));
const lastQueue = (peer: StationPeer) =>
  list(peer.of('update_queue').at(-1)?.queue).map((item) => fields(item).client_message_id);

/** A device that was heard of and went away, and a client that watches. */
function away(): { stand: StationStand; device: LinkedDevice; client: StationPeer } {
  const stand = stationStand();
  const device = new LinkedDevice();
  const pair = stand.link(device);
  const client = stand.peer();
  client.send({ type: 'sync', runtime: scope });
  stand.flush();
  pair.cut();
  stand.flush();
  client.clear();
  return { stand, device, client };
}

describe('an input for a device that is away', () => {
  it('[IN-4] is parked, handed over when the device comes, and worked once', () => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([
      { request_id: 'r-m-1', accepted: true, disposition: 'queued', runtime: scope },
    ]);
    expect(client.of('input_receipt')).toMatchObject([
      { client_message_id: 'm-1', state: 'parked', authority: 'broker', position: 1 },
    ]);
    expect(client.of('update_queue')).toMatchObject([
      { snapshot: true, queue: [{ client_message_id: 'm-1', content: 'say m-1', kind: 'message' }] },
    ]);

    stand.link(device);
    stand.flush();
    expect(device.worked).toEqual(['m-1']);
    expect(device.heard.filter(({ type }) => type === 'input')).toMatchObject([
      { request_id: 'inbox:1', inbox: 1, auth: { principal: 'owner', origin: 'broker' } },
    ]);
    device.receipt(scope, 'm-1', 'done');
    stand.flush();
    expect(states(client, 'm-1')).toEqual(['parked', 'accepted', 'done']);
    expect(client.of('input_accepted')).toHaveLength(1);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[IN-3] is taken back by a person while it waits, and is never worked', async () => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    client.send(say('m-2'));
    client.send({ type: 'remove_queue_item', request_id: 'r', runtime: scope, item_id: 'parked-1' });
    client.send({ type: 'remove_queue_item', request_id: 'again', runtime: scope, item_id: 'parked-1' });
    stand.flush();
    expect(client.of('remove_queue_item_response')).toMatchObject([
      { request_id: 'r', success: true, item_id: 'parked-1' },
      { request_id: 'again', success: false, error_code: 'device_offline' },
    ]);
    expect(states(client, 'm-1')).toEqual(['parked', 'cancelled']);
    await stand.clock.advance(100);
    stand.flush();
    expect(lastQueue(client)).toEqual(['m-2']);
    stand.link(device);
    stand.flush();
    expect(device.worked).toEqual(['m-2']);
    client.send(say('m-1'));
    stand.flush();
    expect(states(client, 'm-1').at(-1)).toBe('cancelled');
    expect(device.worked).toEqual(['m-2']);
  });

  it('[IN-4] waits through a restart of the broker', () => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    client.send(say('m-2'));
    stand.flush();
    stand.restart();
    const later = stand.peer();
    later.send({ type: 'input_receipt_get', request_id: 'q', runtime: scope, client_message_id: 'm-2' });
    stand.flush();
    expect(later.of('input_receipt_get_response')).toMatchObject([
      { success: true, receipt: { state: 'parked', position: 2, authority: 'broker' } },
    ]);
    stand.link(device);
    stand.flush();
    expect(device.worked).toEqual(['m-1', 'm-2']);
    expect(states(later, 'm-1')).toEqual(['accepted']);
  });

  it.each([
    ['is there all the time', false],
    ['restarts in between', true],
  ])(
    '[IN-4] that a device took and could not say so is not handed over again by a broker that %s; its receipt is asked for',
    (_, restarted) => {
      const { stand, device, client } = away();
      client.send(say('m-1'));
      stand.flush();
      device.handlers.set('input', (frame) => {
        device.mute = true;
        device.answer(frame);
      });
      const pair = stand.link(device);
      stand.flush();
      expect(device.worked).toEqual(['m-1']);
      expect(stand.inbox.all()).toMatchObject([{ key: 'm-1' }]);
      pair.cut();
      device.mute = false;
      device.handlers.clear();
      if (restarted) stand.restart();
      const watcher = stand.peer();
      watcher.send({ type: 'sync', runtime: scope });
      stand.flush();
      watcher.clear();
      stand.link(device);
      stand.flush();
      expect(device.worked).toEqual(['m-1']);
      expect(device.heard.filter(({ inbox }) => inbox !== undefined)).toHaveLength(1);
      expect(states(watcher, 'm-1')).toEqual(['accepted']);
      expect(stand.inbox.all()).toEqual([]);
    },
  );

  it('[IN-4] is sent again under the same position while no answer comes', async () => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    stand.flush();
    device.handlers.set('input', () => undefined);
    stand.link(device);
    stand.flush();
    device.handlers.clear();
    await stand.clock.advance(29_999);
    stand.flush();
    expect(device.worked).toEqual([]);
    await stand.clock.advance(1);
    stand.flush();
    expect(device.worked).toEqual(['m-1']);
    expect(device.heard.filter(({ type }) => type === 'input').map(({ inbox }) => inbox)).toEqual([1, 1]);
  });

  it('[IN-4] keeps its order in its conversation, through refusals that say to try again', async () => {
    const { stand, device, client } = away();
    for (const id of ['m-1', 'm-2', 'm-3']) client.send(say(id));
    client.send(say('o-1', 'elsewhere', other));
    stand.flush();
    let refusals = 2;
    stand.link(device);
    device.handlers.set('input', (frame) => {
      const refused = frame.inbox === 1 && refusals-- > 0;
      if (!refused) return device.answer(frame);
      device.send(failedReply('input', String(frame.request_id), { code: 'store_failed', message: 'busy' }));
    });
    stand.flush();
    expect(device.worked).toEqual(['o-1']);
    // What comes now goes behind what waits.
    client.send(say('m-4'));
    stand.flush();
    expect(states(client, 'm-4')).toEqual(['parked']);
    await stand.clock.advance(1_000);
    stand.flush();
    expect(device.worked).toEqual(['o-1']);
    await stand.clock.advance(2_000);
    stand.flush();
    expect(device.worked).toEqual(['o-1', 'm-1', 'm-2', 'm-3', 'm-4']);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[SYNC-3] that a device cannot take yet is shown behind what the device says of its queue', async () => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    stand.flush();
    device.handlers.set('input', ({ request_id }) =>
      device.send(failedReply('input', String(request_id), { code: 'store_full', message: 'full' })),
    );
    const queue = [
      { id: 'q-1', client_message_id: 'on-device', kind: 'message', source: 'user', content: 'x' },
    ];
    stand.link(device);
    stand.flush();
    await stand.clock.advance(100);
    client.clear();
    device.emit(scope, { type: 'update_queue', queue, removed: [] });
    stand.flush();
    await stand.clock.advance(100);
    stand.flush();
    expect(lastQueue(client)).toEqual(['on-device', 'm-1']);
    device.handlers.delete('input');
    await stand.clock.advance(5_000);
    stand.flush();
    expect(device.worked).toEqual(['m-1']);
    await stand.clock.advance(100);
    stand.flush();
    expect(lastQueue(client)).toEqual(['on-device']);
  });

  it.each([
    ['conversation_deleted', 'rejected'],
    ['queue_full', 'rejected'],
    ['internal', 'indeterminate'],
  ] as const)('[IN-2] that the device refuses as %s ends as %s, and stays so', async (code, state) => {
    const { stand, device, client } = away();
    client.send(say('m-1'));
    stand.flush();
    const refuse = device.handlers.set('input', (frame) =>
      device.send(failedReply('input', String(frame.request_id), { code, message: 'no' })),
    );
    stand.link(device);
    stand.flush();
    expect(states(client, 'm-1')).toEqual(['parked', state]);
    expect(stand.inbox.all()).toEqual([]);
    await stand.clock.advance(100);
    stand.flush();
    expect(lastQueue(client)).toEqual([]);
    // [IN-3] Whoever sends it again is told the same, and it goes nowhere.
    refuse.clear();
    client.send(say('m-1'));
    stand.flush();
    expect(states(client, 'm-1')).toEqual(['parked', state, state]);
    expect(device.worked).toEqual([]);
  });

  it('[IN-4] expires, and its receipt says so for good', async () => {
    const { stand, device, client } = away();
    stand.inbox.longestMs = 45_000;
    client.send(say('m-1'));
    stand.flush();
    await stand.clock.advance(44_999);
    stand.flush();
    expect(states(client, 'm-1')).toEqual(['parked']);
    await stand.clock.advance(1);
    stand.flush();
    expect(client.of('input_receipt').at(-1)).toMatchObject({ state: 'failed', code: 'parking_expired' });
    expect(lastQueue(client)).toEqual([]);
    stand.link(device);
    client.send(say('m-1'));
    stand.flush();
    expect(device.worked).toEqual([]);
    expect(states(client, 'm-1')).toEqual(['parked', 'failed', 'failed']);
  });

  it('[IN-4] that the device may have taken when it expired is not said to have failed', async () => {
    const { stand, device, client } = away();
    stand.inbox.longestMs = 20_000;
    client.send(say('m-1'));
    stand.flush();
    device.handlers.set('input', () => undefined);
    const pair = stand.link(device);
    stand.flush();
    pair.cut();
    await stand.clock.advance(20_000);
    stand.flush();
    expect(client.of('input_receipt').at(-1)).toMatchObject({
      state: 'indeterminate',
      code: 'parking_expired',
    });
  });
});

describe('the identity of a parked input', () => {
  it('[IN-1] is one for all clients: sent again it has one receipt, with other content it is refused', () => {
    const { stand, device, client } = away();
    const second = stand.peer();
    client.send(say('m-1'));
    stand.flush();
    second.send(say('m-1'));
    second.send(say('m-1', 'something else'));
    stand.flush();
    expect(second.of('input_accepted')).toMatchObject([
      { accepted: true },
      { accepted: false, error_code: 'idempotency_conflict' },
    ]);
    expect(states(second, 'm-1')).toEqual(['parked', 'rejected']);
    expect(second.of('stream_delta')).toMatchObject([{ delta: { message_type: 'status' } }]);
    // What was told to one alone the other does not hear.
    expect(states(client, 'm-1')).toEqual(['parked']);
    stand.link(device);
    stand.flush();
    expect(device.worked).toEqual(['m-1']);
  });

  it('[IN-1] is made up for a client that gives none, and written into the message', () => {
    const { stand, device, client } = away();
    client.send(say(null));
    stand.flush();
    const [receipt] = client.of('input_receipt');
    expect(receipt?.client_message_id).toMatch(/^cm-/);
    stand.link(device);
    client.send({ ...say(null), request_id: 'online' });
    stand.flush();
    expect(device.worked).toEqual([receipt?.client_message_id, expect.stringMatching(/^cm-/)]);
    expect(new Set(device.worked).size).toBe(2);
  });

  it('[IN-1] holds in its conversation', () => {
    const { stand, client } = away();
    client.send(say('m-1'));
    client.send(say('m-1', 'another', other));
    stand.flush();
    expect(client.of('input_accepted').map(({ accepted }) => accepted)).toEqual([true, true]);
  });
});

describe('what cannot be kept', () => {
  it.each([
    ['its inbox takes nothing', (stand: StationStand) => Object.assign(stand.inbox, { full: diskFull() })],
    ['its inbox cannot be read', (stand: StationStand) => Object.assign(stand.inbox, { fault: diskFull() })],
    [
      'its mirror cannot be read',
      (stand: StationStand) => Object.assign(stand.mirror, { fault: diskFull() }),
    ],
  ])('is said so and claimed parked by nobody where %s', (_, fail) => {
    const { stand, client } = away();
    fail(stand);
    client.send(say('m-1'));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([{ accepted: false, error_code: 'store_full' }]);
    expect(client.of('input_receipt')).toEqual([]);
    expect(client.of('update_queue')).toEqual([]);
    stand.inbox.fault = null;
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[QUE-1] more than 300 messages of one conversation', () => {
    const { stand, client } = away();
    for (let n = 0; n < 300; n++) client.send(say(`m-${n}`));
    stand.flush();
    client.send(say('one-more'));
    client.send(say('elsewhere', 'x', other));
    stand.flush();
    expect(client.of('input_accepted').filter(({ accepted }) => !accepted)).toMatchObject([
      { request_id: 'r-one-more', error_code: 'queue_full' },
    ]);
    // The queue is told when it changes, but not at every change of a flood.
    expect(client.of('update_queue').length).toBeLessThan(10);
  });
});

describe('an abort for a device that is away', () => {
  it.each([
    ['the run it names', { run_id: 'run-mine' }, { run_id: 'run-mine' }],
    ['the run that was last heard of', {}, { run_id: 'run-7' }],
  ])('[ABT-4] is parked for %s', (_, named, bound) => {
    const { stand, device, client } = away();
    const pair = stand.link(device);
    device.loop(scope, 'PROCESSING_API_RESPONSE', ['run-7', 'run-8']);
    stand.flush();
    pair.cut();
    client.send({ type: 'abort_message', request_id: 'a', runtime: scope, ...named });
    stand.flush();
    expect(client.of('abort_message_response')).toMatchObject([
      { request_id: 'a', success: true, aborted: false, parked: true, ...bound },
    ]);
    stand.link(device);
    stand.flush();
    expect(device.heard.filter(({ type }) => type === 'abort_message')).toMatchObject([
      { inbox: 1, ...bound },
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[ABT-4] without a run is bound to the moment, and is gone after a minute', async () => {
    const { stand, device, client } = away();
    client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    stand.flush();
    expect(stand.inbox.all()).toMatchObject([{ kind: 'abort', frame: { as_of: stand.clock.now() } }]);
    await stand.clock.advance(59_999);
    expect(stand.inbox.all()).toHaveLength(1);
    await stand.clock.advance(1);
    expect(stand.inbox.all()).toEqual([]);
    stand.link(device);
    stand.flush();
    expect(device.heard.filter(({ type }) => type === 'abort_message')).toEqual([]);
  });
});

describe('a decision for a device that is away', () => {
  const pending = {
    request_id: 'perm-1',
    request: { subtype: 'can_use_tool', input: {} },
    input_hash: 'h-1',
  };
  const decide = (more: object, behavior = 'allow') => ({
    type: 'input',
    request_id: 'd',
    runtime: scope,
    payload: {
      kind: 'approval_response',
      request_id: 'perm-1',
      decision: { behavior, message: 'so' },
      ...more,
    },
  });
  function asked() {
    const all = away();
    const pair = all.stand.link(all.device);
    all.device.emit(scope, {
      type: 'update_device_status',
      device_status: { is_online: true, is_processing: true, pending_control_requests: [pending] },
    });
    all.stand.flush();
    pair.cut();
    all.client.clear();
    return all;
  }

  it('[APR-4] is parked when it names the input that waits', () => {
    const { stand, device, client } = asked();
    client.send(decide({ input_hash: 'h-1' }));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([{ request_id: 'd', accepted: true }]);
    expect(client.of('input_receipt')).toEqual([]);
    stand.link(device);
    stand.flush();
    expect(device.heard.filter(({ type }) => type === 'input')).toMatchObject([
      { inbox: 1, payload: { request_id: 'perm-1', input_hash: 'h-1' } },
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it.each([
    ['names no input', decide({}), 'approval_hash_required'],
    ['names another input', decide({ input_hash: 'h-2' }), 'approval_hash_mismatch'],
    [
      'is about nothing that waits',
      decide({ input_hash: 'h-1', request_id: 'perm-9' }),
      'approval_not_pending',
    ],
  ])('[APR-4] is refused when it %s', (_, frame, code) => {
    const { stand } = asked();
    // One that was shown a request has its hash added by the hub; this one was shown nothing.
    const stranger = stand.peer();
    stranger.send(frame);
    stand.flush();
    expect(stranger.of('input_accepted')).toMatchObject([{ accepted: false, error_code: code }]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[APR-3] counts when it is the first', () => {
    const { stand, client } = asked();
    const second = stand.peer();
    client.send(decide({ input_hash: 'h-1' }));
    client.send(decide({ input_hash: 'h-1' }));
    stand.flush();
    second.send(decide({ input_hash: 'h-1' }, 'deny'));
    stand.flush();
    expect(client.of('input_accepted').map(({ accepted }) => accepted)).toEqual([true, true]);
    expect(second.of('input_accepted')).toMatchObject([
      { accepted: false, error_code: 'approval_not_pending' },
    ]);
    expect(stand.inbox.all()).toHaveLength(1);
  });
});
