import { type Failure, failure, isErrorCode } from '../protocol/errors.ts';
import type { PushBody } from '../protocol/frames.ts';
import { isSettled, receiptStates } from '../protocol/shapes.ts';

export type ReceiptState = PushBody<'input_receipt'>['state'];

/** What has become of a message so far, and who says so. `parked`: it waits at a broker for its device. */
export type Fate = {
  readonly client_message_id: string;
  readonly state: ReceiptState;
  readonly authority: 'device' | 'broker';
  readonly turn_id?: string;
  readonly code?: string;
};

/** Its device has it, or nobody ever will: no outbox need keep it (IN-6). */
export const isTaken = ({ state, authority }: Fate): boolean =>
  isSettled(state) || (authority === 'device' && state !== 'parked');

/** Whether a receipt may follow another one: a fate never moves back, and a settled one not at all (IN-3). */
export const movesOn = (from: ReceiptState, to: ReceiptState): boolean =>
  !isSettled(from) && rankOf(to) >= rankOf(from);

/** Answers of a peer that knows no receipts, or does not show them to this client. */
export const cannotTell: ReadonlySet<string> = new Set([
  'frame_unknown_type',
  'frame_invalid',
  'unsupported',
  'forbidden',
]);

/** How far an input has come: settled states are all the end. */
const rankOf = (state: ReceiptState): number =>
  isSettled(state) ? receiptStates.length : receiptStates.indexOf(state);

export function refusal(code = 'input_invalid'): Failure {
  return failure(
    isErrorCode(code) ? code : 'input_invalid',
    `The message was refused (${code}). Send it under a new id.`,
  );
}
