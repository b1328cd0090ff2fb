import { describe, expect, it } from 'vitest';
import { scope, standWith, text, watch } from '../testing/follow-watch.ts';

const snapshots = ['update_loop_status', 'update_queue'];

describe('[SYNC-2] a follower', () => {
  it('from now on hears how things are and then every event', async () => {
    const stand = standWith(3);
    const { follower, story } = watch(stand.connect());
    expect(follower.cursor).toBeNull();
    await stand.settle();
    stand.device.emit(scope, text('live'));
    await stand.settle();
    expect(story).toEqual(['online', ...snapshots, 'synced snapshot 3', 4]);
    expect(follower.cursor).toEqual({ log_id: 'log-1', after_event_seq: 4 });
  });

  it('from the start hears the whole story', async () => {
    const stand = standWith(3);
    const { story, texts } = watch(stand.connect(), 'start');
    await stand.settle();
    expect(story).toEqual(['online', 1, 2, 3, ...snapshots, 'synced ok 3']);
    expect(texts()).toEqual(stand.device.stored(scope));
  });

  it('goes on where it was after a lost connection', async () => {
    const stand = standWith(1);
    const { story } = watch(stand.connect());
    await stand.settle();
    stand.cut();
    stand.device.emit(scope, text('missed'));
    await stand.settle();
    expect(story).toEqual([
      'online',
      ...snapshots,
      'synced snapshot 1',
      'offline',
      'online',
      2,
      ...snapshots,
      'synced ok 2',
    ]);
  });

  it('goes on where it was after the device was restarted', async () => {
    const stand = standWith(1);
    const { story } = watch(stand.connect());
    await stand.settle();
    stand.restart();
    stand.device.emit(scope, text('after'));
    await stand.settle();
    expect(story.slice(4)).toEqual(['offline', 'online', 2, ...snapshots, 'synced ok 2']);
  });

  it('goes on from a cursor that was kept', async () => {
    const stand = standWith(4);
    const { story } = watch(stand.connect(), { log_id: 'log-1', after_event_seq: 2 });
    await stand.settle();
    expect(story).toEqual(['online', 3, 4, ...snapshots, 'synced ok 4']);
  });

  it('is told what is lost before it is told what comes after', async () => {
    const stand = standWith(5);
    stand.device.trim(scope, 3);
    const { story } = watch(stand.connect(), { log_id: 'log-1', after_event_seq: 1 });
    await stand.settle();
    expect(story).toEqual(['online', 'gap 2-3', 4, 5, ...snapshots, 'synced gap 5']);
  });

  it('is told to begin anew when the log is another, also when the numbers would fit', async () => {
    const stand = standWith(2);
    const { follower, story } = watch(stand.connect());
    await stand.settle();
    stand.cut();
    stand.device.renew(scope);
    for (let n = 0; n < 4; n++) stand.device.commit(scope, text(`new ${n}`));
    stand.device.trim(scope, 2);
    await stand.settle();
    expect(story.slice(4)).toEqual([
      'offline',
      'online',
      'reset',
      'gap 1-2',
      3,
      4,
      ...snapshots,
      'synced reset 4',
    ]);
    expect(follower.cursor).toEqual({ log_id: 'log-2', after_event_seq: 4 });
  });

  it('notices an event that never came, and fetches it within a second', async () => {
    const stand = standWith(0);
    const { story } = watch(stand.connect(), 'start');
    await stand.settle();
    const [pair] = stand.pairs;
    stand.device.emit(scope, text('lost'));
    stand.hub().link.flush();
    pair?.drop('a');
    stand.device.emit(scope, text('two'));
    await stand.settle();
    expect(story.slice(4)).toEqual([]);
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(story.slice(4)).toEqual([1, 2, ...snapshots, 'synced ok 2']);
  });

  it('notices that the end of what it missed never came', async () => {
    const stand = standWith(3);
    const { story } = watch(stand.connect(), 'start');
    await stand.clock.advance(0);
    const [pair] = stand.pairs;
    pair?.flushOne('b');
    pair?.flushOne('b');
    stand.hub().link.flush();
    pair?.flushOne('a');
    pair?.flushOne('a');
    for (let n = 0; n < 4; n++) pair?.drop('a');
    expect(pair?.waiting('a')).toEqual([expect.stringContaining('sync_response')]);
    await stand.settle();
    expect(story).toEqual(['online', 1]);
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(story).toEqual(['online', 1, 2, 3, ...snapshots, 'synced ok 3']);
  });

  it('passes over a snapshot that is older than what it was told', async () => {
    const stand = standWith(2);
    const { story } = watch(stand.connect());
    await stand.settle();
    const old = { type: 'update_queue', runtime: scope, snapshot: true, queue: [] };
    stand.pairs[0]?.b.send(JSON.stringify({ ...old, event_seq: 1 }));
    stand.pairs[0]?.b.send(JSON.stringify({ ...old, event_seq: 2 }));
    await stand.settle();
    expect(story.slice(4)).toEqual(['update_queue']);
  });

  it('keeps the progress that it made before the connection broke', async () => {
    const stand = standWith(10);
    const { follower, story } = watch(stand.connect(), { log_id: 'log-1', after_event_seq: 0 });
    await stand.clock.advance(0);
    const [pair] = stand.pairs;
    for (let n = 0; n < 4; n++) pair?.flushOne('b');
    for (let n = 0; n < 6; n++) pair?.flushOne('a');
    expect(follower.cursor?.after_event_seq).toBeGreaterThan(3);
    const reached = Number(follower.cursor?.after_event_seq);
    stand.cut();
    await stand.settle();
    expect(story.filter((one) => typeof one === 'number')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(stand.device.heard.at(-1)).toMatchObject({ after_event_seq: reached });
  });

  it('beside another one of the same conversation hears each event once, as that one does', async () => {
    const stand = standWith(3);
    const client = stand.connect();
    const first = watch(client);
    await stand.settle();
    stand.device.emit(scope, text('four'));
    await stand.settle();
    const second = watch(client, 'start');
    await stand.settle();
    stand.device.emit(scope, text('five'));
    await stand.settle();
    const numbers = (story: unknown[]) => story.filter((one) => typeof one === 'number');
    expect(numbers(first.story)).toEqual([4, 5]);
    expect(numbers(second.story)).toEqual([1, 2, 3, 4, 5]);
  });

  it('tries again when a sync fails for the moment, and says so when it fails for good', async () => {
    const stand = standWith(1);
    const refuse = (error_code: string) =>
      stand.device.handlers.set('sync', (frame) =>
        stand.device.send({
          type: 'sync_response',
          request_id: frame.request_id,
          success: false,
          error_code,
          error: 'no',
        }),
      );
    refuse('store_failed');
    const { story } = watch(stand.connect(), 'start');
    await stand.settle();
    refuse('agent_not_found');
    await stand.clock.advance(2_000);
    await stand.settle();
    expect(story).toEqual(['online', 'failed agent_not_found']);
    stand.device.handlers.delete('sync');
    stand.cut();
    await stand.settle();
    expect(story.slice(2)).toEqual(['offline', 'online', 1, ...snapshots, 'synced ok 1']);
  });

  it('that is stopped before its sync is answered hears nothing', async () => {
    const stand = standWith(1);
    const { follower, story } = watch(stand.connect());
    await stand.clock.advance(0);
    follower.stop();
    await stand.settle();
    expect(story).toEqual(['online']);
    expect(follower.cursor).toBeNull();
  });

  it('hears nothing any more once it is stopped', async () => {
    const stand = standWith(1);
    const { follower, story } = watch(stand.connect());
    await stand.settle();
    follower.stop();
    stand.device.emit(scope, text('late'));
    stand.cut();
    await stand.settle();
    expect(story).toHaveLength(4);
  });
});
