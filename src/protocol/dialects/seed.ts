import type { Frame } from '../frames.ts';
import { type Dialect, heard } from './dialect.ts';

/** For programs written from the first documents: no extensions, and an abort is acknowledged in their words, asked or not (ABT-3). */
export const seed: Dialect<null> = {
  name: 'seed',
  start: () => null,
  in: (state, frame) => [state, [frame]],
  out(state, frame, { asked }) {
    if (frame.type !== 'abort_message_response') return [state, heard(frame, asked, false)];
    return [state, asked ? [frame, cancelAck(frame)] : [cancelAck(frame)]];
  },
};

/** A failure's reason goes along: without a `request_id` nothing else would carry it. */
const cancelAck = ({ request_id, aborted, run_id, error, error_code }: Frame): Frame => ({
  type: 'cancel_ack',
  ...(request_id !== undefined && { request_id }),
  accepted: aborted === true,
  run_id: run_id ?? null,
  ...(error !== undefined && { error }),
  ...(error_code !== undefined && { error_code }),
});
