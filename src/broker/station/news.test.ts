import { describe, expect, it } from 'vitest';
import { fields, list } from '../../protocol/dialects/loose.ts';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

const other = { agent_id: 'agent-1', conversation_id: 'conv-2' };
const pending = {
  request_id: 'perm-1',
  request: { subtype: 'can_use_tool', tool_name: 'Bash', tool_call_id: 'c', input: { command: 'ls' } },
  input_hash: 'h-1',
};
const status = {
  type: 'update_device_status',
  device_status: {
    is_online: true,
    is_processing: true,
    current_permission_mode: 'strict',
    current_working_directory: '/work',
    current_connection_id: 'conn-1',
    pending_control_requests: [pending],
  },
};

/** A device in the middle of a turn, and a client that follows it. */
function busy() {
  const stand = stationStand();
  const device = new LinkedDevice();
  const pair = stand.link(device);
  const client = stand.peer();
  client.send({ type: 'sync', runtime: scope });
  device.emit(scope, status);
  device.loop(scope, 'WAITING_ON_APPROVAL', ['run-1']);
  device.emit(scope, {
    type: 'update_queue',
    queue: [{ id: 'q-1', client_message_id: 'on-device', kind: 'message', source: 'user', content: 'x' }],
    removed: [],
  });
  stand.flush();
  client.clear();
  return { stand, device, pair, client };
}

describe('a sync while the device is away', () => {
  it('[SYNC-3] tells how things were, that the device is away, and what waits here', () => {
    const { stand, pair } = busy();
    pair.cut();
    const client = stand.peer();
    client.send(say('m-1'));
    stand.flush();
    client.clear();
    client.send({ type: 'sync', request_id: 's', runtime: scope });
    stand.flush();
    expect(client.frames().map(({ type }) => type)).toEqual([
      'update_device_status',
      'update_loop_status',
      'update_queue',
      'update_subagent_state',
      'control_request',
      'sync_response',
    ]);
    const [device, loop, queue, , request, reply] = client.frames();
    for (const one of [device, loop, queue, request])
      expect(one).toMatchObject({ snapshot: true, event_seq: 3, log_id: expect.any(String), runtime: scope });
    expect(device?.device_status).toMatchObject({
      is_online: false,
      current_connection_id: null,
      current_permission_mode: 'strict',
      pending_control_requests: [{ request_id: 'perm-1' }],
    });
    expect(loop?.loop_status).toMatchObject({
      status: 'WAITING_ON_APPROVAL',
      waiting_for: { kind: 'device', since: stand.clock.now(), detail: 'Work laptop is away' },
    });
    expect(list(queue?.queue).map((item) => fields(item).client_message_id)).toEqual(['on-device', 'm-1']);
    expect(request).toMatchObject({ request_id: 'perm-1', request: pending.request, input_hash: 'h-1' });
    expect(reply).toMatchObject({ request_id: 's', success: true, head: 3, verdict: 'snapshot' });
    const keys = client.frames().flatMap(({ idempotency_key: key }) => (key === undefined ? [] : [key]));
    expect(new Set(keys).size).toBe(5);
  });

  it('[SYNC-1] gives what was missed from the mirror', () => {
    const { stand, pair } = busy();
    pair.cut();
    const client = stand.peer();
    client.send({
      type: 'sync',
      request_id: 's',
      runtime: scope,
      after_event_seq: 1,
      recover_approvals: false,
    });
    stand.flush();
    const events = client.frames().filter(({ snapshot, event_seq }) => !snapshot && event_seq !== undefined);
    expect(events.map(({ event_seq }) => event_seq)).toEqual([2, 3]);
    expect(client.of('control_request')).toEqual([]);
    expect(client.of('sync_response')).toMatchObject([{ verdict: 'ok', head: 3 }]);
  });

  it('of a conversation that was never heard of tells of one that rests', () => {
    const stand = stationStand();
    const client = stand.peer();
    client.send({ type: 'sync', request_id: 's', runtime: other });
    stand.flush();
    expect(client.of('update_loop_status')).toMatchObject([{ loop_status: { status: 'WAITING_ON_INPUT' } }]);
    expect(client.of('update_loop_status')[0]?.loop_status).not.toHaveProperty('waiting_for');
    expect(client.of('update_device_status')).toMatchObject([
      { device_status: { is_online: false, is_processing: false } },
    ]);
    expect(client.of('sync_response')).toMatchObject([{ success: true, log_id: null, head: 0 }]);
  });
});

