import { describe, expect, it } from 'vitest';
import { manualPair } from '../link/memory.ts';
import { limits } from '../protocol/limits.ts';
import { owner } from '../protocol/privileges.ts';
import { hubStand } from '../testing/hub-stand.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});

describe('a session', () => {
  it('speaks its own dialect beside others', () => {
    const { device, flush, peer } = hubStand();
    const seed = peer();
    const stock = peer({ appServer: true });
    const own = peer();
    own.send({ type: 'client_hello', request_id: 'h' });
    for (const client of [seed, stock, own])
      client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    flush();
    device.receipt(scope, 'cm-1', 'accepted');
    flush();
    const types = [seed, stock, own].map((client) => client.frames().map((frame) => frame.type));
    expect(types).toEqual([
      ['abort_message_response', 'cancel_ack'],
      ['abort_message_response'],
      ['hello', 'abort_message_response', 'input_receipt'],
    ]);
    expect(own.frames()[0]).toMatchObject({ request_id: 'h', success: true, version: '0.0.0-test' });
  });

  it('that began as another becomes a farhand one with its hello', () => {
    const { device, flush, peer } = hubStand();
    const client = peer();
    client.send({ type: 'resume_queue', runtime: scope });
    client.send({ type: 'client_hello' });
    flush();
    device.receipt(scope, 'cm-1', 'accepted');
    flush();
    expect(client.frames()).toMatchObject([{ type: 'hello' }, { type: 'input_receipt' }]);
  });

  it('ends with the device, and one that comes later is turned away', () => {
    const { link, hub, flush, peer } = hubStand();
    const client = peer();
    flush();
    link.cut();
    flush();
    expect(client.closed()).toBe(1012);
    const late = manualPair();
    hub.accept(late.b, { principal: owner('direct'), hears: 'all' });
    expect(late.b.open).toBe(false);
  });

  it('leaves nothing behind when its client goes', async () => {
    const { device, clock, flush, peer } = hubStand();
    device.handlers.set('agent_list', () => undefined);
    const client = peer({ hears: 'all' });
    client.send({ type: 'agent_list', request_id: 'a' });
    flush();
    expect(clock.pending).toBe(1);
    client.pair.a.close();
    flush();
    expect(clock.pending).toBe(0);
    device.emit(scope, text('nobody'));
    device.send({ type: 'agent_list_response', request_id: device.heard[0]?.request_id, success: true });
    flush();
    expect(client.texts).toEqual([]);
  });

  it('[LINK-3] that reads nothing is cut off when its answers pile up', () => {
    const { device, link, flush, peer } = hubStand();
    const client = peer();
    const agents = [{ id: 'x'.repeat(limits.unsent) }];
    device.handlers.set('agent_list', (frame) =>
      device.send({ type: 'agent_list_response', request_id: frame.request_id, success: true, agents }),
    );
    for (let n = 0; n < 20; n++) client.send({ type: 'agent_list', request_id: `${n}` });
    for (let n = 0; n < 20; n++) client.pair.flushOne('b');
    link.flush();
    expect(client.pair.b.open).toBe(false);
    flush();
    expect(client.closed()).toBe(4408);
  });
});
