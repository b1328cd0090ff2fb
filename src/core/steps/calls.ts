import type { Draft } from '../draft.ts';
import type { FactOf, RequestedCall } from '../facts.ts';
import type { Msg } from '../messages.ts';
import { rulingOf, type Verdict } from '../permission.ts';
import type { Call } from '../state.ts';
import { requestIdOf, requestOf } from '../status.ts';

/** The calls of one answer: shown, then sorted into those a rule decides and those a person does (APR-1). */
export function requestCalls(draft: Draft, run: string, calls: readonly RequestedCall[]): void {
  for (const call of calls) {
    draft.fact({ kind: 'call', v: 2, call, run, at: draft.env.at });
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
  const sorted = { allow: [] as string[], deny: [] as string[], ask: [] as string[] };
  for (const call of draft.state.turn?.calls ?? []) {
    const verdict = sortCall(draft, call);
    sorted[verdict].push(call.id);
  }
  draft.lifecycle('approval_classification_end', {
    run_id: draft.state.turn?.runs.at(-1),
    auto_allowed_tool_call_ids: sorted.allow,
    auto_denied_tool_call_ids: sorted.deny,
    user_input_tool_call_ids: sorted.ask,
  });
}

/** Decides what the rules decide; what they leave to a person stays undecided. */
function sortCall(draft: Draft, call: Call): Verdict {
  const { mode, planning } = draft.state;
  const { verdict, reason } =
    call.problem === null
      ? rulingOf(call.rulings, mode, planning !== null)
      : ({ verdict: 'deny', reason: call.problem } as const);
  if (verdict === 'ask') return verdict;
  const allow = verdict === 'allow';
  const why = allow ? null : reason;
  draft.fact({ kind: 'call_decided', v: 1, call: call.id, allow, by: 'rule', reason: why, input: null });
  return verdict;
}

/** The rules have changed: what waits to be decided is sorted again, and a request that needs no answer any more is withdrawn (PERM-6). */
export function judgeAgain(draft: Draft, judged: Extract<Msg, { kind: 'judged' }>['calls']): void {
  const waiting = draft.state.turn?.calls.filter((call) => call.allowed === null) ?? [];
  let decided = false;
  for (const { id, rulings, suggestions } of judged) {
    if (!waiting.some((call) => call.id === id)) continue;
    draft.fact({ kind: 'call_judged', v: 1, call: id, rulings, suggestions });
    const call = draft.state.turn?.calls.find((one) => one.id === id);
    if (call && sortCall(draft, call) !== 'ask') decided = true;
  }
  if (!decided) return;
  draft.device();
  if (draft.state.turn?.calls.every((one) => one.allowed !== null)) draft.loop('EXECUTING_CLIENT_SIDE_TOOL');
  advance(draft);
}

/** One question at a time; the others show in `pending_control_requests`. */
function ask(draft: Draft, call: Call): void {
  draft.fact({ kind: 'call_asked', v: 1, call: call.id, at: draft.env.at });
  draft.loop();
  draft.event('control_request', {
    request_id: requestIdOf(call),
    request: requestOf(call, draft.state),
    input_hash: call.input_hash,
    agent_id: draft.state.agent_id,
    conversation_id: draft.state.conversation_id,
  });
  draft.device();
}

export type Settlement = {
  readonly indeterminate?: boolean;
  readonly told?: boolean;
  readonly images?: FactOf<'tool_finished'>['images'];
};

/** Gives a call its result, once. `told` false: it never showed as running, so clients are not told of an end. */
export function settle(
  draft: Draft,
  call: Call,
  status: 'success' | 'error',
  text: string,
  how: Settlement = {},
): void {
  const { indeterminate = false, told = true, images } = how;
  draft.fact({
    kind: 'tool_finished',
    v: 1,
    call: call.id,
    status,
    text,
    indeterminate,
    run: call.run,
    at: draft.env.at,
    ...(images && { images }),
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
