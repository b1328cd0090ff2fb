import { fields, list } from '../protocol/dialects/loose.ts';
import type { Frame } from '../protocol/frames.ts';
import type { Scope } from '../protocol/shapes.ts';

/** The agents that a client's token names; null: all of them. */
export type Reach = { readonly agents: readonly string[] | null };

/** What a client that reaches one agent may do with this one. A conversation without an agent is nobody's. */
export const reaches = (reach: Reach | undefined, agentId: unknown): boolean =>
  !reach?.agents || (typeof agentId === 'string' && reach.agents.includes(agentId));

type Body = Readonly<Record<string, unknown>>;

/**
 * The agents that a command of the device names, all of which must be within reach. A command that is not listed is about the device as
 * a whole, such as its files, or makes an agent: it is refused to whoever reaches only some.
 */
const agentsNamed: ReadonlyMap<string, (frame: Body) => readonly unknown[]> = new Map(
  Object.entries({
    agent_retrieve: ({ agent_id }: Body) => [agent_id],
    agent_prompt: ({ agent_id }: Body) => [agent_id],
    agent_delete: ({ agent_id }: Body) => [agent_id],
    conversation_create: ({ body }: Body) => [fields(body).agent_id],
    runtime_start: ({ agent_id, create_agent }: Body) => [create_agent == null ? agent_id : null],
    runtime_external_tools_update: ({ updates }: Body) =>
      list(updates).flatMap((one) => list(fields(one).runtimes).map((runtime) => fields(runtime).agent_id)),
    // Their answers are narrowed.
    agent_list: () => [],
    approvals_list: () => [],
    conversation_list: agentInQuery,
    conversation_retrieve: agentInQuery,
    conversation_messages_list: agentInQuery,
    // These tell of no agent, and the last one answers a question that was put to this client.
    app_server_info: () => [],
    list_models: () => [],
    external_tool_call_response: () => [],
  }),
);

/** Without an agent `default` means that of the device, whichever it is. */
function agentInQuery({ query, conversation_id }: Body): readonly unknown[] {
  const { agent_id } = fields(query);
  return agent_id === undefined && conversation_id !== 'default' ? [] : [agent_id];
}

/** [SEC-12] Whether a command keeps to the agents within reach. */
export function staysWithin(reach: Reach | undefined, frame: Frame, scope: Scope | null): boolean {
  if (!reach?.agents) return true;
  const within = (agentId: unknown): boolean => reaches(reach, agentId);
  if (!scope) return agentsNamed.get(frame.type)?.(frame).every(within) ?? false;
  // A change of the device's state may name another conversation in its payload, and with it another agent.
  const { agent_id = scope.agent_id } = frame.type === 'change_device_state' ? fields(frame.payload) : {};
  return within(scope.agent_id) && within(agent_id);
}

/** The lists in answers, and the agent of each item. */
const lists: ReadonlyMap<string, readonly [field: string, agentOf: (item: Body) => unknown]> = new Map([
  ['agent_list_response', ['agents', ({ id }) => id]],
  ['approvals_list_response', ['approvals', ({ runtime }) => fields(runtime).agent_id]],
  ['conversation_list_response', ['conversations', ({ agent_id }) => agent_id]],
]);

/** [SEC-12] An answer without what it tells of other agents; null where it tells of nothing else. */
export function narrowed(reach: Reach | undefined, frame: Frame): Frame | null {
  if (!reach?.agents) return frame;
  const [field, agentOf] = lists.get(frame.type) ?? [];
  if (field !== undefined && agentOf) {
    const items = list(frame[field]);
    return { ...frame, [field]: items.filter((item) => reaches(reach, agentOf(fields(item)))) };
  }
  const told = [frame.runtime, frame.conversation, ...list(frame.messages)];
  return told.every((one) => one == null || reaches(reach, fields(one).agent_id)) ? frame : null;
}
