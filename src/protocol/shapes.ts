import * as z from 'zod';
import { limits } from './limits.ts';

/** Any id that is not empty. */
export const id = z.string().min(1).max(limits.id);
/** Ids that Farhand mints and that may become part of a path, hence never `.` or `..`. */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,128}$/;
/** An agent's or a conversation's id. */
export const scopeId = z
  .string()
  .max(limits.scopeId)
  .regex(idPattern, 'must be of A-Z a-z 0-9 . _ : - and neither empty nor just . or ..');

/** The scope, called `runtime` on the wire. `agent_id` null: a conversation without an agent (0.32). */
export const scope = z.looseObject({
  agent_id: scopeId.nullable(),
  conversation_id: scopeId,
  acting_user_id: z.string().optional(),
});
export type Scope = { readonly agent_id: string | null; readonly conversation_id: string };

/** One string for a scope, for maps. */
export const scopeKey = (of: Scope): string => `${of.agent_id ?? ''}/${of.conversation_id}`;

/** The scope that a `runtime` names, or null. Here and not by schema: every frame that is relayed passes it. */
export function scopeOf(runtime: unknown): Scope | null {
  if (typeof runtime !== 'object' || runtime === null) return null;
  const { agent_id, conversation_id } = runtime as { agent_id?: unknown; conversation_id?: unknown };
  if (agent_id !== null && !isScopeId(agent_id)) return null;
  return isScopeId(conversation_id) ? { agent_id, conversation_id } : null;
}

const isScopeId = (value: unknown): value is string => typeof value === 'string' && idPattern.test(value);

export const requestId = z.string().max(limits.id);
export const anyObject = z.looseObject({});

/** A message's content: text, or parts such as `{type:'text', text}` and base64 images. */
export const content = z.union([z.string(), z.array(anyObject)]);

/** What goes around the body of an event. All of it is optional: the first programs left out one or the other field. */
export const envelope = z.looseObject({
  runtime: scope.optional(),
  /** Dense per log, from 1. */
  event_seq: z.number().int().min(0).optional(),
  emitted_at: z.string().optional(),
  idempotency_key: z.string().optional(),
  /** The log that `event_seq` counts in; null where the conversation has none yet. */
  log_id: z.string().nullable().optional(),
  /** Says how things are now, to one asker; `event_seq` is the head it reflects. */
  snapshot: z.literal(true).optional(),
});

export const agent = z.looseObject({ id, name: z.string(), model: z.string().nullable() });
export const conversation = z.looseObject({ id, agent_id: z.string().nullable() });
export const queueItem = z.looseObject({
  id,
  client_message_id: z.string(),
  kind: z.string(),
  source: z.string(),
  content: z.unknown(),
  enqueued_at: z.string(),
  paused: z.boolean().optional(),
});
export const controlRequest = z.looseObject({
  subtype: z.literal('can_use_tool'),
  tool_name: z.string(),
  tool_call_id: z.string(),
  input: anyObject,
  permission_suggestions: z.array(z.looseObject({ id: z.string(), text: z.string() })).optional(),
  blocked_path: z.string().nullable().optional(),
  diffs: z.array(anyObject).optional(),
});
export const loopStatuses = [
  'SENDING_API_REQUEST',
  'WAITING_FOR_API_RESPONSE',
  'RETRYING_API_REQUEST',
  'PROCESSING_API_RESPONSE',
  'EXECUTING_CLIENT_SIDE_TOOL',
  'EXECUTING_COMMAND',
  'WAITING_ON_APPROVAL',
  'WAITING_ON_INPUT',
] as const;
export type LoopStatusName = (typeof loopStatuses)[number];
/** The fate of an input as it comes to be known (IN-2). `parked` and `handed_over` are a broker's. */
const openStates = ['parked', 'accepted', 'queued', 'started'] as const;
const settledStates = ['done', 'failed', 'cancelled', 'rejected', 'indeterminate', 'handed_over'] as const;
export const receiptStates = [...openStates, ...settledStates] as const;
export type ReceiptStateName = (typeof receiptStates)[number];

const settled: ReadonlySet<ReceiptStateName> = new Set(settledStates);
/** A settled input never changes again (IN-3). */
export const isSettled = (state: ReceiptStateName): boolean => settled.has(state);
