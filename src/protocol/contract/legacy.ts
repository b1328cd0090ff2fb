import * as z from 'zod';
import { push } from '../builders.ts';
import { anyObject, requestId, scope } from '../shapes.ts';

const toAll = { audience: 'scope', privilege: 'observe', redact: [], since: 'seed' } as const;
const toAsker = { ...toAll, audience: 'asker' } as const;
const answered = {
  request_id: requestId.optional(),
  runtime: scope.optional(),
  success: z.boolean(),
  error: z.string().optional(),
  error_code: z.string().optional(),
};
const count = z.number().int().min(0);

/**
 * Frames that the first documents name without showing them. No runtime ever sent one: a hub makes them for seed clients out of what the
 * device says, in the shapes that Letta Code uses where it has such a thing at all (its queue events on standard output).
 */
export const legacyPushes = {
  cwd_changed: push({
    ...toAsker,
    summary: 'Made by the hub: the working directory that a client asked for is set, or was refused.',
    body: z.looseObject({ ...answered, cwd: z.string().nullable() }),
  }),
  mode_changed: push({
    ...toAsker,
    summary: 'Made by the hub: the permission mode that a client asked for is set, or was refused.',
    body: z.looseObject({ ...answered, mode: z.string().nullable() }),
  }),
  recover_pending_approvals_ack: push({
    ...toAsker,
    summary: 'Made by the hub: `recover_pending_approvals` was worked, as a `sync`.',
    body: z.looseObject(answered),
  }),
  state_response: push({
    ...toAsker,
    summary: 'Made by the hub: everything that a `sync` tells, in one frame, to `request_state`.',
    body: z.looseObject({
      ...answered,
      device_status: anyObject.nullable(),
      loop_status: anyObject.nullable(),
      queue: z.array(anyObject),
      pending_control_requests: z.array(anyObject),
    }),
  }),
  run_started: push({
    ...toAll,
    summary: 'Made by the hub: a run is new among `active_run_ids`.',
    body: z.looseObject({ runtime: scope, run_id: z.string() }),
  }),
  run_completed: push({
    ...toAll,
    summary: 'Made by the hub: a run is no longer among `active_run_ids`.',
    body: z.looseObject({ runtime: scope, run_id: z.string() }),
  }),
  run_request_error: push({
    ...toAll,
    summary: 'Made by the hub: an input was refused or lost, or its turn failed.',
    body: z.looseObject({
      runtime: scope.optional(),
      request_id: requestId.optional(),
      run_id: z.string().nullable().optional(),
      client_message_id: z.string().optional(),
      error: z.looseObject({ message: z.string(), code: z.string().optional() }),
    }),
  }),
  status: push({
    ...toAll,
    summary: 'Made by the hub: the device came or went, or an input waits for it.',
    body: z.looseObject({
      status: z.enum(['online', 'offline', 'parked']),
      message: z.string(),
      timestamp: z.number(),
      runtime: scope.optional(),
      connection_id: z.string().nullable().optional(),
      connection_name: z.string().nullable().optional(),
      last_heartbeat: z.number().nullable().optional(),
      client_message_id: z.string().optional(),
    }),
  }),
  queue_item_enqueued: push({
    ...toAll,
    summary: 'Made by the hub: an item is new in the queue.',
    body: z.looseObject({
      runtime: scope,
      item_id: z.string(),
      client_message_id: z.string(),
      source: z.string(),
      kind: z.string(),
      queue_len: count,
    }),
  }),
  queue_batch_dequeued: push({
    ...toAll,
    summary: 'Made by the hub: items have left the queue to be worked.',
    body: z.looseObject({
      runtime: scope,
      batch_id: z.string(),
      item_ids: z.array(z.string()),
      merged_count: count,
      queue_len_after: count,
    }),
  }),
  queue_blocked: push({
    ...toAll,
    summary: 'Made by the hub: items wait, and why.',
    body: z.looseObject({
      runtime: scope,
      reason: z.enum(['streaming', 'pending_approvals', 'command_running', 'runtime_busy', 'paused_by_user']),
      queue_len: count,
    }),
  }),
  queue_cleared: push({
    ...toAll,
    summary: 'Made by the hub: several items were taken out, and none is left.',
    body: z.looseObject({ runtime: scope, reason: z.literal('cancelled'), cleared_count: count }),
  }),
  queue_item_dropped: push({
    ...toAll,
    summary: 'Made by the hub: an item was taken out of the queue.',
    body: z.looseObject({
      runtime: scope,
      item_id: z.string(),
      reason: z.literal('cancelled'),
      queue_len: count,
    }),
  }),
};
