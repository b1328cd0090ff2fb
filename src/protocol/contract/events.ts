import * as z from 'zod';
import { event, push } from '../builders.ts';
import { anyObject, controlRequest, loopStatuses } from '../shapes.ts';
import { queueBody, receipt } from './conversation.ts';
import { delta } from './delta.ts';

const told = { privilege: 'observe', redact: [] } as const;

export const deviceStatus = z.looseObject({
  is_online: z.boolean(),
  is_processing: z.boolean(),
  current_permission_mode: z.string(),
  current_working_directory: z.string().nullable(),
  /** Grows with every change of the directory and with every refused one. */
  cwd_revision: z.number().int().optional(),
  current_connection_id: z.string().nullable().optional(),
  connection_name: z.string().nullable().optional(),
  git_context: z
    .looseObject({ branch: z.string().nullable(), recent_branches: z.array(z.string()) })
    .nullable()
    .optional(),
  letta_code_version: z.string().nullable().optional(),
  memory_directory: z.string().nullable().optional(),
  current_toolset: z.string().nullable().optional(),
  current_toolset_preference: z.string().optional(),
  available_toolsets: z.array(anyObject).optional(),
  current_loaded_tools: z.array(z.string()).optional(),
  current_available_skills: z.array(anyObject).optional(),
  background_processes: z.array(anyObject).optional(),
  pending_control_requests: z
    .array(
      z.looseObject({ request_id: z.string(), request: controlRequest, input_hash: z.string().optional() }),
    )
    .optional(),
  experiments: z.array(anyObject).optional(),
  should_doctor: z.boolean().optional(),
  reflection_settings: anyObject.nullable().optional(),
  supported_commands: z.array(z.string()).optional(),
  /** An extension: what confines commands; without a name nothing does, for that reason. */
  sandbox: z.looseObject({ name: z.string().nullable(), reason: z.string().optional() }).optional(),
});

export const loopStatus = z.looseObject({
  status: z.enum(loopStatuses),
  active_run_ids: z.array(z.string()),
  client_message_ids_by_run_id: z.record(z.string(), z.array(z.string())).optional(),
  executing_tool_call_ids: z.array(z.string()).optional(),
  /** An extension: what the turn waits for, and since when (ms). */
  waiting_for: z
    .looseObject({
      kind: z.enum(['model', 'tool', 'approval', 'device', 'quota']),
      since: z.number(),
      detail: z.string(),
    })
    .optional(),
});

export const subagent = z.looseObject({
  subagent_id: z.string(),
  subagent_type: z.string(),
  description: z.string(),
  status: z.string(),
});

export const events = {
  stream_delta: event({
    ...told,
    summary: 'A piece of a turn: text, reasoning, a tool call, its result, a status.',
    body: z.looseObject({ delta, subagent_id: z.string().optional() }),
    stream: true,
    since: 'seed',
  }),
  update_device_status: event({
    ...told,
    summary: 'Mode, working directory and what waits for a person.',
    body: z.looseObject({ device_status: deviceStatus }),
    stream: true,
    since: 'seed',
  }),
  update_loop_status: event({
    ...told,
    summary: 'What the turn does now; `WAITING_ON_INPUT` is idle.',
    body: z.looseObject({ loop_status: loopStatus }),
    stream: true,
    since: 'seed',
  }),
  update_queue: event({
    ...told,
    summary: 'The whole queue, and what has left it.',
    body: queueBody.partial({ removed: true }),
    stream: true,
    since: 'seed',
  }),
  update_subagent_state: event({
    ...told,
    summary: 'The subagents of this conversation.',
    body: z.looseObject({ subagents: z.array(subagent) }),
    stream: true,
    since: '0.25',
  }),
  control_request: event({
    ...told,
    summary: 'A tool call waits for a decision.',
    body: z.looseObject({
      request_id: z.string(),
      request: controlRequest,
      input_hash: z.string().optional(),
    }),
    stream: false,
    since: 'seed',
  }),
  turn_finished: event({
    ...told,
    summary: 'The end of a turn, exactly once.',
    body: z.looseObject({
      turn_id: z.string(),
      stop_reason: z.string(),
      run_id: z.string().optional(),
      error: z.string().optional(),
      error_code: z.string().optional(),
      usage: anyObject.optional(),
    }),
    stream: false,
    since: '0.30',
  }),
  file_ops: event({
    ...told,
    summary: 'A tool wrote a file.',
    body: z.looseObject({
      path: z.string(),
      cg_entries: z.array(z.unknown()),
      ops: z.array(z.unknown()),
      source: z.string(),
      document_content: z.string().optional(),
    }),
    stream: false,
    since: 'seed',
  }),
};

export const pushes = {
  input_receipt: push({
    ...told,
    summary: 'What has become of an input.',
    body: receipt,
    audience: 'scope',
    since: 'farhand',
  }),
};
