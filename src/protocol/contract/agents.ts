import * as z from 'zod';
import { command } from '../builders.ts';
import { agent, anyObject, conversation, id, requestId, scopeId } from '../shapes.ts';

const onDevice = {
  on: 'device',
  demands: [],
  deadlineMs: 30_000,
  parkable: false,
  chunked: false,
  redact: [],
  since: '0.30',
} as const;
const naming = (...names: string[]) => ({ asks: ['request_id'], answers: [], names });
const reply = <P extends z.ZodType>(type: string, payload: P, neutral: Record<string, unknown>) => ({
  type,
  payload,
  neutral,
  flag: 'success' as const,
});
const ask = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ request_id: requestId, ...shape });

export const agentCommands = {
  agent_list: command({
    ...onDevice,
    summary: 'Lists the agents of the device.',
    request: ask({ query: anyObject.optional() }),
    reply: reply('agent_list_response', z.looseObject({ agents: z.array(agent) }), { agents: [] }),
    privilege: 'observe',
    ids: naming(),
    route: { method: 'GET', path: '/v1/agents' },
  }),
  agent_create: command({
    ...onDevice,
    summary: 'Creates an agent.',
    request: ask({ body: z.looseObject({ name: z.string().optional(), model: z.string().optional() }) }),
    reply: reply('agent_create_response', z.looseObject({ agent }), { agent: null }),
    privilege: 'agents',
    ids: naming(),
    route: { method: 'POST', path: '/v1/agents' },
  }),
  agent_retrieve: command({
    ...onDevice,
    summary: 'Shows one agent.',
    request: ask({ agent_id: id }),
    reply: reply('agent_retrieve_response', z.looseObject({ agent }), { agent: null }),
    privilege: 'observe',
    ids: naming('agent_id'),
    route: { method: 'GET', path: '/v1/agents/{agent_id}' },
  }),
  agent_prompt: command({
    ...onDevice,
    summary: 'What the model of an agent reads before a conversation: its system prompt, section by section.',
    request: ask({ agent_id: id, conversation_id: id.optional() }),
    reply: reply(
      'agent_prompt_response',
      z.looseObject({
        model: z.string(),
        sections: z.array(z.looseObject({ name: z.string(), text: z.string() })),
      }),
      { model: null, sections: [] },
    ),
    privilege: 'memory',
    ids: naming('agent_id', 'conversation_id'),
    route: { method: 'GET', path: '/v1/agents/{agent_id}/prompt' },
  }),
  agent_delete: command({
    ...onDevice,
    summary: 'Deletes an agent with its conversations.',
    request: ask({ agent_id: id }),
    reply: reply('agent_delete_response', z.looseObject({ agent_id: z.string() }), {}),
    privilege: 'agents',
    ids: naming('agent_id'),
    route: { method: 'DELETE', path: '/v1/agents/{agent_id}' },
  }),
  conversation_list: command({
    ...onDevice,
    summary: 'Lists conversations, newest activity first.',
    request: ask({ query: z.looseObject({ agent_id: z.string().optional() }).optional() }),
    reply: reply('conversation_list_response', z.looseObject({ conversations: z.array(conversation) }), {
      conversations: [],
    }),
    privilege: 'observe',
    ids: naming(),
    route: { method: 'GET', path: '/v1/conversations' },
  }),
  conversation_create: command({
    ...onDevice,
    summary: 'Creates a conversation of an agent; the client may choose its id.',
    request: ask({
      body: z.looseObject({
        agent_id: z.string().optional(),
        id: scopeId.optional(),
        summary: z.string().nullable().optional(),
      }),
    }),
    reply: reply('conversation_create_response', z.looseObject({ conversation }), { conversation: null }),
    privilege: 'agents',
    ids: naming(),
    route: { method: 'POST', path: '/v1/conversations' },
  }),
  conversation_retrieve: command({
    ...onDevice,
    summary: 'Shows one conversation.',
    request: ask({
      conversation_id: id,
      query: z.looseObject({ agent_id: z.string().optional() }).optional(),
    }),
    reply: reply('conversation_retrieve_response', z.looseObject({ conversation }), { conversation: null }),
    privilege: 'observe',
    ids: naming('conversation_id'),
    route: { method: 'GET', path: '/v1/conversations/{conversation_id}' },
  }),
  conversation_messages_list: command({
    ...onDevice,
    summary: 'Pages through the finished messages of a conversation, newest first.',
    request: ask({
      conversation_id: id,
      query: z
        .looseObject({
          agent_id: z.string().optional(),
          limit: z.number().int().min(1).max(1000).optional(),
          before: z.string().nullable().optional(),
        })
        .optional(),
    }),
    reply: reply(
      'conversation_messages_list_response',
      z.looseObject({
        messages: z.array(anyObject),
        next_before: z.string().nullable(),
        has_more: z.boolean(),
      }),
      { messages: [], next_before: null, has_more: false },
    ),
    privilege: 'observe',
    ids: naming('conversation_id'),
    route: { method: 'GET', path: '/v1/conversations/{conversation_id}/messages' },
  }),
  conversation_compact: command({
    ...onDevice,
    summary:
      'Begins to summarise a conversation for its model; the end is told by a summary_message. People still read everything.',
    request: ask({
      conversation_id: id,
      body: z.looseObject({ agent_id: z.string().optional() }).optional(),
    }),
    reply: reply('conversation_compact_response', z.looseObject({ compaction: anyObject }), {
      compaction: null,
    }),
    privilege: 'send',
    ids: naming('conversation_id'),
    route: { method: 'POST', path: '/v1/conversations/{conversation_id}/compact' },
  }),
  get_cwd_map: command({
    ...onDevice,
    summary: 'The working directory of every conversation, and the one that new conversations begin in.',
    request: ask({}),
    reply: reply(
      'get_cwd_map_response',
      z.looseObject({
        cwd_map: z.record(z.string(), z.string()),
        boot_working_directory: z.string().nullable(),
      }),
      { cwd_map: {}, boot_working_directory: null },
    ),
    privilege: 'observe',
    ids: naming(),
    route: { method: 'GET', path: '/v1/working-directories' },
  }),
};
