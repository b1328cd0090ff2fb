import { randomUUID } from 'node:crypto';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { AgentRecord } from '../../store/store.ts';
import type { Handlers, Home } from './handler.ts';

export const agentHandlers = {
  /** The default agent comes first. */
  agent_list(_frame, { device }) {
    const first = device.defaultAgent();
    const agents = [...device.host.store.agents()].sort(
      (a, b) => Number(b.id === first) - Number(a.id === first),
    );
    return { ok: true, payload: { agents: agents.map((agent) => shown(device, agent)) } };
  },

  agent_create({ body }, { device }) {
    const { name, model, description, ...extra } = body;
    const agent: AgentRecord = {
      id: `agent-${randomUUID()}`,
      name: name ?? 'Agent',
      description: typeof description === 'string' ? description : null,
      model: model ?? null,
      created_at: device.host.clock.now(),
      extra,
    };
    device.host.store.putAgent(agent);
    return { ok: true, payload: { agent: shown(device, agent) } };
  },

  agent_retrieve({ agent_id }, { device }) {
    const agent = device.host.store.agent(agent_id);
    return agent
      ? { ok: true, payload: { agent: shown(device, agent) } }
      : { ok: false, failure: noAgent(agent_id) };
  },

  async agent_delete({ agent_id }, { device }) {
    if (!device.host.store.agent(agent_id))
      return { ok: false, failure: noAgent(agent_id), fields: { agent_id } };
    // Gone before anybody waits: what comes meanwhile finds no agent, and opens nothing of it again.
    device.host.store.deleteAgent(agent_id);
    await device.conversations.drop(agent_id);
    return { ok: true, payload: { agent_id } };
  },
} satisfies Partial<Handlers>;

export const noAgent = (id: string): Failure =>
  failure('agent_not_found', `Agent ${id} not found on this device.`);

/** An agent as the wire shows it, with the fields stock clients read. */
const shown = (device: Home, agent: AgentRecord) => ({
  ...agent.extra,
  id: agent.id,
  name: agent.name,
  description: agent.description,
  system: '',
  tools: [],
  tags: [],
  model: device.modelOf(agent),
  created_at: new Date(agent.created_at).toISOString(),
  message_ids: [],
  in_context_message_ids: [],
});
