import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import type { Principal } from '../protocol/privileges.ts';
import { hubStand } from '../testing/hub-stand.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const start = { type: 'runtime_start', request_id: 's', agent_id: 'agent-1', conversation_id: 'conv-1' };

/** A device that answers with snapshots before or after its reply. */
function stand(order: 'first' | 'last', success = true) {
  const all = hubStand();
  const { device } = all;
  device.emit(scope, text('before'));
  device.handlers.set('runtime_start', ({ request_id }) => {
    const now = { runtime: scope, snapshot: true, event_seq: 1 };
    const snapshots = [
      { type: 'update_loop_status', request_id, ...now },
      { type: 'update_queue', request_id, ...now, queue: [] },
      { type: 'control_request', request_id: 'perm-1', request: {}, ...now },
    ];
    const reply = { type: 'runtime_start_response', request_id, runtime: success ? scope : null, success };
    for (const frame of order === 'first' ? [...snapshots, reply] : [reply, ...snapshots]) device.send(frame);
  });
  return all;
}

const types = (frames: readonly Frame[]) =>
  frames.map(({ type, event_seq: seq, snapshot }) => (snapshot ? type : (seq ?? type)));

describe('a command that begins something', () => {
  const told = ['update_loop_status', 'update_queue', 'control_request'];
  it.each([
    ['first', [...told, 'runtime_start_response', 2]],
    ['last', ['runtime_start_response', ...told, 2]],
  ] as const)(
    'tells its asker the snapshots as they come, %s, and it follows from then on',
    (order, story) => {
      const { device, flush, peer } = stand(order);
      const [client, bystander] = [peer({ appServer: true }), peer({ appServer: true })];
      bystander.send({ type: 'resume_queue', runtime: scope });
      flush();
      client.send(start);
      flush();
      device.emit(scope, text('after'));
      flush();
      expect(types(client.frames())).toEqual(story);
      expect(client.frames().find(({ type }) => type === 'control_request')).toMatchObject({
        request_id: 'perm-1',
      });
      expect(client.frames().find(({ type }) => type === 'update_queue')).not.toHaveProperty('request_id');
      expect(types(bystander.frames())).toEqual([2]);
    },
  );

  it('leads nowhere when it fails', () => {
    const { device, flush, peer } = stand('last', false);
    const client = peer({ appServer: true });
    client.send(start);
    flush();
    device.emit(scope, text('after'));
    flush();
    expect(types(client.frames())).not.toContain(2);
  });

  it('[SEC-12] leads nowhere beyond reach or without the privilege to observe', () => {
    const sender: Principal = { principal: 'ci', privileges: ['send'], origin: 'broker' };
    for (const who of [{ reach: { agents: ['agent-1'] } }, { principal: sender }]) {
      const { device, flush, peer } = stand('last');
      const client = peer({ appServer: true, ...who });
      client.send({ ...start, agent_id: 'principal' in who ? 'agent-1' : 'agent-2' });
      flush();
      device.emit(scope, text('after'));
      flush();
      expect(client.frames()).toMatchObject([{ success: false, error_code: 'forbidden' }]);
      expect(device.heard).toEqual([]);
    }
  });

  it('and a snapshot that nobody asked for is told to nobody', () => {
    const { device, flush, peer } = stand('last');
    const client = peer({ appServer: true });
    client.send({ type: 'agent_list', request_id: 'a' });
    flush();
    const [{ request_id } = {} as Frame] = device.heard;
    device.send({
      type: 'update_queue',
      request_id,
      runtime: scope,
      snapshot: true,
      event_seq: 1,
      queue: [],
    });
    flush();
    expect(types(client.frames())).toEqual(['agent_list_response']);
  });
});
