import { describe, expect, it } from 'vitest';
import { initialState } from '../core/state.ts';
import { agentA, agentB, type Context, change, codeOf, input, options, t0 } from './contract-context.ts';
import type { StoredEvent } from './store.ts';

/** What a broker is told from, and what it need not tell again. */
export function feedContract(ctx: Context): void {
  const everything = Number.MAX_SAFE_INTEGER;
  /** Commits to both conversations in turn; returns the events in the order of their commits. */
  function fill(commits: number): readonly StoredEvent[] {
    for (const scope of [agentA, agentB]) if (!ctx.store.head(scope)) ctx.store.createConversation(scope, t0);
    return Array.from({ length: commits }, (_, n) => {
      const [a, b] = n % 2 === 0 ? [agentA, agentB] : [agentB, agentA];
      const events = [{ type: 'x', text: 'é'.repeat(10) }];
      return ctx.store.commit([change(a, { events: [...events, ...events] }), change(b, { events })]);
    }).flatMap((batch) => batch.flatMap((committed) => committed.events));
  }

  describe('the feed', () => {
    it('[SEQ-4] gives the events of all conversations in the order of their commits, from any place', () => {
      expect([ctx.store.feed(0, everything), ctx.store.feedHead()]).toEqual([[], 0]);
      const first = fill(3);
      ctx.reopen();
      const all = [...first, ...fill(3)];
      expect(ctx.store.feed(0, everything)).toEqual(all);
      expect(ctx.store.feedHead()).toBe(all.at(-1)?.position);
      for (const [n, { position }] of all.entries())
        expect(ctx.store.feed(position, everything)).toEqual(all.slice(n + 1));
      const places = all.map(({ position }) => position);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      expect(ctx.store.read(agentA, 0, everything).events).toEqual(
        all.filter(({ text }) => JSON.parse(text).runtime.agent_id === 'agent-a'),
      );
    });

    it('gives as much as fits, but at least one event', () => {
      const all = fill(4);
      const bytes = all.slice(0, 2).reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      expect(ctx.store.feed(0, bytes)).toEqual(all.slice(0, 2));
      expect(ctx.store.feed(0, bytes - 1)).toEqual(all.slice(0, 1));
      expect(ctx.store.feed(0, 0)).toEqual(all.slice(0, 1));
    });

    it('has a head that never falls, whatever retention or a deletion took', () => {
      const all = fill(2);
      const head = ctx.store.feedHead();
      ctx.store.deleteAgent('agent-a');
      expect(ctx.store.feedHead()).toBe(head);
      expect(ctx.store.feed(0, everything)).toEqual(
        all.filter(({ text }) => JSON.parse(text).runtime.agent_id === 'agent-b'),
      );
      while (ctx.store.trim({ olderThan: t0 + 1, maxBytes: 0 }).events > 0);
      expect([ctx.store.feed(0, everything), ctx.reopen().feedHead()]).toEqual([[], head]);
      const [next] = ctx.store.commit([change(agentB, { events: [{ type: 'y' }] })]);
      expect(next?.events[0]?.position).toBeGreaterThan(head);
      expect(ctx.store.feedHead()).toBe(next?.events[0]?.position);
    });

    it('[HOME-3] keeps its name, but on another machine it is another feed', () => {
      fill(1);
      const { feedId } = ctx.store;
      expect(feedId).not.toBe('');
      expect(ctx.reopen().feedId).toBe(feedId);
      ctx.reopen({ machine: 'another' });
      expect(ctx.store.feedId).not.toBe(feedId);
      expect([ctx.store.feed(0, everything), ctx.store.feedHead()]).toEqual([[], 0]);
      expect(ctx.reopen({ machine: 'another' }).feedId).not.toBe(feedId);
    });
  });

  describe('what was consumed', () => {
    const mark = (position: number, inbox_id = 'inbox-1') => ({ inbox_id, position });

    it('[IN-4] is marked with what it did, or not at all', () => {
      ctx.store.createConversation(agentA, t0);
      const inputs = [{ kind: 'add', input: input('k') }] as const;
      ctx.store.commit([change(agentA, { inputs, consumed: [mark(9), mark(4), mark(7, 'inbox-2')] })]);
      expect(ctx.reopen().consumed('inbox-1', 0)).toEqual([4, 9]);
      expect([ctx.store.consumed('inbox-1', 9), ctx.store.consumed('inbox-1', 10)]).toEqual([[9], []]);
      expect(ctx.store.consumed('inbox-2', 0)).toEqual([7]);
      const failing = [change(agentA, { consumed: [mark(11)] }), change(agentA, { inputs })];
      expect(codeOf(() => ctx.store.commit(failing))).toBe('store_failed');
      expect(ctx.store.consumed('inbox-1', 0)).toEqual([4, 9]);
      // A mark may be made again, and outlives its conversation.
      ctx.store.commit([change(agentA, { consumed: [mark(4)], checkpoint: initialState })]);
      ctx.store.deleteAgent('agent-a');
      expect(ctx.reopen({ machine: 'another' }).consumed('inbox-1', 0)).toEqual([4, 9]);
    });

    it('is forgotten below a place of one inbox', () => {
      ctx.store.createConversation(agentA, t0);
      const consumed = [mark(1), mark(2), mark(3), mark(1, 'inbox-2')];
      ctx.store.commit([change(agentA, { consumed })]);
      ctx.store.forgetConsumed('inbox-1', 3);
      expect(ctx.reopen().consumed('inbox-1', 0)).toEqual([3]);
      expect(ctx.store.consumed('inbox-2', 0)).toEqual([1]);
      ctx.store.forgetConsumed('inbox-3', 3);
      ctx.home.open(options).close();
      expect(codeOf(() => ctx.store.forgetConsumed('inbox-1', 9))).toBe('lease_lost');
    });
  });
}
