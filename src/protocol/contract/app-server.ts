import * as z from 'zod';
import { command } from '../builders.ts';
import { readMode } from '../modes.ts';
import { agent, anyObject, conversation, id, requestId, scope, scopeId } from '../shapes.ts';
import { toolGroup } from './external-tools.ts';

const onDevice = {
  on: 'device',
  privilege: 'observe',
  deadlineMs: 30_000,
  parkable: false,
  chunked: false,
  ids: { asks: ['request_id'], answers: [], names: [] },
  redact: [],
  since: '0.30',
} as const;

const has = (field: string) => (frame: Record<string, unknown>) => frame[field] != null;

export const appServerCommands = {
  runtime_start: command({
    ...onDevice,
    summary: 'Begins to work with an agent in a conversation, both made where they are asked for.',
    request: z.looseObject({
      request_id: requestId,
      /** This or `create_agent`. */
      agent_id: scopeId.nullable().optional(),
      create_agent: z
        .looseObject({
          body: z.looseObject({ name: z.string().optional(), model: z.string().optional() }),
          pin_global: z.boolean().optional(),
          memfs: z.boolean().optional(),
        })
        .optional(),
      /** This or `create_conversation`; without either a conversation is made. */
      conversation_id: scopeId.optional(),
      create_conversation: z
        .looseObject({
          body: z
            .looseObject({ id: scopeId.optional(), summary: z.string().nullable().optional() })
            .optional(),
        })
        .optional(),
      conversation_source_tags: z.array(z.string()).optional(),
      /** Null: the folder that the device was started in. */
      cwd: z.string().nullable().optional(),
      mode: z.string().optional(),
      execution_settings: anyObject.optional(),
      workspace_sandbox: z.looseObject({ root: z.string(), isolation_root: z.string() }).optional(),
      skill_sources: z.array(z.enum(['bundled', 'global', 'agent', 'project'])).optional(),
      preserve_skill_sources: z.boolean().optional(),
      client_info: z
        .looseObject({ name: z.string(), title: z.string().optional(), version: z.string().optional() })
        .optional(),
      recover_approvals: z.boolean().optional(),
      force_device_status: z.boolean().optional(),
      /** The snapshots come before the reply instead of after it. */
      wait_for_replay: z.boolean().optional(),
      teleport_id: id.optional(),
      /** The tools that this client offers to the conversation; without the field it offers none. */
      external_tools: z.array(toolGroup).optional(),
    }),
    reply: {
      type: 'runtime_start_response',
      payload: z.looseObject({
        runtime: scope,
        agent,
        conversation,
        execution_settings: anyObject.optional(),
        created: z.looseObject({ agent: z.boolean(), conversation: z.boolean() }),
      }),
      neutral: {
        runtime: null,
        agent: null,
        conversation: null,
        created: { agent: false, conversation: false },
      },
      flag: 'success',
    },
    demands: [
      { privilege: 'agents', when: has('create_agent') },
      { privilege: 'agents', when: (frame) => frame.conversation_id === undefined },
      { privilege: 'configure', when: (frame) => frame.mode !== undefined || frame.cwd !== undefined },
      { privilege: 'mode.unrestricted', when: (frame) => readMode(frame.mode) === 'unrestricted' },
      { privilege: 'send', when: has('external_tools') },
    ],
    route: null,
  }),
  app_server_info: command({
    ...onDevice,
    summary: 'Which program this is, and what it can do.',
    request: z.looseObject({ request_id: id }),
    reply: {
      type: 'app_server_info_response',
      payload: z.looseObject({
        backend: z.string(),
        letta_code_version: z.string(),
        protocol_version: z.number().int(),
        capabilities: z.record(z.string(), z.boolean()),
      }),
      neutral: {},
      flag: 'success',
    },
    demands: [],
    route: null,
  }),
};
