import { type ErrorCode, failure, isErrorCode } from '../errors.ts';
import type { Frame } from '../frames.ts';
import { errorFrame } from '../reply.ts';
import { commandSpec, routeOf } from '../routing.ts';

/**
 * What one family of clients is told and says, as a pure adapter at the edge of the hub. A frame that passes unchanged is the same
 * object, so that its original text can be sent.
 */
export interface Dialect<S = unknown> {
  readonly name: 'seed' | 'stock' | 'farhand';
  /** The state of a fresh session. */
  start(): S;
  /** A frame that the client sent, as the device is to hear it. */
  in(state: S, frame: Frame): readonly [S, readonly Frame[]];
  /** A frame for the client. `asked` false: a reply whose command had no `request_id`. */
  out(state: S, frame: Frame, to: { readonly asked: boolean }): readonly [S, readonly Frame[]];
}

/**
 * What a client hears of a frame: not the success of a command that it gave without a `request_id`, but always the failure (ERR-1); and
 * nothing of the extensions unless it said that it knows them, except why a question of its own got no other answer (CONTRACT-2).
 */
export function heard(frame: Frame, asked: boolean, knowsExtensions: boolean): readonly Frame[] {
  const route = routeOf(frame.type);
  if (!route) return [frame];
  if (route.kind === 'reply' && !asked && !ofLink(route.command)) return complaint(frame, route.command);
  if (route.since !== 'farhand' || knowsExtensions) return [frame];
  if (route.kind !== 'reply') return [];
  const text = `"${route.command}" is an extension of this protocol; say client_hello first.`;
  return [errorFrame(requestIdOf(frame), failure('frame_unknown_type', text))];
}

/** What the link answers itself is a sign that it is there, and wanted in any case. */
const ofLink = (commandType: string): boolean => commandSpec(commandType)?.on === 'link';

function complaint(frame: Frame, commandType: string): readonly Frame[] {
  const flag = commandSpec(commandType)?.reply?.flag;
  if (!flag || frame[flag] !== false) return [];
  const message = typeof frame.error === 'string' ? frame.error : `"${commandType}" failed without a reason.`;
  return [errorFrame(undefined, failure(codeOf(frame), message))];
}

const codeOf = ({ error_code }: Frame): ErrorCode =>
  typeof error_code === 'string' && isErrorCode(error_code) ? error_code : 'internal';

const requestIdOf = ({ request_id }: Frame) => (typeof request_id === 'string' ? request_id : undefined);
