import { describe, expect, it } from 'vitest';
import { limits } from '../../protocol/limits.ts';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { type StationPeer, type StationStand, stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

const mine = { agent_id: 'agent-1', conversation_id: 'conv-2' };
const event = (runtime: unknown, event_seq: unknown, more: object = {}) => ({
  type: 'stream_delta',
  runtime,
  delta: { message_type: 'assistant_message', id: 'm', content: 'forged' },
  event_seq,
  log_id: 'forged',
  idempotency_key: `stream_delta:forged:${String(event_seq)}`,
  ...more,
});
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

type Scene = {
  readonly stand: StationStand;
  readonly device: LinkedDevice;
  readonly client: StationPeer;
  /** The stamp of the client's open command. */
  readonly stamp: string;
};
const times = (count: number, run: (n: number) => void): void => {
  for (let n = 0; n < count; n++) run(n);
};

/** What a device may do, and whether it keeps its link. */
const deeds: readonly [what: string, keeps: boolean, deed: (scene: Scene) => void][] = [
  ['text that is no JSON', false, ({ device }) => device.raw('{')],
  ['JSON that is no frame', false, ({ device }) => device.raw('[1]')],
  ['a frame without a type', false, ({ device }) => device.raw('{"a":1}')],
  [
    'a frame that is too large',
    false,
    ({ device }) => device.raw(`{"type":"x","a":"${'y'.repeat(limits.frameFromDevice)}"}`),
  ],
  ['a frame that is too deep', true, ({ device }) => device.raw(`{"type":"x","a":${nested(100_000)}}`)],
  ['a second hello', false, ({ device }) => device.send(device.hello())],
  ['a mark without a place', false, ({ device }) => device.send({ type: 'feed_mark', position: 'far' })],
  [
    'a mark far beyond',
    true,
    ({ device }) => device.send({ type: 'feed_mark', position: Number.MAX_SAFE_INTEGER }),
  ],
  [
    'events without a place',
    true,
    ({ stand, device }) => {
      for (const seq of [0, -1, 1.5, '7', null, 1e300, {}]) device.send(event(scope, seq));
      stand.flush();
      expect(stand.mirror.head(scope)).toBe(null);
    },
  ],
  [
    'events of no scope',
    true,
    ({ device }) => {
      const noScopes = [
        null,
        'x',
        {},
        { agent_id: '../..', conversation_id: 'x' },
        { agent_id: 5, conversation_id: 'c' },
      ];
      for (const runtime of noScopes) device.send(event(runtime, 1));
    },
  ],
  [
    'an event of no log',
    true,
    ({ device }) => device.send(event(scope, 1, { log_id: {}, idempotency_key: 'stream_delta::1' })),
  ],
  ['events far ahead', true, ({ device }) => device.send(event(scope, Number.MAX_SAFE_INTEGER))],
  [
    'states of any shape',
    true,
    ({ device }) => {
      for (const shape of [
        null,
        5,
        'x',
        [],
        [null],
        { queue: 5 },
        { pending_control_requests: [null, 5, {}] },
      ]) {
        times(2, (n) =>
          device.send({ ...event(scope, n + 1), type: 'update_device_status', device_status: shape }),
        );
        device.send({ type: 'update_loop_status', runtime: scope, snapshot: true, loop_status: shape });
        device.send({ type: 'update_queue', runtime: scope, snapshot: true, queue: shape });
        device.send({ type: 'update_subagent_state', runtime: scope, snapshot: true, subagents: shape });
      }
    },
  ],
  [
    'what only a broker says',
    true,
    ({ stand, device, client }) => {
      device.send({
        type: 'device_presence',
        online: false,
        since: 0,
        last_seen: null,
        connection_id: 'x',
        connection_name: 'x',
      });
      device.send({ type: 'broker_hello', feed_id: 'x', have: 0, inbox_id: 'x', first: 0 });
      stand.flush();
      expect(client.frames()).toEqual([]);
    },
  ],
  [
    'answers that nobody asked for',
    true,
    ({ device, stamp }) => {
      const session = stamp.slice(0, 22);
      for (const request_id of [
        `${session}:no`,
        `${session}!`,
        `${'A'.repeat(22)}:x`,
        'inbox:99',
        'inbox:',
        'inbox:x',
        '',
        5,
        {},
        null,
      ])
        for (const type of ['input_accepted', 'error', 'input_receipt_get_response', 'nonsense'])
          device.send({ type, request_id, success: true, accepted: true, receipt: 5, runtime: scope });
    },
  ],
  [
    'commands',
    true,
    ({ device }) => {
      device.send({ type: 'input', request_id: 'x', runtime: scope, payload: {} });
      device.send({ type: 'sync', request_id: 'x', runtime: scope });
    },
  ],
  ['a flood of pings', true, ({ device }) => times(5_000, () => device.send({ type: 'ping' }))],
  ['a flood of events', true, ({ device }) => times(5_000, (n) => device.send(event(scope, n + 1)))],
  [
    'a flood of receipts',
    true,
    ({ device }) =>
      times(2_000, (n) =>
        device.send({
          type: 'input_receipt',
          runtime: scope,
          client_message_id: `${n}`,
          state: 'done',
          at: n,
        }),
      ),
  ],
];

describe('[LINK-4] a device that says', () => {
  it.each(deeds)('%s troubles only its own clients', (_, keeps, deed) => {
    const stand = stationStand();
    const device = new LinkedDevice();
    stand.link(device);
    const victim = stationStand();
    const other = new LinkedDevice();
    victim.link(other);
    const bystander = victim.peer();
    bystander.send({ type: 'sync', runtime: scope });
    victim.flush();
    bystander.clear();
    // A client of the hostile device that is in another conversation of it.
    const client = stand.peer();
    client.send({ type: 'sync', runtime: mine });
    const asker = stand.peer();
    asker.send({ type: 'agent_list', request_id: 'open' });
    device.handlers.set('agent_list', () => undefined);
    stand.flush();
    client.clear();
    const stamp = String(device.heard.find(({ type }) => type === 'agent_list')?.request_id);

    expect(() => {
      deed({ stand, device, client, stamp });
      stand.flush();
    }).not.toThrow();
    expect(device.closed === null).toBe(keeps);
    if (!keeps) expect([1008, 1009]).toContain(device.closed?.code);
    expect(stand.troubles.length).toBeLessThan(2);
    expect(asker.closed()).toBe(null);
    expect(asker.of('agent_list_response').length).toBe(keeps ? 0 : 1);

    // Its other conversation goes on, there or not.
    client.clear();
    client.send(say('m-1', 'hello', mine));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([{ accepted: true }]);
    client.send({ type: 'sync', request_id: 's', runtime: mine });
    client.send({ type: 'sync', request_id: 't', runtime: scope });
    stand.flush();
    expect(client.of('sync_response')).toHaveLength(2);

    // And when it is gone, its clients are told what is known of it.
    stand.station().close(1012, 'x');
    victim.flush();
    expect(bystander.frames()).toEqual([]);
    bystander.send(say('m-1'));
    victim.flush();
    expect(other.worked).toEqual(['m-1']);
  });

  it('something of any shape, and goes away, is still shown by its states', () => {
    for (const [what, , deed] of deeds) {
      const stand = stationStand();
      const device = new LinkedDevice();
      const pair = stand.link(device);
      stand.flush();
      const client = stand.peer();
      deed({ stand, device, client, stamp: 'x'.repeat(30) });
      stand.flush();
      pair.cut();
      for (const runtime of [scope, mine]) client.send({ type: 'sync', request_id: what, runtime });
      client.send(say('m-1'));
      client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
      stand.flush();
      expect(client.of('sync_response'), what).toHaveLength(2);
      expect(client.of('input_accepted'), what).toMatchObject([{ accepted: true }]);
      expect(client.of('abort_message_response'), what).toHaveLength(1);
    }
  });
});

describe('[LINK-4] answers', () => {
  it('reach only the client that asked, whoever they are made out to', () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    stand.link(device);
    const asker = stand.peer();
    const other = stand.peer();
    device.handlers.set('agent_list', () => undefined);
    for (const client of [asker, other]) client.send({ type: 'agent_list', request_id: 'r' });
    stand.flush();
    const [first] = device.heard;
    for (let n = 0; n < 3; n++)
      device.send({ type: 'agent_list_response', request_id: first?.request_id, success: true, agents: [] });
    stand.flush();
    expect(asker.of('agent_list_response')).toHaveLength(1);
    expect(other.of('agent_list_response')).toHaveLength(0);
  });

  it('to what is delivered cannot be given by another name, nor to what was not delivered', () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    const client = stand.peer();
    client.send(say('m-1'));
    client.send(say('m-2'));
    stand.flush();
    device.handlers.set('input', () => undefined);
    stand.link(device);
    stand.flush();
    device.send({ type: 'sync_response', request_id: 'inbox:1', success: true });
    device.send({ type: 'input_accepted', request_id: 'inbox:2', accepted: true });
    stand.flush();
    expect(stand.inbox.all()).toHaveLength(2);
  });

  it('to the questions of the station itself tell of nothing but what was asked about', () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    const client = stand.peer();
    client.send(say('m-1'));
    client.send({ type: 'sync', runtime: mine });
    stand.flush();
    device.handlers.set('input', (frame) =>
      device.send({ type: 'error', request_id: frame.request_id, code: 'internal', message: 'x' }),
    );
    device.handlers.set('input_receipt_get', (frame) => {
      const receipt = { runtime: mine, client_message_id: 'm-9', input_id: 'x', state: 'done', at: 0 };
      device.send({
        type: 'input_receipt_get_response',
        request_id: frame.request_id,
        success: true,
        receipt,
      });
    });
    stand.link(device);
    stand.flush();
    expect(client.of('input_receipt').at(-1)).toMatchObject({
      runtime: scope,
      client_message_id: 'm-1',
      state: 'done',
    });
  });
});
