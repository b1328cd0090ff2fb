import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scope } from '../../protocol/shapes.ts';
import { defaultRetention } from './retention.ts';
import type { BrokerStore } from './store.ts';
import { agentA, agentB, message, noAgent, readAll, TestHome } from './test-home.ts';

let home: TestHome;
let store: BrokerStore;
beforeEach(() => {
  home = new TestHome();
  store = home.open();
});
afterEach(() => home.leave());

const hour = 3_600_000;
const day = 24 * hour;
const count = (table: string) => home.query(`SELECT 1 FROM ${table}`).length;
/** Until the keeper has nothing left to do. */
async function trimAll(): Promise<void> {
  store.trim();
  await home.clock.advance(5_000);
}

function tell(id: string, scope: Scope, from: number, to: number, text = 'x'): void {
  for (let seq = from; seq <= to; seq++) store.mirror(id).append(scope, 'log-1', seq, text);
  store.flush();
}

/** What the rows say, against what the mirror's own sum says. */
function expectRightSum(): void {
  const [found] = home.query(`SELECT
    (SELECT sum(octet_length(text) + 100) FROM event) + (SELECT sum(bytes) FROM conversation) AS rows,
    (SELECT sum(bytes) FROM mirror) AS told`);
  expect(found).toMatchObject({ told: (found as { rows: number }).rows });
}

describe('retention of a mirror', () => {
  it('[SYNC-2] takes events after seven days, declares the gap and keeps the head', async () => {
    tell('env-1', agentA, 1, 700);
    store.mirror('env-1').remember(agentA, { type: 'update_queue' });
    store.mirror('env-1').mark(9);
    await home.clock.advance(day);
    tell('env-1', agentA, 701, 703);
    await home.clock.advance(6 * day - hour);
    await trimAll();
    expect(readAll(store.mirror('env-1'), agentA).gaps).toEqual([]);
    await home.clock.advance(hour);
    await trimAll();
    expect(readAll(store.mirror('env-1'), agentA)).toMatchObject({ seqs: [701, 702, 703], gaps: [[1, 700]] });
    await home.clock.advance(day);
    await trimAll();
    const reopened = home.open().mirror('env-1');
    expect(reopened.read(agentA, 5, 1e6)).toEqual({ events: [], gap: { from: 6, to: 703 } });
    expect(reopened.head(agentA)).toEqual({ log_id: 'log-1', event_seq: 703 });
    expect(reopened.append(agentA, 'log-1', 703, 'again')).toBe(false);
    expect(reopened.latest(agentA)).toHaveLength(1);
    expect(reopened.feed().have).toBe(9);
  });

  it('goes in bounded batches, by itself, also when nobody asks', async () => {
    tell('env-1', agentA, 1, 1_200);
    await home.clock.advance(7 * day);
    expect(count('event')).toBe(1_200);
    await home.clock.advance(10 * 60_000 - 1);
    store.trim();
    expect(count('event')).toBe(700);
    await home.clock.advance(10);
    expect(count('event')).toBe(200);
    await home.clock.advance(10);
    expect(count('event')).toBe(0);
    tell('env-1', agentA, 1_201, 1_202);
    await home.clock.advance(8 * day);
    expect(count('event')).toBe(0);
  });

  it('takes the oldest of a device that told too much, soon, and nothing of another', async () => {
    home.leave();
    home = new TestHome();
    store = home.open({ retention: { ...defaultRetention, mirrorBytes: 500_000 } });
    const text = 'ü'.repeat(450);
    tell('env-2', agentA, 1, 300, text);
    await home.clock.advance(hour);
    tell('env-1', agentA, 1, 400, text);
    tell('env-1', agentB, 1, 300, text);
    await home.clock.advance(200);
    expectRightSum();
    const [a, b] = [agentA, agentB].map((scope) => readAll(store.mirror('env-1'), scope).seqs);
    expect(a?.[0]).toBeGreaterThan(200);
    expect(a?.at(-1)).toBe(400);
    expect(b).toHaveLength(300);
    expect(readAll(store.mirror('env-2'), agentA).seqs).toHaveLength(300);
  });

  it('takes conversations of which nothing was heard for long before newer events, and knows them when they come again', async () => {
    home.leave();
    home = new TestHome();
    store = home.open({ retention: { ...defaultRetention, mirrorBytes: 300_000 } });
    const mirror = store.mirror('env-1');
    tell('env-1', noAgent, 1, 3);
    mirror.remember(noAgent, { type: 'update_queue', text: 'x'.repeat(200_000) });
    store.flush();
    await home.clock.advance(hour);
    mirror.remember(agentB, { type: 'update_queue', n: 1 });
    tell('env-1', agentA, 1, 200, 'x'.repeat(900));
    store.trim();
    expectRightSum();
    expect(mirror.latest(noAgent)).toEqual([]);
    expect(mirror.latest(agentB)).toHaveLength(1);
    expect(readAll(mirror, agentA).seqs).toHaveLength(200);
    mirror.append(noAgent, 'log-1', 4, 'four');
    mirror.append(noAgent, 'log-1', 5, 'five');
    store.flush();
    await trimAll();
    expectRightSum();
    expect(readAll(mirror, noAgent)).toMatchObject({ texts: ['four', 'five'], gaps: [[1, 3]] });
    expect(home.open().mirror('env-1').head(noAgent)?.event_seq).toBe(5);
  });

  it('takes away what was put out: logs, conversations and feeds', async () => {
    const mirror = store.mirror('env-1');
    tell('env-1', agentA, 1, 700);
    mirror.append(agentA, 'log-2', 1, 'new');
    tell('env-1', agentB, 1, 700);
    mirror.remember(agentB, { type: 'update_queue' });
    store.flush();
    mirror.forget(agentB);
    tell('env-2', agentA, 1, 700);
    store.mirror('env-2').begin('feed-2');
    store.flush();
    expect(count('event')).toBe(2_101);
    await trimAll();
    expect([
      count('event'),
      count('conversation'),
      count('state'),
      count('mirror'),
      count('dropped'),
    ]).toEqual([1, 1, 0, 2, 0]);
    expectRightSum();
    expect(readAll(store.mirror('env-1'), agentA).texts).toEqual(['new']);
  });
});

