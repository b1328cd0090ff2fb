import type { ErrorCode } from '../errors.ts';
import type { Frame } from '../frames.ts';
import { text } from './loose.ts';

/** Codes that say the input did not get as far as the device, which the first documents tell by `error`. */
const ofTheWay: ReadonlySet<unknown> = new Set<ErrorCode>([
  'device_offline',
  'device_lost',
  'broker_restarting',
  'unreachable',
  'deadline',
  'unauthorized',
  'forbidden',
  'quota',
]);

/**
 * What a seed client hears of `input_accepted`: nothing where it asked for nothing and all is well; a refusal by `run_request_error`,
 * behind the reply where it asked for one, and by `error` where it did not and the way there was the trouble.
 */
export function inputAnswer(frame: Frame, asked: boolean): readonly Frame[] {
  if (frame.accepted !== false) return asked ? [frame] : [];
  const { runtime, request_id, error_code } = frame;
  const code = text(error_code);
  const message = text(frame.error) ?? 'The input was refused without a reason.';
  if (!asked && ofTheWay.has(code)) return [{ type: 'error', message, ...(code !== undefined && { code }) }];
  const failed = {
    type: 'run_request_error',
    ...(request_id !== undefined && { request_id }),
    ...(runtime !== undefined && { runtime }),
    error: { message, ...(code !== undefined && { code }) },
  };
  return asked ? [frame, failed] : [failed];
}

/** A turn that ended with an error, as every generation of devices tells it. */
export function turnFailure({ runtime }: Frame, delta: Readonly<Record<string, unknown>>): readonly Frame[] {
  if (delta.message_type !== 'loop_error' || delta.is_terminal !== true) return [];
  const code = text(delta.code);
  const message = text(delta.message) ?? 'The turn failed without a reason.';
  const run_id = text(delta.run_id) ?? null;
  return [
    { type: 'run_request_error', runtime, run_id, error: { message, ...(code !== undefined && { code }) } },
  ];
}
