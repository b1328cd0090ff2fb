import * as z from 'zod';
import { anyObject } from '../shapes.ts';

const content = z.union([z.string(), z.array(anyObject)]);
const toolCall = z.looseObject({
  tool_call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
});

/** What a `stream_delta` can carry, by `message_type`. One that is not listed passes untouched. */
export const deltas = {
  assistant_message: z.looseObject({ content }),
  reasoning_message: z.looseObject({ reasoning: z.string() }),
  user_message: z.looseObject({ content }),
  tool_call_message: z.looseObject({
    tool_call: toolCall.optional(),
    tool_calls: z.array(toolCall).optional(),
  }),
  approval_request_message: z.looseObject({
    tool_call: toolCall.optional(),
    tool_calls: z.array(toolCall).optional(),
  }),
  tool_return_message: z.looseObject({ status: z.string().optional(), tool_return: z.unknown().optional() }),
  usage_statistics: z.looseObject({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    total_tokens: z.number(),
  }),
  stop_reason: z.looseObject({ stop_reason: z.string() }),
  client_tool_start: z.looseObject({ tool_call_id: z.string() }),
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
  }),
  loop_error: z.looseObject({ message: z.string(), stop_reason: z.string(), is_terminal: z.boolean() }),
  error_message: z.looseObject({ message: z.string() }),
};

export type DeltaType = keyof typeof deltas;
const known: Readonly<Record<string, z.ZodType | undefined>> = deltas;

/** A table look-up instead of a union: an unknown kind of delta is somebody's extension, not an error. */
export const delta = z.looseObject({ message_type: z.string() }).superRefine((value, context) => {
  const result = known[value.message_type]?.safeParse(value);
  for (const issue of result?.error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
  }
});
