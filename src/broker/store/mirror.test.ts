import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stateTypes } from './mirror.ts';
import type { BrokerStore } from './store.ts';
import { agentA, agentB, noAgent, readAll, TestHome } from './test-home.ts';

let home: TestHome;
let store: BrokerStore;
beforeEach(() => {
  home = new TestHome();
  store = home.open();
});
afterEach(() => home.leave());

/** The same in memory and, after that, from the file. */
function both(check: (store: BrokerStore) => void): void {
  check(store);
  store.close();
  check(home.open());
}

describe('the log of a mirror', () => {
  it('[SEQ-4] gives back what was appended, byte for byte, and knows its head', () => {
    const texts = ['{"a":1}', '{ "a" : "ü€🙂" }', '{"\\ud800":"\\u0000"}'];
    const mirror = store.mirror('env-1');
    texts.forEach((text, i) => {
      expect(mirror.append(agentA, 'log-1', i + 1, text)).toBe(true);
    });
    mirror.append(noAgent, 'log-2', 1, 'other');
    both((it) => {
      expect(it.mirror('env-1').head(agentA)).toEqual({ log_id: 'log-1', event_seq: 3 });
      expect(it.mirror('env-1').head(agentB)).toBeNull();
      expect(readAll(it.mirror('env-1'), agentA).texts).toEqual(texts);
      expect(readAll(it.mirror('env-1'), noAgent).texts).toEqual(['other']);
      expect(it.mirror('env-1').read(agentB, 0, 1e6)).toEqual({ events: [], gap: null });
    });
  });

  it.each([15, 16, 17, 40])(
    '[SEQ-4] gives back %i events that were written at once, and none of a log that was left',
    (count) => {
      const mirror = store.mirror('env-1');
      for (let seq = 1; seq <= 20; seq++) mirror.append(agentA, 'log-1', seq, 'left');
      const texts = Array.from({ length: count }, (_, n) => `${n}`);
      texts.forEach((text, n) => {
        mirror.append(agentA, 'log-2', n + 1, text);
        mirror.append(agentB, 'log-3', n + 1, `b${text}`);
      });
      store.flush();
      both((it) => {
        expect(readAll(it.mirror('env-1'), agentA).texts).toEqual(texts);
        expect(readAll(it.mirror('env-1'), agentB).texts).toEqual(texts.map((text) => `b${text}`));
      });
      expect(home.query<{ n: number }>('SELECT count(*) AS n FROM event')[0]?.n).toBe(2 * count);
    },
  );

  it('[SEQ-4] passes over what was told before, also after a restart', () => {
    for (const seq of [1, 2]) store.mirror('env-1').append(agentA, 'log-1', seq, `${seq}`);
    both((it) => {
      expect(it.mirror('env-1').append(agentA, 'log-1', 2, 'again')).toBe(false);
      expect(it.mirror('env-1').append(agentA, 'log-1', 1, 'again')).toBe(false);
      expect(readAll(it.mirror('env-1'), agentA).texts).toEqual(['1', '2']);
    });
    expect(home.open().mirror('env-1').append(agentA, 'log-1', 3, '3')).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300, -0])(
    'refuses the number %s and stands as it was',
    (seq) => {
      const mirror = store.mirror('env-1');
      mirror.append(agentA, 'log-1', 1, '1');
      mirror.mark(7);
      expect(mirror.append(agentA, 'log-1', seq, 'x')).toBe(false);
      expect(mirror.append(agentA, 'log-2', seq, 'x')).toBe(false);
      mirror.mark(seq);
      both((it) => {
        expect(it.mirror('env-1').head(agentA)).toEqual({ log_id: 'log-1', event_seq: 1 });
        expect(it.mirror('env-1').feed()).toEqual({ feedId: null, have: seq > 7 && seq < 2 ** 53 ? seq : 7 });
      });
    },
  );

  it('refuses names of logs that are none', () => {
    const mirror = store.mirror('env-1');
    expect(mirror.append(agentA, '', 1, 'x')).toBe(false);
    expect(mirror.append(agentA, 'x'.repeat(257), 1, 'x')).toBe(false);
    expect(mirror.head(agentA)).toBeNull();
  });

  it('forgets the former log when the conversation gets another', () => {
    const mirror = store.mirror('env-1');
    for (const seq of [1, 2, 3]) mirror.append(agentA, 'log-1', seq, `old ${seq}`);
    store.flush();
    mirror.append(agentA, 'log-1', 4, 'old 4');
    mirror.append(agentA, 'log-2', 1, 'new 1');
    both((it) => {
      expect(it.mirror('env-1').head(agentA)).toEqual({ log_id: 'log-2', event_seq: 1 });
      expect(readAll(it.mirror('env-1'), agentA)).toEqual({ seqs: [1], texts: ['new 1'], gaps: [] });
    });
  });

  it('writes no event of a log that is forgotten already', () => {
    const mirror = store.mirror('env-1');
    for (const scope of [agentA, agentB]) mirror.append(scope, 'log-1', 1, 'old');
    mirror.append(agentA, 'log-2', 1, 'new');
    mirror.forget(agentB);
    store.flush();
    expect(home.query('SELECT text FROM event')).toEqual([{ text: 'new' }]);
  });

  it('[SYNC-2] says what it was not told as a gap, where it lies', () => {
    const mirror = store.mirror('env-1');
    for (const seq of [3, 4, 8, 9, 10]) mirror.append(agentA, 'log-1', seq, `${seq}`);
    both((it) => {
      const read = (after: number) => it.mirror('env-1').read(agentA, after, 1e6);
      expect(read(0)).toMatchObject({
        events: [{ event_seq: 3 }, { event_seq: 4 }],
        gap: { from: 1, to: 2 },
      });
      expect(read(1).gap).toEqual({ from: 2, to: 2 });
      expect(read(2).gap).toBeNull();
      expect(read(4)).toMatchObject({ events: [{}, {}, {}], gap: { from: 5, to: 7 } });
      expect(read(9)).toEqual({ events: [{ event_seq: 10, text: '10' }], gap: null });
      expect(read(10)).toEqual({ events: [], gap: null });
      expect(read(99)).toEqual({ events: [], gap: null });
    });
  });

  it('reads in pages of at least one event', () => {
    for (const seq of [1, 2, 3]) store.mirror('env-1').append(agentA, 'log-1', seq, 'ü'.repeat(50));
    both((it) => {
      const read = (maxBytes: number) => it.mirror('env-1').read(agentA, 0, maxBytes).events.length;
      expect([1, 100, 199, 200, 300].map(read)).toEqual([1, 1, 1, 2, 3]);
    });
  });

  it('[LINK-4] keeps the devices apart, whatever they call their conversations and logs', () => {
    store.mirror('env-1').append(agentA, 'log-1', 1, 'one');
    store.mirror('env-2').append(agentA, 'log-1', 5, 'two');
    store.mirror('env-2').begin('feed-2');
    store.mirror('env-2').forget(agentA);
    both((it) => {
      expect(readAll(it.mirror('env-1'), agentA).texts).toEqual(['one']);
      expect(it.mirror('env-2').head(agentA)).toBeNull();
    });
  });
});

