import * as z from 'zod';
import { event, push } from '../builders.ts';
import { anyObject, controlRequest, loopStatuses, requestId } from '../shapes.ts';
import { queueBody, receipt } from './conversation.ts';
import { delta } from './delta.ts';

const told = { privilege: 'observe', redact: [] } as const;

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
    body: z.looseObject({
      device_status: z.looseObject({
        is_online: z.boolean(),
        is_processing: z.boolean(),
        current_permission_mode: z.string(),
        current_working_directory: z.string().nullable(),
        pending_control_requests: z
          .array(z.looseObject({ request_id: z.string(), request: controlRequest }))
          .optional(),
      }),
    }),
    stream: true,
    since: 'seed',
  }),
  update_loop_status: event({
    ...told,
    summary: 'What the turn does now; `WAITING_ON_INPUT` is idle.',
    body: z.looseObject({
      loop_status: z.looseObject({ status: z.enum(loopStatuses), active_run_ids: z.array(z.string()) }),
    }),
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
    body: z.looseObject({ subagents: z.array(anyObject) }),
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

/** Frames that only say how things are now, told to one asker. */
export const snapshotFields = z.looseObject({
  snapshot: z.literal(true),
  log_id: z.string().nullable(),
  request_id: requestId.optional(),
});
