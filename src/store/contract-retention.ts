import { describe, expect, it } from 'vitest';
import { initialState } from '../core/state.ts';
import {
  agentA,
  agentB,
  type Context,
  change,
  createdFact,
  messageFact,
  t0,
  textFact,
} from './contract-context.ts';
import type { Store, Trimmed, TrimPolicy } from './store.ts';

const hour = 3_600_000;
const unlimited = Number.MAX_SAFE_INTEGER;

/** What retention takes and what it never takes. */
export function retentionContract(ctx: Context): void {
  describe('retention', () => {
    it('takes events by age, declares the gap and never moves the head back', () => {
      ctx.store.createConversation(agentA, t0);
      for (const i of [0, 1, 2, 3]) {
        ctx.store.commit([change(agentA, { at: t0 + i * hour, events: [{ type: 'a' }, { type: 'b' }] })]);
      }
      expect(trimAll(ctx.store, { olderThan: t0, maxBytes: unlimited })).toEqual({ events: 0, facts: 0 });
      expect(trimAll(ctx.store, { olderThan: t0 + 2 * hour, maxBytes: unlimited })).toEqual({
        events: 4,
        facts: 0,
      });
      const page = ctx.store.read(agentA, 0, 1e6);
      expect(page.gap).toEqual({ from: 1, to: 4 });
      expect(page.events.map((event) => event.event_seq)).toEqual([5, 6, 7, 8]);
      expect(ctx.store.read(agentA, 2, 1e6).gap).toEqual({ from: 3, to: 4 });
      expect(ctx.store.read(agentA, 4, 1e6).gap).toBeNull();
      expect(ctx.store.read(agentA, 6, 1e6).events.map((event) => event.event_seq)).toEqual([7, 8]);

      expect(trimAll(ctx.store, { olderThan: t0 + 9 * hour, maxBytes: unlimited }).events).toBe(4);
      expect(ctx.store.read(agentA, 3, 1e6)).toEqual({ events: [], gap: { from: 4, to: 8 } });
      expect(ctx.store.read(agentA, 8, 1e6)).toEqual({ events: [], gap: null });
      expect(ctx.store.head(agentA)?.event_seq).toBe(8);
      const next = ctx.reopen().commit([change(agentA, { events: [{ type: 'c' }] })]);
      expect(next[0]?.events[0]?.event_seq).toBe(9);
    });

    it('takes the oldest of all conversations first until the size is kept, in bounded batches', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.createConversation(agentB, t0);
      const events = Array.from({ length: 400 }, () => ({ type: 'e', text: 'x'.repeat(500) }));
      for (const [i, scope] of [agentA, agentB, agentA, agentB].entries()) {
        ctx.store.commit([change(scope, { at: t0 + i, events })]);
      }
      const size = sizeOf(ctx.store);
      const policy = { olderThan: 0, maxBytes: Math.floor(size / 3) };
      const first = ctx.store.trim(policy);
      expect(first.events).toBeGreaterThan(0);
      expect(first.events).toBeLessThan(1_000);
      trimAll(ctx.store, policy);
      expect(sizeOf(ctx.store)).toBeLessThanOrEqual(policy.maxBytes);
      expect(sizeOf(ctx.store)).toBeGreaterThan(policy.maxBytes - 1_000);
      expect(ctx.store.read(agentA, 0, 1).events[0]?.event_seq).toBeGreaterThan(600);
      expect(ctx.store.read(agentB, 0, 1).events[0]?.event_seq).toBe(401);
      expect(ctx.store.trim(policy)).toEqual({ events: 0, facts: 0 });
    });

    it('takes delta facts before the last checkpoint and no others', () => {
      ctx.store.createConversation(agentA, t0);
      const early = [createdFact, textFact('a'), messageFact('m', 'a'), textFact('b')];
      ctx.store.commit([change(agentA, { facts: early })]);
      expect(trimAll(ctx.store, { olderThan: t0 + hour, maxBytes: 0 })).toEqual({ events: 0, facts: 0 });
      ctx.store.commit([change(agentA, { facts: [textFact('c')], checkpoint: initialState })]);
      ctx.store.commit([change(agentA, { facts: [textFact('d')] })]);
      expect(trimAll(ctx.store, { olderThan: t0 + hour, maxBytes: unlimited })).toEqual({
        events: 0,
        facts: 3,
      });
      expect(ctx.store.load(agentA)?.facts).toEqual([textFact('d')]);
      expect(ctx.store.history(agentA)).toEqual([{ n: 3, fact: messageFact('m', 'a') }]);
      const again = ctx.reopen({ applyVersion: 2 }).load(agentA);
      expect(again?.facts).toEqual([createdFact, messageFact('m', 'a'), textFact('d')]);
      expect(again?.record.facts).toBe(6);
      ctx.store.commit([change(agentA, { facts: [messageFact('m2', 'd')] })]);
      expect(ctx.store.history(agentA).map(({ n }) => n)).toEqual([3, 7]);
    });

    it('counts delta facts into the size, and their age', () => {
      ctx.store.createConversation(agentA, t0);
      const text = 'x'.repeat(10_000);
      ctx.store.commit([change(agentA, { facts: [textFact(text)], checkpoint: initialState })]);
      ctx.store.commit([change(agentA, { at: t0 + 1, events: [{ type: 'e', text }] })]);
      ctx.store.commit([change(agentA, { at: t0 + 2, facts: [textFact(text)], checkpoint: initialState })]);
      expect(ctx.store.trim({ olderThan: 0, maxBytes: 25_000 })).toEqual({ events: 0, facts: 1 });
      expect(ctx.store.trim({ olderThan: 0, maxBytes: 25_000 })).toEqual({ events: 0, facts: 0 });
      expect(ctx.store.trim({ olderThan: 0, maxBytes: 15_000 })).toEqual({ events: 1, facts: 0 });
      expect(ctx.store.trim({ olderThan: 0, maxBytes: 9_000 })).toEqual({ events: 0, facts: 1 });
    });

    it('keeps the size right when conversations go and when the logs begin anew', () => {
      const text = 'x'.repeat(10_000);
      for (const scope of [agentA, agentB]) {
        ctx.store.createConversation(scope, t0);
        ctx.store.commit([
          change(scope, { events: [{ type: 'e', text }], facts: [textFact(text)], checkpoint: initialState }),
        ]);
      }
      ctx.store.deleteAgent('agent-a');
      expect(ctx.store.trim({ olderThan: 0, maxBytes: 25_000 })).toEqual({ events: 0, facts: 0 });
      const moved = ctx.reopen({ machine: 'another' });
      expect(moved.trim({ olderThan: 0, maxBytes: 15_000 })).toEqual({ events: 0, facts: 0 });
      expect(moved.trim({ olderThan: 0, maxBytes: 9_000 })).toEqual({ events: 0, facts: 1 });
    });
  });
}

function trimAll(store: Store, policy: TrimPolicy): Trimmed {
  let [events, facts] = [0, 0];
  for (;;) {
    const went = store.trim(policy);
    if (went.events + went.facts === 0) return { events, facts };
    events += went.events;
    facts += went.facts;
  }
}

function sizeOf(store: Store): number {
  const texts = [agentA, agentB].flatMap((scope) => store.read(scope, 0, 1e9).events);
  return texts.reduce((sum, event) => sum + Buffer.byteLength(event.text), 0);
}