describe('the feed of a mirror', () => {
  it('[SEQ-4] is unknown at first, then as far as it was marked', () => {
    const mirror = store.mirror('env-1');
    expect(mirror.feed()).toEqual({ feedId: null, have: 0 });
    mirror.begin('feed-1');
    mirror.mark(2 ** 40);
    mirror.mark(9);
    both((it) => expect(it.mirror('env-1').feed()).toEqual({ feedId: 'feed-1', have: 2 ** 40 }));
  });

  it('[SEQ-4] forgets everything of the one before, also when it is the same', () => {
    const mirror = store.mirror('env-1');
    for (const feedId of ['feed-1', 'feed-2', 'feed-2']) {
      mirror.append(agentA, 'log-1', 5, 'old');
      mirror.append(agentB, 'log-2', 5, 'old');
      mirror.remember(agentA, { type: 'update_queue' });
      mirror.mark(10);
      if (feedId === 'feed-2') store.flush();
      mirror.begin(feedId);
      expect(mirror.head(agentA)).toBeNull();
      expect(mirror.latest(agentA)).toEqual([]);
    }
    mirror.append(agentA, 'log-1', 1, 'new');
    both((it) => {
      expect(it.mirror('env-1').feed()).toEqual({ feedId: 'feed-2', have: 0 });
      expect(readAll(it.mirror('env-1'), agentA)).toEqual({ seqs: [1], texts: ['new'], gaps: [] });
      expect(it.mirror('env-1').head(agentB)).toBeNull();
    });
  });
});

describe('the states of a mirror', () => {
  it('are the last ones that were heard, in their order, through every other change of the log', () => {
    const mirror = store.mirror('env-1');
    for (const type of [...stateTypes].reverse()) mirror.remember(agentA, { type, n: 1 });
    store.flush();
    mirror.remember(agentA, { type: 'update_queue', n: 2 });
    mirror.remember(agentA, { type: 'update_queue', n: 3 });
    mirror.append(agentA, 'log-1', 1, 'x');
    mirror.append(agentA, 'log-2', 1, 'x');
    both((it) => {
      const latest = it.mirror('env-1').latest(agentA);
      expect(latest.map(({ type, n }) => [type, n])).toEqual([
        ['update_device_status', 1],
        ['update_loop_status', 1],
        ['update_queue', 3],
        ['update_subagent_state', 1],
      ]);
      expect(it.mirror('env-1').latest(agentB)).toEqual([]);
    });
  });

  it('are there without any event, and then there is no log', () => {
    store.mirror('env-1').remember(agentA, { type: 'update_queue', n: 1 });
    both((it) => {
      expect(it.mirror('env-1').latest(agentA)).toEqual([{ type: 'update_queue', n: 1 }]);
      expect(it.mirror('env-1').head(agentA)).toBeNull();
      expect(it.mirror('env-1').read(agentA, 0, 1e6)).toEqual({ events: [], gap: null });
    });
  });

  it('are of four types; other frames are passed over', () => {
    store.mirror('env-1').remember(agentA, { type: 'stream_delta' });
    both((it) => expect(it.mirror('env-1').latest(agentA)).toEqual([]));
  });
});

describe('a conversation that was deleted', () => {
  it('is forgotten with all it had, and may come again', () => {
    const mirror = store.mirror('env-1');
    mirror.append(agentA, 'log-1', 1, 'old');
    mirror.remember(agentA, { type: 'update_queue', n: 1 });
    store.flush();
    mirror.append(agentA, 'log-1', 2, 'old');
    mirror.forget(agentA);
    mirror.forget(agentB);
    expect([mirror.head(agentA), mirror.latest(agentA)]).toEqual([null, []]);
    expect(mirror.read(agentA, 0, 1e6)).toEqual({ events: [], gap: null });
    mirror.append(agentA, 'log-1', 1, 'new');
    mirror.forget(agentA);
    mirror.append(agentA, 'log-1', 1, 'newer');
    both((it) => {
      expect(readAll(it.mirror('env-1'), agentA)).toEqual({ seqs: [1], texts: ['newer'], gaps: [] });
      expect(it.mirror('env-1').latest(agentA)).toEqual([]);
    });
  });
});
