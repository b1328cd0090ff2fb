import { describe, expect, it } from 'vitest';
import type { Fact } from '../core/facts.ts';
import { initialState } from '../core/state.ts';
import {
  agentA,
  agentB,
  type Context,
  change,
  codeOf,
  createdFact,
  input,
  messageFact,
  options,
  t0,
  textFact,
  turnFinishedFact,
} from './contract-context.ts';

/** What a conversation is folded from, and the fate of its inputs. */
export function recordContract(ctx: Context): void {
  describe('facts', () => {
    it('loads what was committed, from the checkpoint on', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.commit([change(agentA, { facts: [createdFact, textFact('a')] })]);
      expect(ctx.store.load(agentA)).toMatchObject({ checkpoint: null, facts: [createdFact, textFact('a')] });
      const state = { ...initialState, cwd: '/x', nextItem: 7 };
      ctx.store.commit([change(agentA, { at: t0 + 1, facts: [textFact('b')], checkpoint: state })]);
      ctx.store.commit([change(agentA, { at: t0 + 2, facts: [textFact('c'), textFact('d')] })]);
      const loaded = ctx.reopen().load(agentA);
      expect(loaded?.checkpoint).toEqual({ facts: 3, state });
      expect(loaded?.facts).toEqual([textFact('c'), textFact('d')]);
      expect(loaded?.record).toMatchObject({ facts: 5, head: 0, created_at: t0, updated_at: t0 + 2 });
      ctx.store.commit([change(agentA, { checkpoint: initialState })]);
      expect(ctx.store.load(agentA)).toMatchObject({
        checkpoint: { facts: 5, state: initialState },
        facts: [],
      });
    });

    it('ignores the checkpoint of another version of apply and folds again', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.commit([change(agentA, { facts: [createdFact, textFact('a')], checkpoint: initialState })]);
      ctx.reopen({ applyVersion: options.applyVersion + 1 });
      expect(ctx.store.load(agentA)).toMatchObject({ checkpoint: null, facts: [createdFact, textFact('a')] });
      ctx.reopen();
      expect(ctx.store.load(agentA)).toMatchObject({ checkpoint: { facts: 2 }, facts: [] });
    });

    it('passes over the text of turns that are over', () => {
      ctx.store.createConversation(agentA, t0);
      const over: Fact[] = [createdFact, textFact('a'), messageFact('m', 'a'), turnFinishedFact];
      const running = [textFact('b'), messageFact('m', 'b'), textFact('c')];
      ctx.store.commit([change(agentA, { facts: [...over, ...running], checkpoint: initialState })]);
      const loaded = ctx.reopen({ applyVersion: options.applyVersion + 1 }).load(agentA);
      expect(loaded?.facts).toEqual([createdFact, messageFact('m', 'a'), turnFinishedFact, ...running]);
    });

    it('tells the history: what the transcript is made of, with its numbers', () => {
      ctx.store.createConversation(agentA, t0);
      const facts: Fact[] = [
        createdFact,
        textFact('a'),
        messageFact('m1', 'a'),
        textFact('b'),
        messageFact('m2', 'b'),
      ];
      ctx.store.commit([change(agentA, { facts, checkpoint: initialState })]);
      const both = [
        { n: 3, fact: messageFact('m1', 'a') },
        { n: 5, fact: messageFact('m2', 'b') },
      ];
      expect(ctx.store.history(agentA)).toEqual(both);
      expect(ctx.store.history(agentA, 3)).toEqual(both.slice(1));
      expect(ctx.store.history(agentA, 5)).toEqual([]);
    });

    it('refuses to read facts of a newer program and names them', () => {
      ctx.store.createConversation(agentA, t0);
      const newer = { kind: 'dreamt', v: 3 } as unknown as Fact;
      ctx.store.commit([change(agentA, { facts: [createdFact, newer] })]);
      expect(() => ctx.store.load(agentA)).toThrow(/"dreamt" record of version 3/);
      expect(codeOf(() => ctx.store.load(agentA))).toBe('store_newer');
      ctx.store.commit([change(agentA, { facts: [], checkpoint: initialState })]);
      expect(ctx.store.load(agentA)?.facts).toEqual([]);
    });

    it('keeps text of every kind and any size', () => {
      ctx.store.createConversation(agentA, t0);
      const odd = `\u0000\u{1F600}\ud800 "\\\n\u2028 ${'x'.repeat(5_000_000)}`;
      ctx.store.commit([change(agentA, { facts: [textFact(odd), messageFact('m', odd)] })]);
      ctx.reopen();
      expect(ctx.store.load(agentA)?.facts[0]).toEqual(textFact(odd));
      expect(ctx.store.history(agentA)[0]?.fact).toEqual(messageFact('m', odd));
    });
  });
  describe('inputs', () => {
    const add = (key: string) => ({ kind: 'add', input: input(key) }) as const;

    it('[IN-1] keeps one record per key and conversation for ever', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.createConversation(agentB, t0);
      ctx.store.commit([change(agentA, { inputs: [add('k')] }), change(agentB, { inputs: [add('k')] })]);
      expect(codeOf(() => ctx.store.commit([change(agentA, { inputs: [add('k')] })]))).toBe('store_failed');
      const move = { kind: 'move', key: 'k', state: 'started', turn_id: 'turn-1', at: t0 + 1 } as const;
      ctx.store.commit([change(agentA, { inputs: [move] })]);
      const started = { ...input('k'), state: 'started', turn_id: 'turn-1', at: t0 + 1 };
      expect(ctx.reopen().input(agentA, 'k')).toEqual(started);
      expect(ctx.store.input(agentB, 'k')).toEqual(input('k'));
      const failed = { kind: 'move', key: 'k', state: 'failed', code: 'e', at: t0 + 2 } as const;
      ctx.store.commit([change(agentA, { inputs: [failed] })]);
      expect(ctx.store.input(agentA, 'k')).toEqual({ ...started, state: 'failed', code: 'e', at: t0 + 2 });
    });

    it.each(['done', 'failed', 'cancelled', 'rejected', 'indeterminate'] as const)(
      '[IN-3] never moves an input out of %s',
      (settled) => {
        ctx.store.createConversation(agentA, t0);
        const move = { kind: 'move', key: 'k', state: settled, at: t0 + 1 } as const;
        ctx.store.commit([change(agentA, { inputs: [add('k'), move] })]);
        for (const state of ['started', 'done', settled] as const) {
          const again = change(agentA, {
            events: [{ type: 'told' }],
            inputs: [{ kind: 'move', key: 'k', state, at: t0 + 2 }],
          });
          expect(codeOf(() => ctx.store.commit([again]))).toBe('store_failed');
        }
        expect(ctx.store.input(agentA, 'k')).toMatchObject({ state: settled, at: t0 + 1 });
        expect(ctx.store.head(agentA)?.event_seq).toBe(0);
      },
    );

    it('refuses to move an input that was never recorded', () => {
      ctx.store.createConversation(agentA, t0);
      const move = { kind: 'move', key: 'nobody', state: 'done', at: t0 } as const;
      expect(codeOf(() => ctx.store.commit([change(agentA, { inputs: [move] })]))).toBe('store_failed');
    });
  });
}
