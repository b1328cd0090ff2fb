import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../protocol/limits.ts';
import type { Inbox, Parked } from './inbox.ts';
import { parkedBytes } from './sqlite-inbox.ts';
import { agentA, agentB, message, noAgent, TestHome } from './test-home.ts';

let home: TestHome;
let inbox: Inbox;
const open = (): Inbox => home.open().inbox('env-1');
beforeEach(() => {
  home = new TestHome();
  inbox = open();
});
afterEach(() => home.leave());

function put(key: string, at = 1_000, more: Partial<Parked> = {}): Parked {
  const parked = inbox.put({ ...message(key, at), ...more });
  if ('code' in parked) throw new Error(parked.message);
  return parked;
}

const keys = (parked: readonly Parked[]) => parked.map(({ key }) => key);

describe('an inbox', () => {
  it('[IN-4] holds what was put, whole and in order, once put has returned', () => {
    const first = put('m-1');
    const abort = put('', 2_000, { kind: 'abort', key: null, hash: null, scope: noAgent });
    const third = put('m-3');
    expect(first).toEqual({ ...message('m-1', 1_000), position: first.position, state: 'waiting' });
    home.crash();
    const found = open();
    expect(found.id).toBe(inbox.id);
    expect(found.all()).toEqual([first, abort, third]);
    expect(found.of(noAgent)).toEqual([abort]);
    expect(found.of(agentB)).toEqual([]);
    expect(found.find(agentA, 'm-3')).toEqual(third);
    expect(found.find(agentB, 'm-3')).toBeNull();
    expect(found.find(agentA, 'm-4')).toBeNull();
  });

  it('[IN-4] gives no position twice, over all devices and every restart', () => {
    const other = home.open().inbox('env-2');
    expect(inbox.first()).toBe(1);
    expect(put('m-1').position).toBe(1);
    expect(other.put(message('m-1', 1_000))).toMatchObject({ position: 2 });
    expect([inbox.first(), other.first()]).toEqual([1, 2]);
    inbox.remove(1);
    other.remove(1);
    expect([inbox.first(), other.first()]).toEqual([3, 2]);
    other.remove(2);
    home.crash();
    inbox = open();
    expect([inbox.first(), inbox.all()]).toEqual([3, []]);
    expect(put('m-2').position).toBe(3);
  });

  it('[IN-4] [LINK-4] lets one device see and change only what is its own', () => {
    const { position } = put('m-1');
    const other = home.open().inbox('env-2');
    other.remove(position);
    other.written(position);
    expect(other.expire(Number.MAX_SAFE_INTEGER)).toEqual([]);
    expect([other.all(), other.find(agentA, 'm-1')]).toEqual([[], null]);
    expect(inbox.all()).toMatchObject([{ position, state: 'waiting' }]);
  });

  it('[IN-5] remembers what was handed over', () => {
    const { position } = put('m-1');
    inbox.sent(position);
    expect(open().find(agentA, 'm-1')?.state).toBe('sent');
    inbox.written(position);
    home.crash();
    expect(open().find(agentA, 'm-1')?.state).toBe('written');
  });

  it('[IN-4] gives back what has expired, once', () => {
    put('m-1', 1_000, { expiresAt: 5_000 });
    put('m-2', 1_000, { expiresAt: 3_000 });
    put('m-3', 1_000, { expiresAt: 5_001 });
    expect(keys(inbox.expire(2_999))).toEqual([]);
    expect(keys(inbox.expire(5_000))).toEqual(['m-1', 'm-2']);
    expect(keys(inbox.expire(5_000))).toEqual([]);
    expect(keys(open().all())).toEqual(['m-3']);
  });

  it('[IN-1] remembers what went on to the device, of each conversation and device apart', () => {
    inbox.pass(agentA, 'm-1', 'hash', 1_000);
    inbox.pass(agentA, 'm-1', 'another', 2_000);
    home.crash();
    expect(open().passed(agentA, 'm-1')).toBe('hash');
    expect(open().passed(agentB, 'm-1')).toBeNull();
    expect(open().passed(agentA, 'm-2')).toBeNull();
    expect(home.open().inbox('env-2').passed(agentA, 'm-1')).toBeNull();
  });

  it('[IN-3] keeps the first fate of an input under its identity', () => {
    const first = put('m-1');
    const fate = { state: 'rejected', code: 'conversation_deleted', at: 5_000 } as const;
    inbox.settle(first, fate);
    expect(inbox.all()).toEqual([]);
    const second = put('m-1', 6_000);
    inbox.settle(second, { state: 'failed', code: null, at: 7_000 });
    inbox.settle(put('', 1_000, { kind: 'abort', key: null }), { state: 'failed', code: null, at: 8_000 });
    home.crash();
    const { inputId, hash } = first;
    expect(open().fate(agentA, 'm-1')).toEqual({ inputId, hash, ...fate });
    expect(open().fate(agentB, 'm-1')).toBeNull();
    expect(home.open().inbox('env-2').fate(agentA, 'm-1')).toBeNull();
  });

  it.each([
    ['commands', limits.parked - 1, 1, `${limits.parked} of them do`],
    ['bytes', 2, parkedBytes / 2 - 100, '256 MiB of them do'],
  ])(
    '[IN-4] takes no more %s for one device than its bound, and says what to do',
    (_what, rows, bytes, why) => {
      home.exec(`INSERT INTO parked
      (environment, kind, conversation_id, agent, input_id, frame, bytes, at, expires_at, state)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT 'env-1', 'message', 'default', 'agent-a', i, '{}', ${bytes}, 0, 0, 'waiting' FROM n`);
      expect(inbox.put(message('m-1', 1_000))).toMatchObject({ position: rows + 1 });
      expect(inbox.put(message('m-2', 1_000))).toEqual({
        code: 'queue_full',
        message: expect.stringContaining(`${why}. Send this again when the device is back`),
      });
      expect(home.open().inbox('env-2').put(message('m-2', 1_000))).toMatchObject({ state: 'waiting' });
      inbox.remove(rows + 1);
      expect(inbox.put(message('m-2', 1_000))).toMatchObject({ state: 'waiting' });
    },
  );

  it('[IN-4] says as a failure what the disk says', () => {
    home.open().close();
    const closed = home.open();
    const gone = closed.inbox('env-1');
    closed.close();
    expect(gone.put(message('m-1', 1_000))).toMatchObject({ code: 'store_failed' });
  });
});