describe('when the device goes and comes', () => {
  it('[SYNC-3] everyone who watches is told, and told again every 30 s while something waits', async () => {
    const { stand, device, pair, client } = busy();
    pair.cut();
    stand.flush();
    expect(client.of('device_presence')).toMatchObject([
      { online: false, since: stand.clock.now(), connection_id: null, connection_name: 'Work laptop' },
    ]);
    expect(client.of('update_device_status')).toMatchObject([
      { snapshot: true, device_status: { is_online: false, current_permission_mode: 'strict' } },
    ]);
    const waiting = { loop_status: { waiting_for: { kind: 'device', since: stand.clock.now() } } };
    expect(client.of('update_loop_status')).toMatchObject([waiting]);
    await stand.clock.advance(90_000);
    stand.flush();
    expect(client.of('update_loop_status')).toMatchObject(Array(4).fill(waiting));

    client.clear();
    stand.link(device);
    stand.flush();
    expect(client.of('device_presence')).toMatchObject([{ online: true, connection_id: 'conn-2' }]);
    expect(client.of('update_device_status')).toMatchObject([{ device_status: { is_online: true } }]);
    // And that it waits for the device no more.
    expect(client.of('update_loop_status')).toHaveLength(1);
    expect(client.of('update_loop_status')[0]?.loop_status).not.toHaveProperty('waiting_for');
    client.clear();
    await stand.clock.advance(90_000);
    stand.flush();
    expect(client.frames()).toEqual([]);
  });

  it('[APR-4] what waits for a decision is listed while the device is away, until it is decided', () => {
    const { stand, device, pair, client } = busy();
    stand.mirror.flush();
    pair.cut();
    const asked = () => {
      client.clear();
      client.send({ type: 'approvals_list', request_id: 'r' });
      stand.flush();
      return list(client.of('approvals_list_response')[0]?.approvals);
    };
    expect(asked()).toMatchObject([{ runtime: scope, request_id: 'perm-1', input_hash: 'h-1' }]);
    client.send({
      type: 'input',
      request_id: 'd',
      runtime: scope,
      payload: {
        kind: 'approval_response',
        request_id: 'perm-1',
        decision: { behavior: 'allow' },
        input_hash: 'h-1',
      },
    });
    stand.flush();
    expect(asked()).toEqual([]);
    expect(device.heard.some(({ type }) => type === 'approvals_list')).toBe(false);
  });

  it('whoever comes and knows the extensions is told behind its hello whether the device is there', () => {
    const { stand, pair } = busy();
    const presenceOf = () => {
      const client = stand.peer();
      client.send({ type: 'client_hello' });
      stand.flush();
      return client.frames().map(({ type, online }) => [type, online]);
    };
    expect(presenceOf()).toEqual([
      ['hello', undefined],
      ['device_presence', true],
    ]);
    pair.cut();
    expect(presenceOf().at(-1)).toEqual(['device_presence', false]);
  });

  it('[SYNC-3] a conversation that rests is not said to wait, until something does', async () => {
    const { stand, device, pair, client } = busy();
    device.loop(scope, 'WAITING_ON_INPUT');
    stand.flush();
    client.clear();
    pair.cut();
    await stand.clock.advance(30_000);
    stand.flush();
    expect(client.of('update_loop_status')).toHaveLength(1);
    expect(client.of('update_loop_status')[0]?.loop_status).not.toHaveProperty('waiting_for');
    client.clear();
    client.send(say('m-1'));
    stand.flush();
    const waiting = { loop_status: { status: 'WAITING_ON_INPUT', waiting_for: { kind: 'device' } } };
    expect(client.of('update_loop_status')).toMatchObject([waiting]);
    await stand.clock.advance(30_000);
    stand.flush();
    expect(client.of('update_loop_status')).toMatchObject([waiting, waiting]);
  });

  it('[SYNC-3] one who was told by a broker that began anew is told when it waits no more', () => {
    const { stand, device, pair } = busy();
    device.loop(scope, 'WAITING_ON_INPUT');
    stand.flush();
    stand.mirror.flush();
    pair.cut();
    stand.peer().send({ type: 'abort_message', request_id: 'a', runtime: scope });
    stand.flush();
    stand.restart();
    const client = stand.peer();
    client.send({ type: 'sync', request_id: 's', runtime: scope });
    stand.flush();
    expect(client.of('update_loop_status')).toMatchObject([
      { loop_status: { waiting_for: { kind: 'device' } } },
    ]);
    client.clear();
    stand.link(device);
    stand.flush();
    expect(client.of('update_loop_status').at(-1)?.loop_status).not.toHaveProperty('waiting_for');
  });

  it('[SYNC-3] what was on its way to a device that went is shown to wait here again', () => {
    const { stand, device, pair, client } = busy();
    pair.cut();
    client.send(say('m-1'));
    stand.flush();
    device.handlers.set('input', () => undefined);
    const again = stand.link(device);
    // As a device does when it takes what it has not answered yet.
    device.emit(scope, { type: 'update_queue', queue: [], removed: [] });
    stand.flush();
    expect(client.of('update_queue').at(-1)).toMatchObject({ queue: [] });
    again.cut();
    stand.flush();
    expect(client.of('update_queue').at(-1)).toMatchObject({ queue: [{ client_message_id: 'm-1' }] });
  });

  it('[SYNC-3] what waits is shown no longer once it is taken', async () => {
    const { stand, device, pair, client } = busy();
    pair.cut();
    client.send(say('m-1'));
    client.send(say('m-2'));
    stand.flush();
    client.clear();
    stand.link(device);
    stand.flush();
    await stand.clock.advance(100);
    stand.flush();
    const shown = client.of('update_queue').at(-1);
    expect(list(shown?.queue).map((item) => fields(item).client_message_id)).toEqual(['on-device']);
  });

  it('a conversation that was deleted is forgotten', () => {
    const { stand, device, client } = busy();
    device.handlers.set('agent_delete', (frame) =>
      device.send({
        type: 'agent_delete_response',
        request_id: frame.request_id,
        success: true,
        agent_id: 'agent-1',
      }),
    );
    client.send({ type: 'agent_delete', request_id: 'd', agent_id: 'agent-1' });
    stand.flush();
    expect(client.of('agent_delete_response')).toMatchObject([{ success: true }]);
    expect(stand.mirror.head(scope)).toBe(null);
    expect(stand.mirror.latest(scope)).toEqual([]);
  });
});
