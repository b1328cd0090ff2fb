import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { hubStand, numberedStand } from '../testing/hub-stand.ts';
import { withSeq } from './numbering.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const seqs = (frames: readonly Frame[]) => frames.map(({ seq }) => seq);

describe('[SEQ-3] seq', () => {
  it.each([
    ['{"type":"a"}', '{"type":"a","seq":7}'],
    ['{"type":"a"} \n\t', '{"type":"a","seq":7}'],
    ['{"seq":99,"type":"a"}', '{"seq":99,"type":"a","seq":7}'],
    ['{"type":"a","text":"}","b":{"seq":1}}', '{"type":"a","text":"}","b":{"seq":1},"seq":7}'],
  ])('stands at the end of %j and counts', (before, after) => {
    expect(withSeq(before, 7)).toBe(after);
    expect(JSON.parse(after)).toMatchObject({ seq: 7 });
  });

  it('is one number for all who see the same bytes, and increases for each', () => {
    const { device, flush, peer } = numberedStand();
    const peers = [farhand, farhand, {}, { appServer: true }].map((client) => peer(client));
    for (const one of peers) one.send({ type: 'resume_queue', request_id: 'r', runtime: scope });
    flush();
    for (let n = 0; n < 3; n++) device.emit(scope, text(`${n}`));
    flush();
    const events = peers.map((one) => one.texts.slice(1));
    expect(events).toEqual(Array(4).fill(device.stored(scope).map((line, n) => withSeq(line, 5 + n))));
    expect(peers.map((one) => seqs(one.frames()))).toEqual([1, 2, 3, 4].map((own) => [own, 5, 6, 7]));
  });

  it('is on whatever a client is told but pong and hello', () => {
    const { device, flush, peer } = numberedStand();
    const client = peer();
    for (const type of ['ping', 'client_hello', 'nonsense', 'agent_list'])
      client.send({ type, request_id: 'r' });
    client.send({ type: 'sync', request_id: 's', runtime: scope, after_event_seq: 0 });
    flush();
    device.receipt(scope, 'cm-1', 'accepted');
    flush();
    const told = client.frames().map(({ type, seq }) => [type, seq]);
    expect(told).toEqual([
      ['pong', undefined],
      ['hello', undefined],
      ['error', 1],
      ['agent_list_response', 2],
      ['update_loop_status', 3],
      ['update_queue', 4],
      ['sync_response', 5],
      ['input_receipt', 6],
    ]);
  });

  it('is on replayed events, and on what a dialect adds', () => {
    const { device, flush, peer } = numberedStand();
    for (let n = 0; n < 3; n++) device.commit(scope, text(`${n}`));
    const client = peer();
    client.send({ type: 'sync', runtime: scope, after_event_seq: 1 });
    client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    flush();
    const told = client.frames().map(({ type, seq }) => [type, seq]);
    expect(told).toEqual([
      ['stream_delta', 1],
      ['stream_delta', 2],
      ['update_loop_status', 3],
      ['update_queue', 4],
      ['abort_message_response', 5],
      ['cancel_ack', 6],
    ]);
  });

  it('is not there where a hub does not number: frames are the very bytes stored', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ ...farhand, hears: 'all' });
    client.send({ type: 'client_hello', session: 'x', resume_token: 'y', last_seq: 1 });
    flush();
    device.emit(scope, text('one'));
    flush();
    expect(client.texts.slice(1)).toEqual(device.stored(scope));
    expect(client.frames()[0]).not.toHaveProperty('session');
    expect(client.frames()[0]).not.toHaveProperty('verdict');
  });

  it('may be acknowledged or not', () => {
    const { device, hub, flush, peer } = numberedStand();
    const [acking, silent] = [peer({ ...farhand, hears: 'all' }), peer({ ...farhand, hears: 'all' })];
    for (const one of [acking, silent]) one.send({ type: 'client_hello' });
    flush();
    for (let n = 0; n < 5; n++) device.emit(scope, text(`${n}`));
    flush();
    expect(hub.stats().lag).toBe(0);
    for (const seq of [3, 2, 99, 'x', Number.NaN]) acking.send({ type: 'ack', seq });
    flush();
    expect(hub.stats()).toMatchObject({ sessions: 2, parted: 0, lag: 2 });
    expect([acking, silent].map((one) => one.frames().length)).toEqual([6, 6]);
  });
});