describe('retention of the rest', () => {
  it('[IN-4] takes commands that expired while nobody looked, a day later, and fates after seven days', async () => {
    const inbox = store.inbox('env-1');
    const now = home.clock.now();
    inbox.put(message('m-1', now));
    const settled = inbox.put(message('m-2', now));
    if ('code' in settled) throw new Error(settled.message);
    inbox.settle(settled, { state: 'failed', code: null, at: now });
    inbox.pass(agentA, 'm-3', 'hash', now);
    await home.clock.advance(7 * day);
    await trimAll();
    expect(inbox.fate(agentA, 'm-2')).not.toBeNull();
    expect(inbox.passed(agentA, 'm-3')).toBe('hash');
    await home.clock.advance(day - hour);
    await trimAll();
    expect(inbox.fate(agentA, 'm-2')).toBeNull();
    expect(inbox.passed(agentA, 'm-3')).toBeNull();
    expect(inbox.all()).toHaveLength(1);
    await home.clock.advance(hour);
    await trimAll();
    expect(inbox.all()).toEqual([]);
  });

  it('[REG-6] takes leases thirty days after they were last in use, and never an environment', async () => {
    const { registry } = store;
    const by = { id: 't-1', devices: null };
    const registration = { deviceId: 'd', listenerInstanceId: null, connectionName: 'x', metadata: {} };
    const [old, current] = [0, 1].map(() => {
      const lease = registry.register(registration, by, home.clock.now());
      if ('code' in lease) throw new Error(lease.message);
      return lease;
    });
    if (!old || !current) throw new Error('no lease');
    registry.connected(current.connectionId, home.clock.now());
    await home.clock.advance(20 * day);
    registry.heartbeat(current.environmentId, home.clock.now());
    await home.clock.advance(10 * day + hour);
    expect(registry.find(old.connectionId)).toBeNull();
    expect(registry.find(current.connectionId)?.id).toBe(current.environmentId);
    await home.clock.advance(20 * day);
    expect(registry.lease(current.connectionId)).toBeNull();
    expect(registry.find('d')?.id).toBe(current.environmentId);
  });

  it('is told about when it fails', async () => {
    await home.clock.advance(0);
    store.close();
    store.trim();
    expect(home.troubles).toMatchObject([{ what: expect.stringContaining('cannot be taken out') }]);
  });
});
