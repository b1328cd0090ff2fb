import { randomUUID } from 'node:crypto';
import type { TranscriptItem } from '../../core/transcript.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { ConversationRecord, ScopeId } from '../../store/store.ts';
import { mayBeMinted } from '../conversations.ts';
import { noAgent } from './agents.ts';
import { answered, type Handlers, type Home } from './handler.ts';

const pageSize = 50;

export const conversationHandlers = {
  conversation_list({ query }, { device }) {
    const records = [...device.host.store.conversations(query?.agent_id)].sort(
      (a, b) => b.updated_at - a.updated_at,
    );
    return { ok: true, payload: { conversations: records.map(shown) } };
  },

  conversation_create({ body }, { device }) {
    const agentId = body.agent_id ?? device.defaultAgent();
    if (!device.host.store.agent(agentId)) return { ok: false, failure: noAgent(agentId) };
    const id = body.id ?? `conv-${randomUUID()}`;
    const scope = { agent_id: agentId, conversation_id: id };
    const problem = cannotCreate(device, scope);
    if (problem) return { ok: false, failure: problem };
    const at = device.host.clock.now();
    const record = device.host.store.createConversation(scope, at);
    const { summary } = body;
    if (summary != null) device.host.store.updateConversation(scope, { summary }, at);
    return { ok: true, payload: { conversation: shown({ ...record, summary: summary ?? null }) } };
  },

  conversation_retrieve({ conversation_id, query }, { device }) {
    const found = find(device, conversation_id, query?.agent_id);
    return 'code' in found
      ? { ok: false, failure: found }
      : { ok: true, payload: { conversation: shown(found) } };
  },

  conversation_messages_list({ conversation_id, query }, { device }) {
    const found = find(device, conversation_id, query?.agent_id);
    if ('code' in found) return { ok: false, failure: found };
    const conversation = device.conversations.find(found);
    if (!conversation || 'code' in conversation)
      return { ok: false, failure: conversation ?? noConversation(conversation_id) };
    const { items } = conversation.transcript();
    const end = query?.before == null ? items.length : items.findIndex((item) => item.id === query.before);
    if (end < 0)
      return {
        ok: false,
        failure: failure('input_not_found', `There is no message ${query?.before} to page from.`),
      };
    const start = Math.max(0, end - (query?.limit ?? pageSize));
    const page = items.slice(start, end).reverse();
    const messages = page.map((item) => ({ ...messageOf(item), agent_id: found.agent_id, conversation_id }));
    return { ok: true, payload: { messages, next_before: page.at(-1)?.id ?? null, has_more: start > 0 } };
  },

  conversation_compact({ conversation_id, body }, { device, asker }) {
    const found = find(device, conversation_id, body?.agent_id);
    if ('code' in found) return { ok: false, failure: found };
    const { agent_id } = found;
    const conversation = device.conversations.findOrCreate({ agent_id, conversation_id });
    if ('code' in conversation) return { ok: false, failure: conversation };
    conversation.obey({ do: 'compact' }, asker);
    return answered;
  },

  get_cwd_map(_frame, { device }) {
    const { host, conversations } = device;
    const places = host.store.conversations().map(({ agent_id, conversation_id }) => {
      const found = conversations.find({ agent_id, conversation_id });
      const cwd = found && 'state' in found && found.state.cwd !== '' ? found.state.cwd : host.cwd;
      const id = conversation_id === 'default' ? `agent:${agent_id}::` : '';
      return [`${id}conversation:${conversation_id}`, cwd] as const;
    });
    return { ok: true, payload: { cwd_map: Object.fromEntries(places), boot_working_directory: host.cwd } };
  },
} satisfies Partial<Handlers>;

function cannotCreate(device: Home, scope: ScopeId): Failure | null {
  const { conversation_id: id } = scope;
  if (!mayBeMinted(id))
    return failure(
      'frame_invalid',
      `A conversation id begins with conv- and has no other characters than A-Z a-z 0-9 . _ : -, unlike ${id}.`,
    );
  if (device.host.store.conversation(scope))
    return failure('conversation_exists', `The conversation ${id} exists already.`);
  if (device.host.store.deleted(scope))
    return failure('conversation_deleted', `The conversation ${id} was deleted; choose another id.`);
  const other = id === 'default' ? null : device.host.store.findConversation(id);
  return other
    ? failure('conversation_of_other_agent', `The conversation ${id} belongs to another agent.`)
    : null;
}

/** `default` means an agent's main conversation: of the agent in the query, else of the default agent. */
function find(device: Home, id: string, agentId: string | undefined): ConversationRecord | Failure {
  const { store } = device.host;
  if (id !== 'default') return store.findConversation(id) ?? noConversation(id);
  const agent = agentId ?? device.defaultAgent();
  if (!store.agent(agent)) return noAgent(agent);
  const scope = { agent_id: agent, conversation_id: id };
  return store.conversation(scope) ?? store.createConversation(scope, device.host.clock.now());
}

const noConversation = (id: string): Failure =>
  failure('conversation_not_found', `Conversation ${id} not found on this device.`);

const iso = (ms: number) => new Date(ms).toISOString();

const shown = (record: ConversationRecord) => ({
  id: record.conversation_id,
  agent_id: record.agent_id,
  archived: record.archived,
  archived_at: null,
  created_at: iso(record.created_at),
  updated_at: iso(record.updated_at),
  last_message_at: record.head > 0 ? iso(record.updated_at) : null,
  summary: record.summary,
  in_context_message_ids: [],
});

/** A finished message in the words of the message list (protocol reference 3.17). */
function messageOf(item: TranscriptItem): Record<string, unknown> {
  const base = { id: item.id, date: iso(item.at) };
  switch (item.kind) {
    case 'user':
      return { ...base, message_type: 'user_message', role: 'user', content: item.content, otid: item.otid };
    case 'assistant':
      return {
        ...base,
        message_type: 'assistant_message',
        role: 'assistant',
        content: item.text,
        run_id: item.run,
      };
    case 'reasoning':
      return { ...base, message_type: 'reasoning_message', reasoning: item.text, run_id: item.run };
    case 'call': {
      const call = { tool_call_id: item.call, name: item.name, arguments: item.args };
      return { ...base, message_type: 'approval_request_message', tool_call: call, run_id: item.run };
    }
    case 'result': {
      const result = { tool_call_id: item.call, status: item.status, tool_return: item.text };
      return { ...base, message_type: 'tool_return_message', ...result, run_id: item.run };
    }
    case 'summary':
      return { ...base, message_type: 'summary_message', summary: item.text };
  }
}
