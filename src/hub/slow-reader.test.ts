import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { hubStand, type Peer } from '../testing/hub-stand.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const other = { agent_id: null, conversation_id: 'conv-2' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const sync = (more: object = {}) => ({ type: 'sync', request_id: 's', runtime: scope, ...more });
const isEvent = (frame: Frame) => frame.snapshot !== true && typeof frame.event_seq === 'number';
const seqs = (peer: Peer) =>
  peer
    .frames()
    .filter(isEvent)
    .map((frame) => frame.event_seq);
const verdict = (peer: Peer) => peer.frames().find((frame) => frame.type === 'sync_response');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('[LINK-3] a slow reader', () => {
  it('costs no memory and delays nobody, and gets every event once when it reads on', () => {
    const { device, link, flush, peer } = hubStand();
    const [slow, quick] = [peer({ ...farhand, hears: 'all' }), peer({ ...farhand, hears: 'all' })];
    let most = 0;
    for (let n = 0; n < 60; n++) {
      device.emit(scope, text('x'.repeat(100_000)));
      device.emit(other, text('y'.repeat(20_000)));
      link.flush();
      quick.pair.flush();
      most = Math.max(most, slow.pair.b.unsent);
    }
    expect(most).toBeLessThan(limits.unsent + 101_000);
    expect(quick.texts).toHaveLength(120);
    expect(device.bytesRead).toBe(0);
    flush();
    const of = (peer: Peer, { conversation_id }: { conversation_id: string }) =>
      peer.texts.filter((line) => line.includes(`"${conversation_id}"`));
    expect(of(slow, scope)).toEqual(device.stored(scope));
    expect(of(slow, other)).toEqual(device.stored(other));
    expect(device.bytesRead).toBeLessThan(60 * 121_000);
  });

  it('[SYNC-3] is told how things were said to be once it has read up to there, and of each state only the last', () => {
    const { device, link, flush, peer } = hubStand();
    const [slow, quick] = [peer({ ...farhand, hears: 'all' }), peer({ ...farhand, hears: 'all' })];
    const restate = (id: string) => {
      link.flush();
      quick.pair.flush();
      const queue = { type: 'update_queue', runtime: scope, queue: [{ id }], removed: [] };
      device.send({ ...queue, snapshot: true, event_seq: seqs(quick).at(-1) });
      link.flush();
    };
    for (let n = 0; n < 30; n++) device.emit(scope, text('x'.repeat(100_000)));
    restate('first');
    restate('second');
    for (let n = 0; n < 3; n++) device.emit(scope, text('y'));
    flush();
    const told = (one: Peer) => one.frames().map(({ event_seq, queue }) => (queue ? queue : event_seq));
    expect(told(quick)).toEqual([...range(1, 30), [{ id: 'first' }], [{ id: 'second' }], 31, 32, 33]);
    expect(told(slow)).toEqual([...range(1, 30), [{ id: 'second' }], 31, 32, 33]);
  });

  it('hears of so many conversations and no more', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ ...farhand, hears: 'all' });
    for (let n = 0; n <= 10_000; n++) device.emit({ agent_id: 'a', conversation_id: `c-${n}` }, text('x'));
    flush();
    expect(client.closed()).toBe(4429);
    expect(client.texts.length).toBeLessThanOrEqual(10_000);
  });

  it('is cut off when retention takes what it had still to read', () => {
    const { device, link, flush, peer } = hubStand();
    const slow = peer({ ...farhand, hears: 'all' });
    // More than what is kept beside the log for those who are a little late.
    for (let n = 0; n < 60; n++) device.emit(scope, text('x'.repeat(100_000)));
    link.flush();
    device.trim(scope, 58);
    flush();
    expect(slow.closed()).toBe(4408);
    const again = peer(farhand);
    again.send(sync({ log_id: 'log-1', after_event_seq: 11 }));
    flush();
    expect(verdict(again)).toMatchObject({ verdict: 'gap', from: 12, to: 58 });
  });
});

describe('[SEQ-5] a log that takes the place of another', () => {
  it.each([
    ['keeps up', true],
    ['is slow', false],
  ])('is heard from its first event on, by a session that %s', (_, quick) => {
    const { device, link, flush, peer } = hubStand();
    const clients = [peer({ ...farhand, hears: 'all' }), peer(farhand)];
    clients[1]?.send({ type: 'resume_queue', runtime: scope });
    flush();
    for (let n = 0; n < 12; n++) device.emit(scope, text('x'.repeat(100_000)));
    if (quick) flush();
    link.flush();
    device.renew(scope);
    for (let n = 0; n < 14; n++) device.emit(scope, text(`new ${n}`));
    flush();
    for (const client of clients) {
      const told = seqs(client);
      expect(told.slice(-14)).toEqual(range(1, 14));
      if (quick) expect(told).toHaveLength(seqs(clients[0] as Peer).length);
    }
    const later = clients[1] as Peer;
    later.send(sync({ log_id: 'log-1', after_event_seq: 9 }));
    flush();
    expect(verdict(later)).toMatchObject({ verdict: 'reset', log_id: 'log-2', head: 14 });
    expect(seqs(later).slice(-14)).toEqual(range(1, 14));
  });
});
