import * as z from 'zod';
import { command } from '../builders.ts';
import { limits } from '../limits.ts';
import { readMode } from '../modes.ts';
import {
  anyObject,
  content,
  controlRequest,
  id,
  queueItem,
  receiptStates,
  requestId,
  scope,
  scopeId,
} from '../shapes.ts';

const inScope = { on: 'scope', chunked: false, redact: [], route: null } as const;
const asksRequest = { asks: ['request_id'], answers: [], names: [] } as const;

export const decision = z.discriminatedUnion('behavior', [
  z.looseObject({
    behavior: z.literal('allow'),
    message: z.string().optional(),
    updated_input: anyObject.nullable().optional(),
    selected_permission_suggestion_ids: z.array(z.string()).optional(),
  }),
  z.looseObject({ behavior: z.literal('deny'), message: z.string() }),
]);

export const message = z
  .looseObject({
    content: content.optional(),
    client_message_id: id.nullable().optional(),
    otid: id.nullable().optional(),
  })
  .refine(({ type }) => type !== 'approval', {
    error: 'must not be an approval: answer a tool request with payload.kind "approval_response"',
  });

export const createMessage = z.looseObject({
  kind: z.literal('create_message'),
  messages: z.array(message),
  /** Sent by the first programs; accepted and without effect. */
  supports_control_response: z.boolean().optional(),
  client_tool_allowlist: z.array(z.string()).optional(),
  client_toolset: z
    .looseObject({ base: z.string().optional(), include: z.array(z.string()).optional() })
    .optional(),
  external_tool_scope_ids: z.array(z.string()).optional(),
  exclude_interactive_tools: z.boolean().optional(),
  image_failure_mode: z.enum(['strict', 'drop']).optional(),
  response_format: z.looseObject({ type: z.literal('json_schema'), json_schema: anyObject }).optional(),
});

export const approvalResponse = z
  .looseObject({
    kind: z.literal('approval_response'),
    /** Of the `control_request`; the frame's own `request_id` asks for `input_accepted`. */
    request_id: id,
    decision: decision.optional(),
    error: z.string().optional(),
    input_hash: z.string().max(limits.id).optional(),
  })
  .refine((answer) => answer.decision !== undefined || answer.error !== undefined, {
    error: 'must have a decision, or an error that denies the call',
  });

const payload = z.discriminatedUnion('kind', [createMessage, approvalResponse]);

