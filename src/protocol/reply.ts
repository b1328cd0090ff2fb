import type { Failure } from './errors.ts';
import type { AnsweredCommandType, CommandType, Frame } from './frames.ts';
import { commandSpec } from './routing.ts';

/**
 * The one reply to a command that was done; null for a command whose contract entry has no reply (ERR-1). `requestId` undefined: nobody
 * asked by name, the dialect at the door decides what becomes of it.
 */
export function okReply(
  commandType: AnsweredCommandType,
  requestId: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Frame;
export function okReply(
  commandType: CommandType,
  requestId: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Frame | null;
export function okReply(
  commandType: string,
  requestId: string | undefined,
  payload: Readonly<Record<string, unknown>>,
): Frame | null {
  const reply = commandSpec(commandType)?.reply;
  if (!reply) return null;
  return { type: reply.type, ...asked(requestId), ...payload, ...(reply.flag && { [reply.flag]: true }) };
}

/**
 * The one answer to a command that failed (ERR-1): its own reply type with the entry's neutral payload, a false flag, `error` and
 * `error_code`; an `error` frame where there is no such reply. `extra` echoes what the asker knows, such as `runtime`.
 */
export function failedReply(
  commandType: string | undefined,
  requestId: string | undefined,
  failure: Failure,
  extra: Readonly<Record<string, unknown>> = {},
): Frame {
  const reply = commandType === undefined ? null : commandSpec(commandType)?.reply;
  if (!reply?.flag) return errorFrame(requestId, failure);
  return {
    type: reply.type,
    ...asked(requestId),
    ...reply.neutral,
    ...extra,
    [reply.flag]: false,
    error: failure.message,
    error_code: failure.code,
  };
}

/** A failure that no reply type can carry. */
export const errorFrame = (requestId: string | undefined, { code, message }: Failure): Frame => ({
  type: 'error',
  message,
  code,
  ...asked(requestId),
});

const asked = (requestId: string | undefined) => (requestId === undefined ? {} : { request_id: requestId });
