import { callsOf, isProgress, resultsOf } from '../show/delta.ts';
import { contentText, type Fields, fieldsOf, numberOf, textOf, textsOf } from '../show/fields.ts';
import { inputOf } from '../show/tool-call.ts';
import { errorCodeOf, type SdkMessage } from './sdk-message.ts';

/**
 * One `stream_delta` in the SDK's words; `uuid` where the delta has no id. The end of a turn is not told here: `stop_reason`
 * is dropped, and `loop_error` tells only what does not end it.
 */
export function translateDelta(delta: Fields, fallbackId: string): readonly SdkMessage[] {
  const uuid = textOf(delta.id) ?? fallbackId;
  const runId = textOf(delta.run_id);
  const otid = textOf(delta.otid);
  const origin = { uuid, ...(otid !== undefined && { otid }), ...(runId !== undefined && { runId }) };
  const type = textOf(delta.message_type);
  if (isProgress(delta)) return [{ type: 'stream_event', event: delta, uuid }];
  switch (type) {
    case 'assistant_message':
      return said('assistant', contentText(delta.content), origin);
    case 'reasoning_message':
      return said('reasoning', textOf(delta.reasoning) ?? contentText(delta.content), origin);
    case 'tool_call_message':
    case 'approval_request_message':
      return callsOf(delta).flatMap((call) => toolCall(call, origin));
    case 'tool_return_message':
      return resultsOf(delta).map((result) => toolResult(result, origin));
    case 'retry':
      return [retry(delta, runId)];
    case 'loop_error':
    case 'error_message':
      return delta.is_terminal === false ? [problem(delta, runId)] : [];
    case 'stop_reason':
    case 'ping':
      return [];
    default:
      return [{ type: 'stream_event', event: delta, uuid }];
  }
}

type Origin = { readonly uuid: string; readonly otid?: string; readonly runId?: string };

const said = (type: 'assistant' | 'reasoning', content: string, origin: Origin): readonly SdkMessage[] =>
  content === '' ? [] : [{ type, content, ...origin }];

function toolCall(call: Fields, origin: Origin): readonly SdkMessage[] {
  const toolCallId = textOf(call.tool_call_id) ?? textOf(call.id);
  if (toolCallId === undefined) return [];
  const toolName = textOf(call.name) ?? '?';
  const rawArguments = textOf(call.arguments);
  const toolInput = inputOf(rawArguments);
  return [
    {
      type: 'tool_call',
      toolCallId,
      toolName,
      toolInput,
      ...(rawArguments !== undefined && { rawArguments }),
      ...origin,
    },
  ];
}

const toolResult = (result: Fields, origin: Origin): SdkMessage => ({
  type: 'tool_result',
  toolCallId: textOf(result.tool_call_id) ?? '',
  content: contentText(result.tool_return),
  isError: result.status === 'error',
  ...origin,
});

function retry(delta: Fields, runId: string | undefined): SdkMessage {
  const voidedUuids = textsOf(delta.voided_message_ids);
  return {
    type: 'retry',
    reason: textOf(delta.reason) ?? '',
    attempt: numberOf(delta.attempt) ?? 0,
    maxAttempts: numberOf(delta.max_attempts) ?? 0,
    delayMs: numberOf(delta.delay_ms) ?? 0,
    ...(runId !== undefined && { runId }),
    ...(voidedUuids.length > 0 && { voidedUuids }),
  };
}

function problem(delta: Fields, runId: string | undefined): SdkMessage {
  const stopReason = textOf(delta.stop_reason) ?? textOf(delta.error_type) ?? 'error';
  const message = textOf(fieldsOf(delta.api_error).detail) ?? textOf(delta.message) ?? stopReason;
  return {
    type: 'error',
    message,
    errorCode: errorCodeOf(stopReason),
    stopReason,
    ...(runId !== undefined && { runId }),
  };
}
