import type { Client } from '../../client/client.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { nearest } from '../../protocol/nearest.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import { isObject, textOf } from '../show/fields.ts';

export type PlaceArgs = {
  readonly agent?: string | undefined;
  readonly conversation?: string | undefined;
  readonly new?: boolean | undefined;
};

export type Agent = { readonly id: string; readonly name: string; readonly model: string };

/** The conversation a command is about. `fresh`: nothing has happened in it yet. */
export type Place = {
  readonly scope: { readonly agent_id: string; readonly conversation_id: string };
  readonly agent: Agent;
  readonly fresh: boolean;
};

/** The conversation that the flags name; without any, the main one of the default agent. */
export async function findPlace(client: Client, args: PlaceArgs): Promise<Place | Failure | Misuse> {
  const agents = await listAgents(client);
  if ('code' in agents) return agents;
  const named = args.agent === undefined ? null : chooseAgent(agents, args.agent);
  if (named && 'code' in named) return named;
  const found = args.new
    ? await create(client, named, args.conversation)
    : await retrieve(client, named, args.conversation);
  if ('code' in found) return found;
  const agent = agents.find((one) => one.id === found.agentId);
  if (!agent) return failure('agent_not_found', `The conversation ${found.id} has no agent on this device.`);
  return { scope: { agent_id: agent.id, conversation_id: found.id }, agent, fresh: found.fresh };
}

/** The conversation as the flags name it, where nobody can be asked about it: messages to it can wait at a broker. */
export function awayPlace(
  found: Place | Failure | Misuse,
  args: PlaceArgs,
  settings: object,
  defaultAgentId: string | null,
): Place | null {
  const { agent: id = defaultAgentId, conversation = 'default' } = args;
  if (!('code' in found) || found.code !== 'device_offline') return null;
  // Another name than an id, a new conversation or another mode need the machine itself.
  if (!id?.startsWith('agent-') || args.new || Object.keys(settings).length > 0) return null;
  return {
    scope: { agent_id: id, conversation_id: conversation },
    agent: { id, name: id, model: '' },
    fresh: false,
  };
}

export async function listAgents(client: Client): Promise<readonly Agent[] | Failure> {
  const listed = await client.call('agent_list', {});
  if (!listed.ok) return listed.failure;
  return listed.value.agents.map(({ id, name, model }) => ({ id, name, model: model ?? '' }));
}

/** By id, by the beginning of an id that only one has, or by name. */
export function chooseAgent(agents: readonly Agent[], asked: string): Agent | Failure | Misuse {
  const exact = agents.find(({ id }) => id === asked);
  if (exact) return exact;
  const likely = agents.filter(
    ({ id, name }) => name === asked || id.startsWith(asked) || id.startsWith(`agent-${asked}`),
  );
  const [one, another] = likely;
  if (one && !another) return one;
  if (another)
    return misuse(`"${asked}" may be ${likely.map(({ id }) => id).join(' or ')}. Write more of the id.`);
  const meant = nearest(
    asked,
    agents.map(({ name }) => name),
  );
  const advice = meant ? `Did you mean "${meant}"?` : 'See farhand agents.';
  return failure('agent_not_found', `There is no agent "${asked}". ${advice}`);
}

type Found = { readonly id: string; readonly agentId: string | null; readonly fresh: boolean };

async function create(client: Client, agent: Agent | null, id: string | undefined): Promise<Found | Failure> {
  const body = { ...(agent && { agent_id: agent.id }), ...(id !== undefined && { id }) };
  const made = await client.call('conversation_create', { body });
  if (!made.ok) return made.failure;
  return { id: made.value.conversation.id, agentId: made.value.conversation.agent_id, fresh: true };
}

/** `default`, the main conversation, needs no creating; any other id that is unknown is most likely mistyped. */
async function retrieve(client: Client, agent: Agent | null, id = 'default'): Promise<Found | Failure> {
  const query = agent ? { query: { agent_id: agent.id } } : {};
  const got = await client.call('conversation_retrieve', { conversation_id: id, ...query });
  if (got.ok) {
    const { conversation } = got.value;
    if (agent && conversation.agent_id !== agent.id) {
      return failure(
        'conversation_of_other_agent',
        `The conversation ${id} belongs to the agent ${conversation.agent_id}. Leave out --agent.`,
      );
    }
    const fresh = isObject(conversation) && textOf(conversation.last_message_at) === undefined;
    return { id: conversation.id, agentId: conversation.agent_id, fresh };
  }
  if (got.failure.code !== 'conversation_not_found') return got.failure;
  return failure(
    'conversation_not_found',
    `There is no conversation ${id}. See farhand conversations; with --new one of that id is begun.`,
  );
}
