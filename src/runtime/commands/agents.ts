import { randomUUID } from 'node:crypto';
import { initialState } from '../../core/state.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { AgentRecord } from '../../store/store.ts';
import { modelOf } from '../effects/model-of.ts';
import { offeredTools } from '../effects/turn-tools.ts';
import { systemPromptOf } from '../prompt/system-prompt-of.ts';
import type { Handlers, Home } from './handler.ts';

export const agentHandlers = {
  /** The default agent comes first. */
  async agent_list(_frame, { device }) {
    await device.modelsFound();
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

  /** As the next request would have it. */
  async agent_prompt({ agent_id, conversation_id = 'default' }, { device }) {
    const { host, conversations } = device;
    if (!host.store.agent(agent_id)) return { ok: false, failure: noAgent(agent_id) };
    const scope = { agent_id, conversation_id };
    const found = conversations.find(scope);
    if (found && 'code' in found) return { ok: false, failure: found };
    const subject = found ?? { scope, state: initialState };
    const model = await modelOf(subject, host);
    if ('code' in model) return { ok: false, failure: model };
    const tools = offeredTools(subject, host, model.handle);
    const sections = await systemPromptOf(subject, host, tools, model.handle);
    return { ok: true, payload: { model: model.handle, sections: [...sections] } };
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
