import type * as z from 'zod';
import { type ErrorCode, type Failure, failure } from './errors.ts';
import { clip, explain } from './expected.ts';
import { firstIssue } from './first-issue.ts';
import type { CommandFrame, CommandType, Frame } from './frames.ts';
import { limits } from './limits.ts';
import { nearest } from './nearest.ts';
import { commandSpec, commandTypes, eventSpec, pushSpec, routeOf } from './routing.ts';
import { envelope } from './shapes.ts';

/** A frame that is not what it should be. `type` and `request_id` are the frame's, as far as it has them, so that it can be answered. */
export type Refused = {
  readonly ok: false;
  readonly failure: Failure;
  readonly type?: string;
  readonly request_id?: string;
};
/** `frame` is the very object that was handed in: checking changes nothing and drops no unknown field. */
export type Checked = { readonly ok: true; readonly type: string; readonly frame: Frame } | Refused;
/** As `Checked`; `type` tells the frame's shape. */
export type CheckedCommand =
  | {
      [T in CommandType]: { readonly ok: true; readonly type: T; readonly frame: CommandFrame<T> };
    }[CommandType]
  | Refused;

/**
 * Checks a frame that somebody sent to a device. Failures: frame_not_object, frame_no_type, frame_unknown_type, frame_invalid,
 * id_too_long. Never throws.
 */
export function checkCommand(value: unknown): CheckedCommand {
  const read = readFrame(value);
  if (!read.ok) return read;
  const spec = commandSpec(read.type);
  if (!spec) return refused(read.frame, 'frame_unknown_type', noCommand(read.type));
  // The look-up by `type` chose the schema, which the compiler cannot follow.
  return against(read.frame, spec.request) as CheckedCommand;
}

/**
 * Checks the reply to a command of that type, whether it tells of success or of failure. A failure's payload is not looked at: programs
 * differ in what they put there.
 */
export function checkReply(commandType: CommandType, value: unknown): Checked {
  const read = readFrame(value);
  if (!read.ok) return read;
  const { frame, type } = read;
  const reply = commandSpec(commandType)?.reply;
  if (reply?.type !== type) {
    const expected = reply ? `it is answered by "${reply.type}"` : 'it has no reply';
    return refused(
      frame,
      'frame_unknown_type',
      `"${clip(type)}" does not answer "${commandType}": ${expected}.`,
    );
  }
  const told = reply.flag === null || frame[reply.flag];
  if (typeof told !== 'boolean') {
    return refused(
      frame,
      'frame_invalid',
      `The "${type}" frame is not valid: ${reply.flag} must be true or false.`,
    );
  }
  return told ? against(frame, reply.payload) : read;
}

/** Checks an event: its envelope and its body. Failures as of `checkCommand`. */
export function checkEvent(value: unknown): Checked {
  const read = readFrame(value);
  if (!read.ok) return read;
  const spec = eventSpec(read.type);
  if (!spec) return refused(read.frame, 'frame_unknown_type', `"${clip(read.type)}" is no event.`);
  const enveloped = against(read.frame, envelope);
  return enveloped.ok ? against(read.frame, spec.body) : enveloped;
}

/** Checks a push. Failures as of `checkCommand`. */
export function checkPush(value: unknown): Checked {
  const read = readFrame(value);
  if (!read.ok) return read;
  const spec = pushSpec(read.type);
  if (!spec) return refused(read.frame, 'frame_unknown_type', `"${clip(read.type)}" is no push.`);
  return against(read.frame, spec.body);
}

function readFrame(value: unknown): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, failure: failure('frame_not_object', 'A frame must be one JSON object.') };
  }
  if (!hasType(value)) {
    return refused(value, 'frame_no_type', 'A frame must have a `type`, and it must be a string.');
  }
  return { ok: true, type: value.type, frame: value };
}

const hasType = (value: object): value is Frame => 'type' in value && typeof value.type === 'string';

function against(frame: Frame, schema: z.ZodType): Checked {
  const first = firstIssue(schema, frame);
  if (!first) return { ok: true, type: frame.type, frame };
  const { message, issue } = explain(first, frame);
  // Ids are the only strings of the contract that have a greatest length.
  const code = issue.code === 'too_big' && issue.origin === 'string' ? 'id_too_long' : 'frame_invalid';
  return refused(frame, code, `The "${frame.type}" frame is not valid: ${message}.`);
}

function refused(
  frame: { readonly type?: unknown; readonly request_id?: unknown },
  code: ErrorCode,
  message: string,
): Refused {
  const { type, request_id } = frame;
  return {
    ok: false,
    failure: failure(code, message),
    ...(typeof type === 'string' && { type }),
    ...(typeof request_id === 'string' && request_id.length <= limits.id && { request_id }),
  };
}

/** Our own words: zod would list every command there is. */
function noCommand(type: string): string {
  const kind = routeOf(type)?.kind;
  if (kind) return `"${type}" is no command but ${kind === 'event' ? 'an event' : `a ${kind}`}.`;
  const meant = nearest(clip(type), commandTypes);
  const advice = meant
    ? `Did you mean "${meant}"?`
    : 'PROTOCOL.md lists the commands; a newer device may know more.';
  return `"${clip(type)}" is no command. ${advice}`;
}
