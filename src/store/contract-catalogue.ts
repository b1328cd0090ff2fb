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
  t0,
  textFact,
} from './contract-context.ts';
import type { ScopeId } from './store.ts';

/** What the home holds beside the logs. */
export function catalogueContract(ctx: Context): void {
  describe('conversations and agents', () => {
    const nobody: ScopeId = { agent_id: null, conversation_id: 'default' };

    it('keeps the same id apart under two agents and under none', () => {
      for (const scope of [agentA, agentB, nobody]) {
        ctx.store.createConversation(scope, t0);
        ctx.store.commit([
          change(scope, { events: [{ type: String(scope.agent_id) }], facts: [textFact('x')] }),
        ]);
      }
      for (const scope of [agentA, agentB, nobody]) {
        expect(ctx.store.conversation(scope)).toMatchObject({ ...scope, head: 1, facts: 1 });
        expect(JSON.parse(ctx.store.read(scope, 0, 1e6).events[0]?.text ?? '')).toMatchObject({
          type: String(scope.agent_id),
          runtime: scope,
        });
      }
      expect(ctx.store.findConversation('default')).toBeNull();
      expect(ctx.store.conversations(null)).toMatchObject([nobody]);
      expect(ctx.store.conversations('agent-a')).toMatchObject([agentA]);
      expect(codeOf(() => ctx.store.createConversation(agentA, t0))).toBe('store_failed');
    });

    it('finds a conversation by its id alone when there is one', () => {
      expect(ctx.store.findConversation('conv-1')).toBeNull();
      ctx.store.createConversation({ agent_id: 'agent-a', conversation_id: 'conv-1' }, t0);
      expect(ctx.store.findConversation('conv-1')).toMatchObject({ agent_id: 'agent-a' });
    });

    it('lists conversations by their last change and updates what people see of them', () => {
      const scope = (n: number) => ({ agent_id: 'agent-a', conversation_id: `conv-${n}` });
      for (const n of [1, 2, 3]) ctx.store.createConversation(scope(n), t0);
      ctx.store.commit([change(scope(2), { at: t0 + 10 })]);
      ctx.store.updateConversation(scope(1), { summary: 'about' }, t0 + 20);
      expect(ctx.store.conversations().map((found) => found.conversation_id)).toEqual([
        'conv-1',
        'conv-2',
        'conv-3',
      ]);
      ctx.store.updateConversation(scope(1), { archived: true }, t0 + 21);
      expect(ctx.store.conversation(scope(1))).toMatchObject({
        summary: 'about',
        archived: true,
        updated_at: t0 + 21,
      });
      ctx.store.updateConversation(scope(1), { summary: null, archived: false }, t0 + 22);
      expect(ctx.reopen().conversation(scope(1))).toMatchObject({ summary: null, archived: false });
      expect(codeOf(() => ctx.store.updateConversation(scope(9), {}, t0))).toBe('store_failed');
    });

    it('knows which conversations have unfinished work', () => {
      ctx.store.createConversation(agentA, t0);
      ctx.store.createConversation(agentB, t0);
      expect(ctx.store.unfinished()).toEqual([]);
      ctx.store.commit([change(agentA, { busy: true }), change(agentB, { busy: true })]);
      ctx.store.commit([change(agentA, { facts: [textFact('x')] })]);
      expect(ctx.reopen().unfinished()).toEqual([agentA, agentB]);
      ctx.store.commit([change(agentA, { busy: false })]);
      expect(ctx.store.unfinished()).toEqual([agentB]);
    });

    it('keeps agents with the fields that it does not read', () => {
      const agent = {
        id: 'agent-a',
        name: 'A',
        description: null,
        model: 'm',
        created_at: t0,
        extra: { tags: [1] },
      };
      ctx.store.putAgent({ ...agent, id: 'agent-b', created_at: t0 + 1 });
      ctx.store.putAgent(agent);
      ctx.store.putAgent({ ...agent, name: 'Renamed' });
      expect(ctx.reopen().agent('agent-a')).toEqual({ ...agent, name: 'Renamed' });
      expect(ctx.store.agents().map((found) => found.id)).toEqual(['agent-a', 'agent-b']);
      expect(ctx.store.agent('agent-x')).toBeNull();
    });

    it('deletes an agent with all of its conversations and remembers their names', () => {
      const agent = { id: 'agent-a', name: 'A', description: null, model: 'm', created_at: t0, extra: {} };
      ctx.store.putAgent(agent);
      const checkpoint = initialState;
      for (const scope of [agentA, agentB]) {
        ctx.store.createConversation(scope, t0);
        const inputs = [{ kind: 'add', input: input('k') }] as const;
        ctx.store.commit([
          change(scope, { facts: [createdFact], events: [{ type: 'x' }], inputs, checkpoint, busy: true }),
        ]);
      }
      expect(ctx.store.deleted(agentA)).toBe(false);
      ctx.store.deleteAgent('agent-a');
      expect(ctx.store.deleted(agentA)).toBe(true);
      expect(ctx.reopen().deleted(agentA)).toBe(true);
      expect(ctx.store.deleted(agentB)).toBe(false);
      expect([ctx.store.agent('agent-a'), ctx.store.load(agentA), ctx.store.head(agentA)]).toEqual([
        null,
        null,
        null,
      ]);
      expect(ctx.store.input(agentA, 'k')).toBeNull();
      expect(ctx.store.read(agentA, 0, 1e6)).toEqual({ events: [], gap: null });
      expect(ctx.store.unfinished()).toEqual([agentB]);
      expect(codeOf(() => ctx.store.createConversation(agentA, t0))).toBe('store_failed');
      expect(codeOf(() => ctx.store.commit([change(agentA, {})]))).toBe('store_failed');
      expect(ctx.store.load(agentB)?.checkpoint?.facts).toBe(1);
      ctx.store.deleteAgent('agent-a');
      ctx.store.deleteAgent('nobody');
    });

    it('keeps small values by name', () => {
      expect(ctx.store.meta('k')).toBeNull();
      ctx.store.setMeta('k', 'v1');
      ctx.store.setMeta('k', 'v2');
      expect(ctx.reopen().meta('k')).toBe('v2');
    });
  });
}
