import { describe, expect, it } from 'vitest';
import { initialState } from '../core/state.ts';
import {
  agentA,
  agentB,
  type Context,
  change,
  codeOf,
  createdFact,
  input,
  options,
  t0,
  textFact,
} from './contract-context.ts';

/** Numbering, atomicity, and who may write. */
export function logContract(ctx: Context): void {
  describe('events', () => {
    it('[SEQ-1] numbers densely from 1 per conversation and keeps the text it returned', () => {
      const first = ctx.store.createConversation(agentA, t0);
      const second = ctx.store.createConversation(agentB, t0);
      expect(first.log_id).not.toBe(second.log_id);
      const [a, b, c] = ctx.store.commit([
        change(agentA, { events: [{ type: 'one' }, { type: 'two' }] }),
        change(agentB, { events: [{ type: 'one' }] }),
        change(agentA, { events: [{ type: 'three' }] }),
      ]);
      expect(a?.log_id).toBe(first.log_id);
      expect(b?.log_id).toBe(second.log_id);
      expect(a?.events.map((event) => event.event_seq)).toEqual([1, 2]);
      expect(b?.events.map((event) => event.event_seq)).toEqual([1]);
      expect(c?.events.map((event) => event.event_seq)).toEqual([3]);
      expect(JSON.parse(a?.events[1]?.text ?? '')).toEqual({
        type: 'two',
        runtime: agentA,
        event_seq: 2,
        emitted_at: new Date(t0).toISOString(),
        idempotency_key: `two:${first.log_id}:2`,
      });
      const stored = [...(a?.events ?? []), ...(c?.events ?? [])];
      expect(ctx.store.read(agentA, 0, 1e6)).toEqual({ events: stored, gap: null });
      expect(ctx.reopen().read(agentA, 0, 1e6)).toEqual({ events: stored, gap: null });
      expect(ctx.store.head(agentA)).toEqual({ log_id: first.log_id, event_seq: 3 });
      expect(
        ctx.store.commit([change(agentA, { events: [{ type: 'four' }] })])[0]?.events[0]?.event_seq,
      ).toBe(4);
    });

    it('[SEQ-1] reads 10,000 events in pages: all of them once, in order', () => {
      ctx.store.createConversation(agentA, t0);
      for (let from = 0; from < 10_000; from += 1_000) {
        const events = Array.from({ length: 1_000 }, (_, i) => ({ type: 'n', value: from + i }));
        ctx.store.commit([change(agentA, { events })]);
      }
      const values: unknown[] = [];
      for (let after = 0, pages = 0; ; pages += 1) {
        const { events, gap } = ctx.store.read(agentA, after, 64 * 1024);
        expect(gap).toBeNull();
        const last = events.at(-1);
        if (!last) {
          expect(pages).toBeGreaterThan(20);
          break;
        }
        expect(events.reduce((sum, event) => sum + event.text.length, 0)).toBeLessThanOrEqual(64 * 1024);
        for (const event of events) values.push(JSON.parse(event.text).value);
        after = last.event_seq;
      }
      expect(values).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
    });

    it('gives one event that is larger than the page', () => {
      ctx.store.createConversation(agentA, t0);
      const events = [{ type: 'big', text: 'ä'.repeat(3_000_000) }, { type: 'small' }];
      const committed = ctx.store.commit([change(agentA, { events })])[0];
      expect(ctx.store.read(agentA, 0, 10).events).toEqual(committed?.events.slice(0, 1));
      expect(ctx.store.read(agentA, 1, 10).events).toEqual(committed?.events.slice(1));
      expect(ctx.store.read(agentA, 2, 10)).toEqual({ events: [], gap: null });
      expect(ctx.store.read(agentA, 99, 10)).toEqual({ events: [], gap: null });
    });

    it('has nothing for a conversation that it does not know', () => {
      expect(ctx.store.read(agentA, 0, 100)).toEqual({ events: [], gap: null });
      expect([ctx.store.head(agentA), ctx.store.load(agentA), ctx.store.conversation(agentA)]).toEqual([
        null,
        null,
        null,
      ]);
      expect(ctx.store.input(agentA, 'k')).toBeNull();
      expect(ctx.store.history(agentA)).toEqual([]);
    });
  });
  describe('commits', () => {
    it('[SEQ-1] rolls the whole batch back when one conversation fails', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.commit([change(agentA, { events: [{ type: 'before' }], facts: [textFact('x')] })]);
      const before = { all: ctx.store.load(agentA), log: ctx.store.read(agentA, 0, 1e6) };
      const good = change(agentA, {
        at: t0 + 5,
        events: [{ type: 'lost' }],
        facts: [textFact('y')],
        inputs: [{ kind: 'add', input: input('k1') }],
        busy: true,
        checkpoint: initialState,
      });
      expect(codeOf(() => ctx.store.commit([good, change(agentB, { events: [{ type: 'x' }] })]))).toBe(
        'store_failed',
      );
      expect({ all: ctx.store.load(agentA), log: ctx.store.read(agentA, 0, 1e6) }).toEqual(before);
      expect(ctx.store.input(agentA, 'k1')).toBeNull();
      expect(ctx.store.unfinished()).toEqual([]);
      expect(ctx.store.commit([good])[0]?.events[0]?.event_seq).toBe(2);
    });

    it('rolls back what cannot be written as JSON', () => {
      ctx.store.createConversation(agentA, t0);
      const cycle: Record<string, unknown> = { type: 'cycle' };
      cycle.self = cycle;
      const draft = { type: 'cycle', cycle };
      expect(codeOf(() => ctx.store.commit([change(agentA, { events: [{ type: 'ok' }, draft] })]))).toBe(
        'store_failed',
      );
      expect(ctx.store.head(agentA)?.event_seq).toBe(0);
    });

    it('[HOME-2] refuses every write of an owner that was followed by another', () => {
      ctx.store.createConversation(agentA, t0);
      const next = ctx.home.open(options);
      expect(next.lease).toBe(ctx.store.lease + 1);
      expect(next.homeId).toBe(ctx.store.homeId);
      const lost = [
        () => ctx.store.commit([change(agentA, { events: [{ type: 'late' }] })]),
        () => ctx.store.commit([]),
        () => ctx.store.createConversation(agentB, t0),
        () => ctx.store.updateConversation(agentA, { archived: true }, t0),
        () =>
          ctx.store.putAgent({
            id: 'agent-1',
            name: 'a',
            description: null,
            model: 'm',
            created_at: t0,
            extra: {},
          }),
        () => ctx.store.deleteAgent('agent-a'),
        () => ctx.store.trim({ olderThan: t0, maxBytes: 0 }),
        () => ctx.store.setMeta('k', 'v'),
      ];
      for (const write of lost) expect(codeOf(write)).toBe('lease_lost');
      expect(next.commit([change(agentA, { events: [{ type: 'mine' }] })])[0]?.events[0]?.event_seq).toBe(1);
      expect(next.conversations()).toHaveLength(1);
      next.close();
    });

    it('[HOME-3] becomes a device of its own on another machine: new id, new logs, the same facts', () => {
      const { log_id } = ctx.store.createConversation(agentA, t0);
      const inputs = [{ kind: 'add', input: input('k1') }] as const;
      ctx.store.commit([change(agentA, { facts: [createdFact], events: [{ type: 'old' }], inputs })]);
      const { homeId, deviceId } = ctx.store;
      expect(ctx.reopen().deviceId).toBe(deviceId);
      expect(ctx.store.head(agentA)).toEqual({ log_id, event_seq: 1 });
      ctx.reopen({ machine: 'another' });
      expect(ctx.store.homeId).toBe(homeId);
      expect(ctx.store.deviceId).not.toBe(deviceId);
      expect(ctx.store.head(agentA)?.log_id).not.toBe(log_id);
      expect(ctx.store.head(agentA)?.event_seq).toBe(0);
      expect(ctx.store.read(agentA, 0, 1e6)).toEqual({ events: [], gap: null });
      expect(ctx.store.load(agentA)?.facts).toEqual([createdFact]);
      expect(ctx.store.input(agentA, 'k1')).toEqual(input('k1'));
      expect(ctx.store.commit([change(agentA, { events: [{ type: 'new' }] })])[0]?.events[0]?.event_seq).toBe(
        1,
      );
    });

    it('fails in every method once it is closed', () => {
      ctx.store.close();
      ctx.store.close();
      expect(codeOf(() => ctx.store.conversations())).toBe('store_failed');
      expect(codeOf(() => ctx.store.commit([]))).toBe('store_failed');
    });
  });
}
