import { fields } from '../../protocol/dialects/loose.ts';
import { type Failure, failure, isErrorCode } from '../../protocol/errors.ts';
import type { CommandType, Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { failedReply, okReply } from '../../protocol/reply.ts';
import type { Scope } from '../../protocol/shapes.ts';
import { checkCommand } from '../../protocol/validate.ts';
import type { Fate, Parked } from '../store/inbox.ts';
import { type Asking, activeRunIn, pendingIn, queueIn } from './latest.ts';
import {
  abortToPark,
  brokerReceipt,
  decisionToPark,
  fateReceipt,
  type Identified,
  identify,
  messageToPark,
  type Parking,
  parkedReceipt,
  scopeIn,
} from './parking.ts';
import { requestSnapshot, stateSnapshots, type View } from './snapshot.ts';

/** What a station knows when it answers for its device. */
export type Known = {
  view(scope: Scope): View;
  /** The tool requests that waited when the device was last heard, over all conversations. */
  asking(): readonly Asking[];
  /** A message that waits or waited here. */
  message(scope: Scope, key: string): Parked | Fate | null;
  /** The content's hash of a message that went on to the device. */
  passed(scope: Scope, key: string): string | null;
};

/** Frames for the asker; or what is to be made durable first, and the reply once it is. */
export type Verdict =
  | { readonly do: 'answer'; readonly frames: readonly Frame[] }
  | { readonly do: 'park'; readonly entry: Parking; readonly reply: Frame };

/** What a stamped command comes to while its device is away. Reads only; nothing that a client or a device wrote makes it throw. */
export function answerAway(frame: Frame, known: Known): Verdict {
  const checked = checkCommand(frame);
  if (!checked.ok) return refuse(frame, checked.failure);
  if (checked.type === 'approvals_list') return answer(reply(frame, { approvals: known.asking() }));
  const scope = scopeIn(frame);
  if (!scope) return refuse(frame, offline);
  switch (checked.type) {
    case 'input':
      return checked.frame.payload.kind === 'create_message'
        ? message(frame, scope, known)
        : decision(frame, scope, known);
    case 'abort_message':
      return abort(frame, known.view(scope));
    case 'sync':
      return answer(...syncAnswer(frame, known.view(scope)));
    case 'input_receipt_get':
      return receipt(frame, scope, known) ?? refuse(frame, offline);
    default:
      return refuse(frame, offline);
  }
}

/** What is told of a message that is known here already (IN-1, IN-2); null for a new one. */
export function knownMessage(
  frame: Frame,
  scope: Scope,
  { key, hash }: Identified,
  known: Known,
): Verdict | null {
  const before = known.message(scope, key);
  if (!before) return null;
  const told = toldOf(scope, key, before);
  const toAsker = { request_id: frame.request_id };
  if (before.hash !== hash) {
    const code = 'idempotency_conflict';
    const conflict = brokerReceipt(scope, key, before.inputId, { state: 'rejected', code, at: before.at });
    return answer({ ...conflict, ...toAsker }, refusal(frame, failure(code, another(key))));
  }
  const { state, code } = told;
  if (state === 'rejected') {
    const refused = typeof code === 'string' && isErrorCode(code) ? code : 'input_invalid';
    const why = `The message ${key} was refused before. Send it under a new id.`;
    return answer({ ...told, ...toAsker }, refusal(frame, failure(refused, why)));
  }
  const text = `Already ${state}: ${key} was sent before and is not sent on again.`;
  const delta = { id: `known-${before.inputId}`, message_type: 'status', message: text, level: 'info' };
  return answer(
    queued(frame),
    { ...told, ...toAsker },
    { type: 'stream_delta', runtime: scope, delta, ...toAsker },
  );
}

/** The answer to `input_receipt_get` where it can be given here; null where only the device knows. */
export function receipt(frame: Frame, scope: Scope, known: Known): Verdict | null {
  const { client_message_id: key } = frame;
  const before = typeof key === 'string' ? known.message(scope, key) : null;
  if (!before) return null;
  const { type: _, ...told } = toldOf(scope, String(key), before);
  return answer(reply(frame, { receipt: told }));
}

const toldOf = (scope: Scope, key: string, known: Parked | Fate): Frame =>
  'position' in known ? parkedReceipt(known) : fateReceipt(scope, key, known);

/** The reply to a message that waits here. */
export const queued = (frame: Frame): Frame => reply(frame, { disposition: 'queued' });

function message(frame: Frame, scope: Scope, known: Known): Verdict {
  const view = known.view(scope);
  const identified = identify(frame, view.mint);
  if (!identified) {
    const why = 'The input has no message with content, so there is nothing to answer. Send at least one.';
    return refuse(frame, failure('input_invalid', why));
  }
  const before = knownMessage(frame, scope, identified, known);
  if (before) return before;
  const passed = known.passed(scope, identified.key);
  if (passed !== null && passed !== identified.hash)
    return refuse(frame, failure('idempotency_conflict', another(identified.key)));
  const waiting = queueIn(view.latest).length + view.parked.filter(({ kind }) => kind === 'message').length;
  if (waiting >= limits.queue) {
    const why = `${limits.queue} inputs wait already (QUE-1). Send it again when the device is back and some are worked.`;
    return refuse(frame, failure('queue_full', why));
  }
  const entry = messageToPark(scope, identified, view.now, view.mint);
  return { do: 'park', entry, reply: queued(frame) };
}

function decision(frame: Frame, scope: Scope, known: Known): Verdict {
  const view = known.view(scope);
  const { request_id, input_hash } = fields(frame.payload);
  const pending = pendingIn(view.latest).find((one) => one.request_id === request_id);
  if (!pending) return refuse(frame, failure('approval_not_pending', notPending));
  // A device that does not say what it shows cannot be held to it.
  if (pending.input_hash === null) return refuse(frame, offline);
  if (input_hash === undefined) return refuse(frame, failure('approval_hash_required', hashRequired));
  if (input_hash !== pending.input_hash)
    return refuse(frame, failure('approval_hash_mismatch', hashMismatch));
  const entry = decisionToPark(scope, frame, view.now, view.mint);
  const before = view.parked.find(({ kind, key }) => kind === 'decision' && key === request_id);
  // [APR-3] The first answer counts, also while it waits.
  if (before && before.hash !== entry.hash) return refuse(frame, failure('approval_not_pending', decided));
  return before ? answer(reply(frame, {})) : { do: 'park', entry, reply: reply(frame, {}) };
}

function abort(frame: Frame, view: View): Verdict {
  const entry = abortToPark(view.scope, frame, activeRunIn(view.latest), view.now, view.mint);
  const { run_id = null } = entry.frame;
  return { do: 'park', entry, reply: reply(frame, { aborted: false, run_id, parked: true }) };
}

function syncAnswer(frame: Frame, view: View): readonly Frame[] {
  const { request_id } = frame;
  const asked = frame.recover_approvals === false ? null : requestSnapshot(view);
  const { log_id, event_seq } = view.head ?? { log_id: null, event_seq: 0 };
  return [
    ...stateSnapshots(view).map((state) => ({ ...state, request_id })),
    // Its `request_id` is its own.
    ...(asked ? [asked] : []),
    reply(frame, { log_id, head: event_seq, verdict: 'snapshot' }),
  ];
}

const answer = (...frames: readonly Frame[]): Verdict => ({ do: 'answer', frames });
const refuse = (frame: Frame, why: Failure): Verdict => answer(refusal(frame, why));

/** The one answer to a stamped command that failed. */
export const refusal = (frame: Frame, why: Failure): Frame =>
  failedReply(frame.type, stamped(frame), why, frame.runtime === undefined ? {} : { runtime: frame.runtime });

function reply(frame: Frame, payload: Readonly<Record<string, unknown>>): Frame {
  const done = okReply(frame.type as CommandType, stamped(frame), { runtime: frame.runtime, ...payload });
  return done ?? refusal(frame, failure('internal', `"${frame.type}" has no reply.`));
}

export const stamped = ({ request_id }: Frame): string | undefined =>
  typeof request_id === 'string' ? request_id : undefined;

const offline = failure(
  'device_offline',
  'The device is away, and this cannot wait for it. Ask again when it is back.',
);
/** The link of the device was lost while it worked a command. */
export const lost = failure(
  'device_lost',
  'The link of the device was lost before its answer. It may have happened: look before asking again.',
);
const another = (key: string): string =>
  `Another message was already sent as ${key}. Send this one under a new id.`;
const notPending = 'Approval request is no longer pending: it was answered, aborted, or never asked.';
const decided = 'Another answer to this request waits for the device already, and the first one counts.';
const hashRequired =
  'A decision that waits for the device must name the input it is about: send input_hash as the request has it.';
const hashMismatch =
  'The decision was made about another input than the one that waits. Look at the request again.';
