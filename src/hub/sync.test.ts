import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
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
const story = (peer: Peer) => peer.frames().map((frame) => (isEvent(frame) ? frame.event_seq : frame.type));
const verdict = (peer: Peer) => peer.frames().find((frame) => frame.type === 'sync_response');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

function standWith(events: number) {
  const stand = hubStand();
  for (let n = 0; n < events; n++) stand.device.commit(scope, text(`${n}`));
  return stand;
}

describe('[SYNC-1] a sync', () => {
  it('replays what was missed, then tells how things are, then answers, and goes on live', () => {
    const { device, flush, peer } = standWith(5);
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 2 }));
    flush();
    device.emit(scope, text('live'));
    flush();
    expect(story(client)).toEqual([3, 4, 5, 'update_loop_status', 'update_queue', 'sync_response', 6]);
    expect(client.texts.slice(0, 3)).toEqual(device.stored(scope).slice(2, 5));
    expect(verdict(client)).toMatchObject({
      request_id: 's',
      log_id: 'log-1',
      head: 5,
      verdict: 'ok',
      success: true,
    });
    expect(verdict(client)).not.toHaveProperty('from');
  });

  it('tells also the tool request that waits, under its own id and to the asker alone', () => {
    const { device, flush, peer } = standWith(1);
    device.pending.push({
      type: 'control_request',
      request_id: 'perm-call_1',
      request: { subtype: 'can_use_tool' },
    });
    const bystander = peer(farhand);
    bystander.send(sync());
    flush();
    const before = bystander.texts.length;
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 0 }));
    flush();
    expect(story(client)).toEqual([
      1,
      'update_loop_status',
      'update_queue',
      'control_request',
      'sync_response',
    ]);
    expect(client.frames()[3]).toMatchObject({ request_id: 'perm-call_1', snapshot: true });
    expect(client.frames()[1]).not.toHaveProperty('request_id');
    expect(bystander.texts).toHaveLength(before);
  });

  it('holds the answer back until a slow reader has had every event it speaks of', () => {
    const { device, link, flush, peer } = standWith(0);
    for (let n = 0; n < 30; n++) device.commit(scope, text('x'.repeat(100_000)));
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 0 }));
    client.pair.flushOne('b');
    link.flush();
    const sent = client.pair.waiting('a').length;
    expect(sent).toBeLessThan(30);
    device.emit(scope, text('live'));
    link.flush();
    expect(client.pair.waiting('a')).toHaveLength(sent);
    flush();
    expect(story(client)).toEqual([
      ...range(1, 30),
      'update_loop_status',
      'update_queue',
      'sync_response',
      31,
    ]);
  });

  it('is never ahead of what the device has said, so that no snapshot is older than the events before it', () => {
    const { device, link, flush, peer } = standWith(0);
    for (let n = 0; n < 30; n++) device.commit(scope, text('x'.repeat(100_000)));
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 0 }));
    client.pair.flushOne('b');
    link.flush();
    const onItsWay = device.commit(scope, text('committed, not yet said'));
    flush();
    expect(story(client)).toEqual([...range(1, 30), 'update_loop_status', 'update_queue', 'sync_response']);
    device.send(JSON.parse(onItsWay) as Frame);
    flush();
    expect(story(client).at(-1)).toBe(31);
  });

  it('answers with a snapshot only after the events that it reflects, which may be more than there were at the ask', () => {
    const { device, link, flush, peer } = standWith(1);
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 0 }));
    client.pair.flushOne('b');
    device.emit(scope, text('two'));
    device.commit(scope, text('three'));
    link.flush();
    flush();
    expect(story(client)).toEqual([1, 2, 3, 'update_loop_status', 'update_queue', 'sync_response']);
    expect(verdict(client)).toMatchObject({ head: 3 });
  });

  it('without a cursor replays nothing, and takes nothing away that was still to come', () => {
    const { device, flush, peer } = standWith(3);
    const client = peer(farhand);
    client.send(sync());
    flush();
    expect(seqs(client)).toEqual([]);
    expect(verdict(client)).toMatchObject({ verdict: 'snapshot', head: 3, log_id: 'log-1' });
    const onItsWay = device.commit(scope, text('four'));
    client.send(sync({ request_id: 't' }));
    client.pair.flushOne('b');
    device.send(JSON.parse(onItsWay) as Frame);
    flush();
    expect(seqs(client)).toEqual([4]);
  });

  it('of a conversation that is not there answers idle', () => {
    const { flush, peer } = hubStand();
    const client = peer(farhand);
    client.send(sync());
    client.send(sync({ request_id: 't', log_id: 'gone', after_event_seq: 9 }));
    flush();
    const answers = client.frames().filter((frame) => frame.type === 'sync_response');
    expect(answers).toMatchObject([
      { log_id: null, head: 0, verdict: 'snapshot' },
      { log_id: null, head: 0, verdict: 'reset' },
    ]);
  });

  it('that the device refuses is answered with its failure, and nothing is held any longer', () => {
    const { device, flush, peer } = standWith(2);
    device.handlers.set('sync', (frame) => {
      device.answerSync(frame, 1);
      device.send({
        type: 'sync_response',
        request_id: frame.request_id,
        success: false,
        error_code: 'store_failed',
      });
    });
    const client = peer(farhand);
    client.send(sync());
    flush();
    expect(client.frames().at(-1)).toEqual({
      type: 'sync_response',
      request_id: 's',
      success: false,
      error_code: 'store_failed',
    });
  });

  it('[ERR-1] that the device never answers ends with the deadline, and the next one is answered', async () => {
    const { device, clock, link, flush, peer } = standWith(1);
    device.handlers.set('sync', (frame) =>
      device.answerSync(frame, frame === device.heard[0] ? 0 : undefined),
    );
    const client = peer(farhand);
    client.send(sync({ after_event_seq: 0 }));
    flush();
    await clock.advance(30_000);
    flush();
    expect(client.frames()).toMatchObject([
      { event_seq: 1 },
      { type: 'sync_response', success: false, error_code: 'deadline' },
    ]);
    device.pending.push({ type: 'control_request', request_id: 'perm-call_1', request: {} });
    for (let n = 0; n < 30; n++) device.commit(scope, text('x'.repeat(100_000)));
    client.send(sync({ request_id: 't', after_event_seq: 1 }));
    client.pair.flushOne('b');
    link.flush();
    flush();
    const answer = ['update_loop_status', 'update_queue', 'control_request', 'sync_response'];
    expect(story(client).slice(2)).toEqual([...range(2, 31), ...answer]);
    expect(client.frames().at(-1)).toMatchObject({ request_id: 't', verdict: 'ok' });
  });

  it('of two scopes and without request ids is answered for each', () => {
    const { device, flush, peer } = standWith(2);
    device.commit(other, text('other'));
    const client = peer();
    client.send({ type: 'sync', runtime: scope, after_event_seq: 1 });
    client.send({ type: 'sync', runtime: other, after_event_seq: 0 });
    flush();
    const told = client
      .frames()
      .map((frame) => [frame.type, (frame.runtime as { conversation_id: string }).conversation_id]);
    expect(told).toEqual([
      ['stream_delta', 'conv-1'],
      ['stream_delta', 'conv-2'],
      ['update_loop_status', 'conv-1'],
      ['update_queue', 'conv-1'],
      ['update_loop_status', 'conv-2'],
      ['update_queue', 'conv-2'],
    ]);
  });

  it('with a cursor that is none moves nothing: the device refuses it', () => {
    const { device, flush, peer } = standWith(3);
    device.handlers.set('sync', (frame) =>
      device.send({
        type: 'sync_response',
        request_id: frame.request_id,
        success: false,
        error_code: 'frame_invalid',
      }),
    );
    const client = peer(farhand);
    client.send(sync({ after_event_seq: -1 }));
    flush();
    expect(client.frames()).toEqual([
      { type: 'sync_response', request_id: 's', success: false, error_code: 'frame_invalid' },
    ]);
  });
});

