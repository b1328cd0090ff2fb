import { describe, expect, it } from 'vitest';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { type StationPeer, stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const syncFrom = (after_event_seq: number, log_id: string) => ({
  type: 'sync',
  request_id: 's',
  runtime: scope,
  log_id,
  after_event_seq,
});

/** A broker that told three events, kept the first and died; `log`: the log that they are of. */
function crashed() {
  const stand = stationStand();
  const device = new LinkedDevice();
  const pair = stand.link(device);
  device.emit(scope, text('one'));
  stand.flush();
  stand.mirror.flush();
  device.emit(scope, text('two'));
  device.emit(scope, text('three'));
  stand.flush();
  const log = stand.mirror.head(scope)?.log_id ?? '';
  stand.restart();
  expect(stand.mirror.head(scope)).toMatchObject({ event_seq: 1 });
  return { stand, device, pair, log };
}
const seqs = (client: StationPeer) => client.of('stream_delta').map(({ event_seq }) => event_seq);

/** What a client at that number shows last of each state: one that is older than what it was told it passes over (SYNC-1). */
const shownAt = (client: StationPeer, at: number) => {
  const told = client.frames().filter((frame) => frame.snapshot === true && frame.event_seq === at);
  return Object.fromEntries(told.map((frame) => [frame.type, frame]));
};

describe('a broker that has lost the end of what it told', () => {
  it('[SYNC-3] takes the cursor of a client that is ahead of it, and tells it nothing twice', () => {
    const { stand, device, log } = crashed();
    const client = stand.peer();
    client.send(syncFrom(3, log));
    stand.flush();
    expect(client.of('sync_response')).toMatchObject([{ verdict: 'ok', log_id: log, head: 1 }]);
    stand.link(device);
    stand.flush();
    device.emit(scope, text('four'));
    stand.flush();
    expect(seqs(client)).toEqual([4]);
  });

  it('[SYNC-3] also where it has lost the whole conversation', () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    stand.link(device);
    device.emit(scope, text('one'));
    stand.flush();
    const log = stand.mirror.head(scope)?.log_id ?? '';
    stand.restart();
    const client = stand.peer();
    client.send(syncFrom(1, log));
    stand.flush();
    expect(client.of('sync_response')).toMatchObject([{ verdict: 'ok', log_id: log, head: 0 }]);
    stand.link(device);
    device.emit(scope, text('two'));
    stand.flush();
    expect(seqs(client)).toEqual([2]);
  });

  it('[SYNC-3] says how things are once it has heard that again, to a client that was ahead of it', async () => {
    const stand = stationStand();
    const device = new LinkedDevice();
    const pair = stand.link(device);
    device.emit(scope, text('one'));
    stand.flush();
    pair.cut();
    const client = stand.peer();
    client.send(syncFrom(0, ''));
    client.send(say('m-1'));
    stand.flush();
    stand.mirror.flush();
    expect(shownAt(client, 1).update_queue).toMatchObject({ queue: [{ id: 'parked-1' }] });
    stand.link(device);
    stand.flush();
    // Taken, and the broker dies before it has said so.
    device.loop(scope, 'PROCESSING_API_RESPONSE', ['run-1']);
    stand.flush();
    expect(stand.inbox.all()).toEqual([]);
    const log = stand.mirror.head(scope)?.log_id ?? '';
    stand.restart();
    expect(stand.mirror.head(scope)).toMatchObject({ event_seq: 1 });

    const again = stand.peer();
    again.send(syncFrom(2, log));
    stand.flush();
    expect(shownAt(again, 2)).toEqual({});
    stand.link(device);
    stand.flush();
    await stand.clock.advance(1_000);
    stand.flush();
    expect(seqs(again)).toEqual([]);
    const { update_queue: queue, update_device_status: status, update_loop_status: loop } = shownAt(again, 2);
    expect(queue).toMatchObject({ queue: [] });
    expect(status).toMatchObject({ device_status: { is_online: true } });
    expect(loop).toMatchObject({ loop_status: { status: 'PROCESSING_API_RESPONSE' } });
  });

  it('[SYNC-3] lets it sync again once it turns out that the device was put back', () => {
    const { stand, device, log } = crashed();
    const client = stand.peer();
    client.send(syncFrom(3, log));
    stand.flush();
    device.forgetFeed('feed-1');
    device.emit(scope, text('another'));
    stand.link(device);
    stand.flush();
    expect(client.closed()).toBe(4408);
    const again = stand.peer();
    again.send(syncFrom(3, log));
    stand.flush();
    expect(again.of('sync_response')).toMatchObject([{ verdict: 'reset', head: 1 }]);
    expect(seqs(again)).toEqual([1]);
  });
});

it('[SYNC-3] a client that is there when a device comes back with an older store syncs again', () => {
  const stand = stationStand();
  const device = new LinkedDevice();
  const pair = stand.link(device);
  const client = stand.peer();
  client.send({ type: 'sync', runtime: scope });
  for (const word of ['one', 'two']) device.emit(scope, text(word));
  stand.flush();
  pair.cut();
  device.forgetFeed('feed-1');
  device.emit(scope, text('another'));
  stand.link(device);
  stand.flush();
  expect(client.closed()).toBe(4408);
});
