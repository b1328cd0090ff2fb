import { describe, expect, it } from 'vitest';
import type { Pipe } from '../link/pipe.ts';
import { withListen } from '../link/with-listen.ts';
import { scope, standWith, text, watch } from '../testing/follow-watch.ts';

const snapshots = ['update_loop_status', 'update_queue'];
const numbered = { numbered: true } as const;

function watched<T>(promise: Promise<T>): () => T | undefined {
  let known: T | undefined;
  void promise.then((value) => {
    known = value;
  });
  return () => known;
}

/** Keeps what the client says. */
const overheard =
  (said: Record<string, unknown>[]) =>
  (pipe: Pipe): Pipe => ({
    ...withListen(pipe, (listener) => pipe.listen(listener)),
    send(frame) {
      said.push(JSON.parse(frame));
      pipe.send(frame);
    },
  });

describe('[SEQ-3] a client that comes back to a broker', () => {
  it('goes on with what it missed, without a sync and without anything twice', async () => {
    const stand = standWith(1, numbered);
    const { story, texts } = watch(stand.connect(), 'start');
    await stand.settle();
    stand.cut();
    stand.device.emit(scope, text('missed'));
    await stand.settle();
    stand.device.emit(scope, text('live'));
    await stand.settle();
    expect(story).toEqual(['online', 1, ...snapshots, 'synced ok 1', 'offline', 'online', 2, 3]);
    expect(stand.device.heard.filter(({ type }) => type === 'sync')).toHaveLength(1);
    // The number belongs to the connection: what is told is the stored text.
    expect(texts()).toEqual(stand.device.stored(scope));
  });

  it('is still given the answer to what it asked before', async () => {
    const stand = standWith(0, numbered);
    const client = stand.connect();
    await stand.settle();
    stand.device.handlers.set('agent_delete', () => undefined);
    const done = watched(client.call('agent_delete', { agent_id: 'agent-1' }));
    await stand.settle();
    stand.cut();
    const asked = stand.device.heard.at(-1);
    stand.device.send({
      type: 'agent_delete_response',
      request_id: asked?.request_id,
      success: true,
      agent_id: 'agent-1',
    });
    await stand.settle();
    expect(done()).toMatchObject({ ok: true });
    expect(stand.device.heard.filter(({ type }) => type === 'agent_delete')).toHaveLength(1);
  });

  it('syncs by its cursor where the broker has forgotten it', async () => {
    const stand = standWith(1, numbered);
    const client = stand.connect();
    const { story } = watch(client);
    await stand.settle();
    for (let n = 0; n < 30; n++) stand.device.emit(scope, text(`${n}`));
    stand.device.handlers.set('agent_delete', () => undefined);
    const done = watched(client.call('agent_delete', { agent_id: 'agent-1' }));
    await stand.settle();
    const before = story.length;
    stand.restart();
    stand.device.emit(scope, text('missed'));
    await stand.settle();
    expect(story.slice(before)).toEqual(['offline', 'online', 32, ...snapshots, 'synced ok 32']);
    expect(done()).toMatchObject({ ok: false, failure: { code: 'deadline' } });
    // The numbers of the new broker begin anew, and are gone on from.
    const synced = story.length;
    stand.cut();
    stand.device.emit(scope, text('missed again'));
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(story.slice(synced)).toEqual(['offline', 'online', 33]);
  });

  it('syncs by its cursor where more has happened than the broker keeps', async () => {
    const stand = standWith(1, { numbered: true, ringBytes: 1_000 });
    const { story } = watch(stand.connect());
    await stand.settle();
    stand.cut();
    for (let n = 0; n < 20; n++) stand.device.emit(scope, text('x'.repeat(100)));
    await stand.settle();
    const missed = Array.from({ length: 20 }, (_, n) => n + 2);
    expect(story.slice(4)).toEqual(['offline', 'online', ...missed, ...snapshots, 'synced ok 21']);
  });

  it('goes on with a follower that had not caught up by asking again', async () => {
    const stand = standWith(2, numbered);
    const { story } = watch(stand.connect(), 'start');
    await stand.clock.advance(0);
    stand.pairs[0]?.flushOne('b');
    stand.pairs[0]?.flushOne('a');
    stand.pairs[0]?.flushOne('b');
    stand.cut();
    await stand.settle();
    expect(story).toEqual(['online', 'offline', 'online', 1, 2, ...snapshots, 'synced ok 2']);
  });

  it('sends what it was told to send meanwhile once it knows how it goes on', async () => {
    const stand = standWith(0, numbered);
    const client = stand.connect();
    await stand.settle();
    stand.cut();
    const sent = watched(client.send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true });
    expect(stand.device.taken).toEqual(['cm-1']);
  });

  it('comes back as somebody new when the way back broke in the middle', async () => {
    const stand = standWith(1, numbered);
    const { story } = watch(stand.connect());
    await stand.settle();
    stand.cut();
    await stand.clock.advance(0);
    // The hello arrives, and its answer, with the next token, does not.
    stand.pairs.at(-1)?.flushOne('b');
    stand.cut();
    stand.device.emit(scope, text('missed'));
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(story.filter((one) => typeof one === 'number')).toEqual([2]);
    expect(story.at(-1)).toBe('synced ok 2');
  });

  it('says how far it is after 50 frames, or within a second', async () => {
    const stand = standWith(0, numbered);
    const said: Record<string, unknown>[] = [];
    watch(stand.connect({}, overheard(said)));
    await stand.settle();
    await stand.clock.advance(1_000);
    await stand.settle();
    const acks = () => said.filter(({ type }) => type === 'ack').map(({ seq }) => Number(seq));
    const [first = 0] = acks();
    expect(acks()).toHaveLength(1);
    for (let n = 0; n < 60; n++) stand.device.emit(scope, text(`${n}`));
    await stand.settle();
    expect(acks()).toEqual([first, first + 50]);
    await stand.clock.advance(1_000);
    expect(acks()).toEqual([first, first + 50, first + 60]);
    await stand.clock.advance(10_000);
    expect(acks()).toHaveLength(3);
  });
});
