import type { Draft } from '../draft.ts';
import type { RequestedCall } from '../facts.ts';
import { classify } from '../permission.ts';
import type { Call } from '../state.ts';
import { requestIdOf, requestOf } from '../status.ts';

/** The calls of one answer: shown, then sorted into those a rule decides and those a person does (APR-1). */
export function requestCalls(draft: Draft, run: string, calls: readonly RequestedCall[]): void {
  for (const call of calls) {
    draft.fact({ kind: 'call', v: 1, call, run, at: draft.env.at });
    draft.delta({
      type: 'message',
      id: call.message,
      date: draft.date(),
      message_type: 'approval_request_message',
      tool_call: { tool_call_id: call.id, name: call.name, arguments: call.args },
      run_id: run,
    });
  }
}

/** Goes on with the calls of the turn: asks for the next decision, or settles what was denied; the plan runs the rest. */
export function advance(draft: Draft, first = false): void {
  if (first) applyRules(draft);
  const calls = draft.state.turn?.calls ?? [];
  if (calls.some((call) => call.status === 'asked')) return;
  const undecided = calls.find((call) => call.allowed === null);
  if (undecided) return ask(draft, undecided);
  if (first) draft.loop('EXECUTING_CLIENT_SIDE_TOOL');
  // What was denied is told after what was done, as stock does.
  if (calls.some((call) => call.allowed && call.status !== 'settled')) return;
  for (const call of draft.state.turn?.calls ?? []) {
    if (call.allowed === false && call.status !== 'settled')
      settle(draft, call, 'error', call.reason ?? 'Denied.');
  }
}

function applyRules(draft: Draft): void {
  const allowed: string[] = [];
  const denied: string[] = [];
  const asked: string[] = [];
  for (const call of draft.state.turn?.calls ?? []) {
    if (call.problem !== null) {
      denied.push(call.id);
      draft.fact({
        kind: 'call_decided',
        v: 1,
        call: call.id,
        allow: false,
        by: 'rule',
        reason: call.problem,
        input: null,
      });
    } else if (classify(draft.state.mode, call) === 'allow') {
      allowed.push(call.id);
      draft.fact({
        kind: 'call_decided',
        v: 1,
        call: call.id,
        allow: true,
        by: 'rule',
        reason: null,
        input: null,
      });
    } else asked.push(call.id);
  }
  draft.lifecycle('approval_classification_end', {
    run_id: draft.state.turn?.runs.at(-1),
    auto_allowed_tool_call_ids: allowed,
    auto_denied_tool_call_ids: denied,
    user_input_tool_call_ids: asked,
  });
}

/** One question at a time; the others show in `pending_control_requests`. */
function ask(draft: Draft, call: Call): void {
  draft.fact({ kind: 'call_asked', v: 1, call: call.id, at: draft.env.at });
  draft.loop();
  draft.event('control_request', {
    request_id: requestIdOf(call),
    request: requestOf(call),
    input_hash: call.input_hash,
    agent_id: draft.state.agent_id,
    conversation_id: draft.state.conversation_id,
  });
  draft.device();
}

export type Settlement = { readonly indeterminate?: boolean; readonly told?: boolean };

/** Gives a call its result, once. `told` false: it never showed as running, so clients are not told of an end. */
export function settle(
  draft: Draft,
  call: Call,
  status: 'success' | 'error',
  text: string,
  how: Settlement = {},
): void {
  const { indeterminate = false, told = true } = how;
  draft.fact({
    kind: 'tool_finished',
    v: 1,
    call: call.id,
    status,
    text,
    indeterminate,
    run: call.run,
    at: draft.env.at,
  });
  if (!told) return;
  const end = { id: call.message, date: draft.date(), message_type: 'client_tool_end', run_id: call.run };
  draft.delta({ ...end, tool_call_id: call.id, status });
  draft.delta(toolReturn(call, `synthetic-tool-return-${call.id}`, status, text, draft.date()));
}

export const toolReturn = (
  call: Call,
  id: string,
  status: 'success' | 'error',
  text: string,
  date: string,
) => ({
  type: 'message',
  message_type: 'tool_return_message',
  id,
  date,
  run_id: call.run,
  status,
  tool_call_id: call.id,
  tool_return: text,
  tool_returns: [{ tool_call_id: call.id, status, tool_return: text }],
});