// Demands look at frames that nobody has checked yet.
const payloadOf = (frame: Record<string, unknown>) => fieldsOf(frame.payload);
const decisionOf = (frame: Record<string, unknown>) => fieldsOf(payloadOf(frame).decision);
const fieldsOf = (value: unknown) =>
  (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;

export const receipt = z.looseObject({
  runtime: scope,
  client_message_id: z.string(),
  input_id: z.string(),
  state: z.enum(receiptStates),
  turn_id: z.string().optional(),
  position: z.number().int().optional(),
  code: z.string().optional(),
  authority: z.enum(['device', 'broker']),
  at: z.number(),
});

export const conversationCommands = {
  input: command({
    ...inScope,
    summary: 'Sends a message, or answers a tool request.',
    request: z.looseObject({ request_id: id.optional(), runtime: scope, payload }),
    reply: {
      type: 'input_accepted',
      payload: z.looseObject({ runtime: scope, disposition: z.enum(['started', 'queued']).optional() }),
      neutral: {},
      flag: 'accepted',
    },
    privilege: 'send',
    demands: [
      { privilege: 'approve', when: (frame) => payloadOf(frame).kind === 'approval_response' },
      { privilege: 'approve.edit', when: (frame) => decisionOf(frame).updated_input != null },
      {
        privilege: 'approve.remember',
        when: (frame) => Array.isArray(decisionOf(frame).selected_permission_suggestion_ids),
      },
    ],
    deadlineMs: 30_000,
    parkable: true,
    ids: { asks: ['request_id'], answers: ['payload.request_id'], names: [] },
    since: 'seed',
  }),
  sync: command({
    ...inScope,
    summary: 'Asks for the current state and, with a cursor, for every event missed since.',
    request: z.looseObject({
      request_id: requestId.optional(),
      runtime: scope,
      recover_approvals: z.boolean().optional(),
      force_device_status: z.boolean().optional(),
      resume_interrupted_turn: z.boolean().optional(),
      log_id: z.string().max(limits.id).optional(),
      after_event_seq: z.number().int().min(0).optional(),
    }),
    reply: {
      type: 'sync_response',
      // Stock programs keep no log: theirs has only `runtime`.
      payload: z.looseObject({
        runtime: scope,
        log_id: z.string().nullable().optional(),
        head: z.number().int().optional(),
        verdict: z.enum(['ok', 'gap', 'snapshot', 'reset']).optional(),
        from: z.number().int().optional(),
        to: z.number().int().optional(),
      }),
      neutral: { log_id: null, head: 0, verdict: 'snapshot' },
      flag: 'success',
    },
    privilege: 'observe',
    demands: [],
    deadlineMs: 30_000,
    parkable: false,
    ids: asksRequest,
    since: 'seed',
  }),
  abort_message: command({
    ...inScope,
    summary: 'Stops the turn that runs now.',
    request: z.looseObject({
      request_id: requestId.optional(),
      runtime: scope,
      run_id: z.string().max(limits.id).nullable().optional(),
      /** Milliseconds since the epoch: a turn that began later goes on (ABT-4). */
      as_of: z.number().optional(),
    }),
    reply: {
      type: 'abort_message_response',
      payload: z.looseObject({
        runtime: scope,
        aborted: z.boolean(),
        run_id: z.string().nullable().optional(),
        /** It waits at a broker for a device that is away. */
        parked: z.literal(true).optional(),
      }),
      neutral: { aborted: false },
      flag: 'success',
    },
    privilege: 'send',
    demands: [],
    deadlineMs: 30_000,
    parkable: true,
    ids: asksRequest,
    since: 'seed',
  }),
  resume_queue: command({
    ...inScope,
    summary: 'Lets inputs go on that an abort had parked.',
    request: z.looseObject({ request_id: requestId.optional(), runtime: scope }),
    reply: {
      type: 'resume_queue_response',
      payload: z.looseObject({ runtime: scope, resumed: z.number().int() }),
      neutral: { resumed: 0 },
      flag: 'success',
    },
    privilege: 'send',
    demands: [],
    deadlineMs: 30_000,
    parkable: false,
    ids: asksRequest,
    since: '0.32',
  }),
  remove_queue_item: command({
    ...inScope,
    summary: 'Takes a waiting input out of the queue.',
    request: z.looseObject({ request_id: requestId, runtime: scope, item_id: id }),
    reply: {
      type: 'remove_queue_item_response',
      payload: z.looseObject({ item_id: z.string() }),
      neutral: { item_id: '' },
      flag: 'success',
    },
    privilege: 'send',
    demands: [],
    deadlineMs: 30_000,
    parkable: false,
    ids: { asks: ['request_id'], answers: [], names: ['item_id'] },
    since: '0.30',
  }),
  change_device_state: command({
    ...inScope,
    summary: "Sets a conversation's permission mode or working directory.",
    request: z.looseObject({
      runtime: scope,
      payload: z.looseObject({
        mode: z.string().optional(),
        cwd: z.string().optional(),
        git_op: z.looseObject({ kind: z.literal('checkout'), branch: z.string() }).optional(),
        agent_id: scopeId.nullable().optional(),
        conversation_id: scopeId.nullable().optional(),
      }),
    }),
    reply: null,
    privilege: 'configure',
    demands: [
      {
        privilege: 'mode.unrestricted',
        when: (frame) => readMode(payloadOf(frame).mode) === 'unrestricted',
      },
    ],
    deadlineMs: 30_000,
    parkable: false,
    ids: { asks: [], answers: [], names: [] },
    since: 'seed',
  }),
  input_receipt_get: command({
    ...inScope,
    summary: 'Asks what became of an input.',
    request: z.looseObject({ request_id: requestId, runtime: scope, client_message_id: id }),
    reply: {
      type: 'input_receipt_get_response',
      payload: z.looseObject({ receipt: receipt.nullable() }),
      neutral: { receipt: null },
      flag: 'success',
    },
    privilege: 'observe',
    demands: [],
    deadlineMs: 30_000,
    parkable: false,
    ids: { asks: ['request_id'], answers: [], names: ['client_message_id'] },
    since: 'farhand',
  }),
  approvals_list: command({
    ...inScope,
    on: 'device',
    summary: 'Every tool request that waits for a person, over all conversations.',
    request: z.looseObject({ request_id: requestId }),
    reply: {
      type: 'approvals_list_response',
      payload: z.looseObject({
        approvals: z.array(
          z.looseObject({
            runtime: scope,
            request_id: z.string(),
            request: controlRequest,
            input_hash: z.string(),
            since: z.number(),
          }),
        ),
      }),
      neutral: { approvals: [] },
      flag: 'success',
    },
    privilege: 'observe',
    demands: [],
    deadlineMs: 30_000,
    parkable: false,
    ids: asksRequest,
    since: 'farhand',
  }),
};

export const queueBody = z.looseObject({
  queue: z.array(queueItem),
  removed: z.array(
    z.looseObject({ client_message_id: z.string(), disposition: z.enum(['dequeued', 'cancelled']) }),
  ),
});
