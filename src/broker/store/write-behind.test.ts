import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../sqlite/store-error.ts';
import { agentA, agentB, readAll, TestHome } from './test-home.ts';
import { behindLimits } from './write-behind.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.leave());

const mebibyte = 'x'.repeat(1024 * 1024);

describe('what is written behind', () => {
  it('[SEQ-4] is written 50 ms later, with the events before a mark, for all devices at once', async () => {
    const store = home.open();
    for (const id of ['env-1', 'env-2']) {
      store.mirror(id).begin('feed');
      store.mirror(id).append(agentA, 'log-1', 1, 'x');
      store.mirror(id).mark(5);
    }
    const rows = () =>
      home.query<{ feed: string }>('SELECT feed_id, have FROM mirror, event WHERE mirror = mirror.id');
    await home.clock.advance(49);
    expect(rows()).toEqual([]);
    await home.clock.advance(1);
    expect(rows()).toEqual([
      { feed_id: 'feed', have: 5 },
      { feed_id: 'feed', have: 5 },
    ]);
  });

  it('is written at once when much waits', () => {
    const mirror = home.open().mirror('env-1');
    for (const seq of [1, 2, 3, 4]) mirror.append(agentA, 'log-1', seq, mebibyte);
    expect(home.query('SELECT seq FROM event')).toHaveLength(4);
  });

  it('costs no more than one write for any number of changes', async () => {
    const store = home.open();
    const size = () => statSync(join(home.folder, 'broker.db-wal')).size;
    store.mirror('env-1').append(agentA, 'log-1', 1, 'x');
    store.flush();
    const before = size();
    for (let n = 1; n <= 1_000; n++) {
      store.mirror('env-1').mark(n);
      store.mirror('env-1').remember(agentA, { type: 'update_queue', n });
    }
    await home.clock.advance(50);
    expect(size() - before).toBeLessThan(64 * 1024);
    expect(store.mirror('env-1').feed().have).toBe(1_000);
  });
});

describe('a disk that fails', () => {
  it('[SEQ-4] is told about and tried again, and nothing is lost', async () => {
    const store = home.open();
    const mirror = store.mirror('env-1');
    home.disk(false);
    mirror.append(agentA, 'log-1', 1, 'a');
    mirror.mark(1);
    await home.clock.advance(50);
    expect(home.troubles).toHaveLength(1);
    expect(home.troubles[0]).toMatchObject({ error: { code: 'store_failed' } });
    mirror.append(agentA, 'log-1', 2, 'b');
    mirror.forget(agentB);
    expect(mirror.head(agentA)?.event_seq).toBe(2);
    expect(() => mirror.read(agentA, 0, 1e6)).toThrow(StoreError);
    expect(() => store.flush()).toThrow(StoreError);
    // It waits longer from one time to the next.
    await home.clock.advance(7_000);
    expect(home.troubles).toHaveLength(4);
    home.disk(true);
    await home.clock.advance(30_000);
    expect(home.troubles).toHaveLength(4);
    home.crash();
    expect(readAll(home.open().mirror('env-1'), agentA).texts).toEqual(['a', 'b']);
    expect(home.open().mirror('env-1').feed().have).toBe(1);
  });

  it('[SYNC-2] costs the oldest events when memory would not suffice, of the device that told most; they are a gap', async () => {
    const store = home.open();
    const mirror = store.mirror('env-1');
    home.disk(false);
    store.mirror('env-2').append(agentB, 'log-1', 1, 'small');
    const count = behindLimits.most / mebibyte.length + 2;
    for (let seq = 1; seq <= count; seq++) mirror.append(agentA, 'log-1', seq, mebibyte);
    mirror.mark(count);
    const lost = /the oldest (\d+) events/.exec(home.troubles.at(-1)?.what ?? '')?.[1];
    expect(home.troubles.at(-1)?.error).toBeNull();
    home.disk(true);
    store.flush();
    const { seqs, gaps } = readAll(mirror, agentA);
    expect(gaps).toEqual([[1, Number(lost)]]);
    expect(seqs).toHaveLength(count - Number(lost));
    expect(mirror.head(agentA)?.event_seq).toBe(count);
    expect(readAll(store.mirror('env-2'), agentB).texts).toEqual(['small']);
  });

  it('is told about at the end, too', () => {
    const store = home.open();
    home.disk(false);
    store.mirror('env-1').append(agentA, 'log-1', 1, 'a');
    store.close();
    expect(home.troubles).toMatchObject([{ error: { code: 'store_failed' } }]);
    expect(home.clock.pending).toBe(0);
  });
});

describe('a broker that dies', () => {
  it('[SEQ-4] has lost an end of what it was told, and nothing that it counts as heard', () => {
    home.open().close();
    const store = home.open();
    const mirror = store.mirror('env-1');
    mirror.begin('feed-1');
    const told: string[] = [];
    for (let n = 1; n <= 300; n++) {
      const scope = n % 3 === 0 ? agentB : agentA;
      mirror.append(scope, `log-${scope.agent_id}`, n, `${n}`);
      told.push(`${n}`);
      if (n % 4 === 0) mirror.mark(n);
      if (n % 10 === 0) store.flush();
    }
    const wal = join(home.folder, 'broker.db-wal');
    const { size } = statSync(wal);
    const source = home.folder;
    let [least, most] = [300, 0];
    for (let part = 0; part <= 40; part++) {
      // A power failure: the end of the file had not reached the disk.
      home.crash(Math.floor((size * part) / 40));
      const found = home.open().mirror('env-1');
      const texts = [agentA, agentB].flatMap((scope) => readAll(found, scope).texts);
      const have = found.feed().have;
      expect(texts.sort((a, b) => Number(a) - Number(b))).toEqual(told.slice(0, texts.length));
      expect(have).toBeLessThanOrEqual(texts.length);
      expect(texts.length - have).toBeLessThan(10);
      [least, most] = [Math.min(least, texts.length), Math.max(most, texts.length)];
      home.folder = source;
    }
    expect([least, most]).toEqual([0, 300]);
  });
});
