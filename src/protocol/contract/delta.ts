import * as z from 'zod';
import { firstIssue } from '../first-issue.ts';
import { anyObject } from '../shapes.ts';

const content = z.union([z.string(), z.array(anyObject)]);
const toolCall = z.looseObject({
  tool_call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
});

const toolCalls = { tool_call: toolCall.optional(), tool_calls: z.array(toolCall).optional() };
const toolReturn = z.looseObject({
  tool_call_id: z.string(),
  status: z.string(),
  tool_return: z.unknown().optional(),
});

/** What a `stream_delta` can carry, by `message_type`. One that is not listed passes untouched. */
export const deltas = {
  assistant_message: z.looseObject({ content }),
  reasoning_message: z.looseObject({ reasoning: z.string(), source: z.string().optional() }),
  user_message: z.looseObject({ content }),
  tool_call_message: z.looseObject(toolCalls),
  approval_request_message: z.looseObject(toolCalls),
  /** One result at the top level, or any number of them in `tool_returns`; the device's own have both. */
  tool_return_message: z.looseObject({
    ...toolReturn.partial().shape,
    tool_returns: z.array(toolReturn).optional(),
  }),
  usage_statistics: z.looseObject({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    total_tokens: z.number(),
    cached_input_tokens: z.number().optional(),
    reasoning_tokens: z.number().optional(),
  }),
  stop_reason: z.looseObject({ stop_reason: z.string() }),
  client_tool_start: z.looseObject({
    tool_call_id: z.string(),
    tool_name: z.string().optional(),
    tool_args: z.string().optional(),
  }),
  client_tool_end: z.looseObject({ tool_call_id: z.string(), status: z.string() }),
  approval_classification_end: z.looseObject({
    auto_allowed_tool_call_ids: z.array(z.string()),
    auto_denied_tool_call_ids: z.array(z.string()),
    user_input_tool_call_ids: z.array(z.string()),
  }),
  status: z.looseObject({ message: z.string(), level: z.string() }),
  retry: z.looseObject({
    message: z.string(),
    reason: z.string(),
    attempt: z.number(),
    max_attempts: z.number(),
    delay_ms: z.number(),
    /** Extensions: a code of the error table, and the messages whose text no longer counts. */
    error_code: z.string().optional(),
    voided_message_ids: z.array(z.string()).optional(),
  }),
  loop_error: z.looseObject({
    message: z.string(),
    stop_reason: z.string(),
    is_terminal: z.boolean(),
    api_error: anyObject.optional(),
    code: z.string().optional(),
    voided_message_ids: z.array(z.string()).optional(),
  }),
  error_message: z.looseObject({ message: z.string(), error_type: z.string().optional() }),
};

const known: ReadonlyMap<string, z.ZodType> = new Map(Object.entries(deltas));

/** A table look-up instead of a union: an unknown kind of delta is somebody's extension, not an error. */
export const delta = z
  .looseObject({
    message_type: z.string(),
    id: z.string().optional(),
    date: z.string().optional(),
    run_id: z.string().nullable().optional(),
    /** The same for every piece of one message. */
    otid: z.string().nullable().optional(),
  })
  .superRefine((value, context) => {
    const schema = known.get(value.message_type);
    const issue = schema && firstIssue(schema, value);
    if (issue) context.addIssue({ ...issue });
  });