describe('[SYNC-3] the verdict', () => {
  it('is gap where retention took what was missed, and the replay goes on after it', () => {
    const { device, flush, peer } = standWith(6);
    device.trim(scope, 4);
    const client = peer(farhand);
    client.send(sync({ log_id: 'log-1', after_event_seq: 1 }));
    flush();
    expect(seqs(client)).toEqual([5, 6]);
    expect(verdict(client)).toMatchObject({ verdict: 'gap', from: 2, to: 4, head: 6 });
  });

  it('is reset where the cursor is of another log, and the replay starts anew', () => {
    const { device, flush, peer } = standWith(3);
    device.trim(scope, 1);
    for (const [n, cursor] of [
      { log_id: 'log-0', after_event_seq: 2 },
      { log_id: 'log-1', after_event_seq: 4 },
    ].entries()) {
      const client = peer(farhand);
      client.send(sync(cursor));
      flush();
      expect([n, seqs(client)]).toEqual([n, [2, 3]]);
      expect(verdict(client)).toMatchObject({ verdict: 'reset', log_id: 'log-1', from: 1, to: 1 });
    }
  });

  it('is ok where everything is there', () => {
    const { device, flush, peer } = standWith(3);
    device.trim(scope, 1);
    const client = peer(farhand);
    client.send(sync({ log_id: 'log-1', after_event_seq: 3 }));
    flush();
    expect(seqs(client)).toEqual([]);
    expect(verdict(client)).toMatchObject({ verdict: 'ok', head: 3 });
  });
});

it('a log that cannot be read ends only the session that reads it', () => {
  const { device, flush, peer } = standWith(2);
  const live = peer({ ...farhand, hears: 'all' });
  device.emit(scope, text('three'));
  flush();
  device.fault = new Error('the disk is gone');
  const reader = peer(farhand);
  reader.send(sync({ after_event_seq: 0 }));
  flush();
  expect(reader.closed()).toBe(1011);
  expect(live.closed()).toBeNull();
  expect(seqs(live)).toEqual([3]);
});
