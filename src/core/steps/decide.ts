import type { Draft } from '../draft.ts';
import type { Command } from '../messages.ts';
import { pendingCalls, requestIdOf } from '../status.ts';
import { advance } from './calls.ts';

/** A person's answer about a call that is shown as pending; the first answer counts (APR-3). */
export function decide(draft: Draft, decision: Extract<Command, { do: 'decide' }>, by: string): void {
  const call = pendingCalls(draft.state).find((pending) => requestIdOf(pending) === decision.request_id);
  if (!call) {
    return draft.refuse(
      'approval_not_pending',
      'Approval request is no longer pending: it was answered, aborted, or never asked.',
    );
  }
  if (decision.input_hash !== null && decision.input_hash !== call.input_hash) {
    return draft.refuse(
      'approval_hash_mismatch',
      'The decision was made about another input than the one that waits. Look at the request again.',
    );
  }
  draft.fact({
    kind: 'call_decided',
    v: 1,
    call: call.id,
    allow: decision.allow,
    by,
    reason: decision.message,
    input: decision.updated_input,
  });
  draft.device();
  draft.accept({});
  if (draft.state.turn?.calls.every((one) => one.allowed !== null)) draft.loop('EXECUTING_CLIENT_SIDE_TOOL');
  advance(draft);
}
