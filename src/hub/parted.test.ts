import { describe, expect, it } from 'vitest';
import { limits } from '../protocol/limits.ts';
import type { Principal } from '../protocol/privileges.ts';
import { comeBack, numberedStand, type Peer } from '../testing/hub-stand.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const ann: Principal = { principal: 'ann', privileges: ['observe', 'send'], origin: 'broker' };
const contents = (peer: Peer) =>
  peer.frames().flatMap(({ delta }) => (delta ? [(delta as { content: string }).content] : []));

describe('[SEQ-3] a session without a socket', () => {
  it('is kept for two minutes, and its commands are still answered', async () => {
    const { device, clock, hub, flush, greeted } = numberedStand();
    device.handlers.set('agent_list', () => undefined);
    const [first, second] = [greeted(), greeted()];
    first.send({ type: 'agent_list', request_id: 'a' });
    flush();
    first.pair.cut();
    flush();
    await clock.advance(119_000);
    expect(hub.stats()).toMatchObject({ sessions: 1, parted: 1 });
    const again = greeted({}, first);
    expect(again.frames()[1]).toMatchObject({ request_id: 'a', error_code: 'deadline' });
    second.pair.cut();
    await clock.advance(120_000);
    expect(hub.stats()).toMatchObject({ sessions: 1, parted: 0 });
    expect(greeted({}, second).hello.verdict).toBe('reset');
  });

  it('is one of at most a hundred of its principal', () => {
    const { hub, greeted } = numberedStand();
    const ours = Array.from({ length: 101 }, () => greeted({ principal: ann }));
    const theirs = greeted();
    for (const one of [theirs, ...ours]) one.pair.cut();
    expect(hub.stats()).toMatchObject({ sessions: 0, parted: 101 });
    expect(greeted({ principal: ann }, ours[0]).hello.verdict).toBe('reset');
    expect(greeted({ principal: ann }, ours[1]).hello.verdict).toBe('ok');
    expect(greeted({}, theirs).hello.verdict).toBe('ok');
  });

  it.each([1000, 4401, 4403, 4410, 4429])('is over when it was closed with %i', async (code) => {
    const { clock, hub, flush, greeted } = numberedStand();
    const client = greeted();
    client.pair.b.close(code);
    flush();
    expect(hub.stats()).toMatchObject({ sessions: 0, parted: 0, ringBytes: 0 });
    expect(greeted({}, client).hello.verdict).toBe('reset');
    expect(clock.pending).toBe(0);
  });

  it('is over when the hub closes, whether it has a socket or not', () => {
    const { clock, hub, flush, greeted } = numberedStand();
    const [parted, live] = [greeted(), greeted()];
    parted.pair.cut();
    hub.close(1012, 'restart');
    flush();
    expect(live.closed()).toBe(1012);
    expect(hub.stats()).toMatchObject({ sessions: 0, parted: 0 });
    expect(clock.pending).toBe(0);
  });
});

describe('[SEQ-3] a farhand socket', () => {
  it('is told nothing before its hello, so that a session can go on over it', () => {
    const { device, flush, peer, greeted } = numberedStand();
    const filter = { hears: { agentId: 'agent-1' } };
    const client = greeted(filter);
    device.emit(scope, text('one'));
    flush();
    client.pair.cut();
    device.emit(scope, text('two'));
    const again = peer({ ...farhand, ...filter });
    device.emit(scope, text('three'));
    flush();
    expect(again.texts).toEqual([]);
    again.send({ type: 'client_hello', ...comeBack(client) });
    flush();
    expect(again.frames()[0]).toMatchObject({ verdict: 'ok' });
    expect(contents(again)).toEqual(['two', 'three']);
  });

  it('hears what it waited for all the same, with its first word or after a while', async () => {
    const { device, clock, flush, peer } = numberedStand();
    const [pings, silent] = [peer({ ...farhand, hears: 'all' }), peer({ ...farhand, hears: 'all' })];
    device.emit(scope, text('one'));
    flush();
    pings.send({ type: 'ping' });
    flush();
    expect([pings, silent].map(contents)).toEqual([['one'], []]);
    await clock.advance(2_000);
    flush();
    expect(contents(silent)).toEqual(['one']);
  });
});

describe('[LINK-3] a reader that is too slow', () => {
  it('is cut off where a hub numbers as elsewhere', () => {
    const { device, link, flush, greeted } = numberedStand();
    const agents = [{ id: 'x'.repeat(limits.unsent) }];
    device.handlers.set('agent_list', (frame) =>
      device.send({ type: 'agent_list_response', request_id: frame.request_id, success: true, agents }),
    );
    const client = greeted();
    for (let n = 0; n < 20; n++) client.send({ type: 'agent_list', request_id: `${n}` });
    for (let n = 0; n < 20; n++) client.pair.flushOne('b');
    link.flush();
    expect(client.pair.b.open).toBe(false);
    flush();
    expect(client.closed()).toBe(4408);
  });
});
