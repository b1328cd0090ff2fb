import type { Draft } from '../draft.ts';
import type { Keepsake } from '../facts.ts';
import type { ModelReport } from '../messages.ts';
import { advance, requestCalls } from './calls.ts';
import { startCompaction } from './compaction.ts';
import { maxAttempts, retryDelay } from './retry-delay.ts';
import { startRun } from './run.ts';
import { finishTurn } from './turn.ts';

export function retryIfDue(draft: Draft): void {
  const run = draft.state.turn?.run;
  if (run && run.retryAt !== null && run.retryAt <= draft.env.at) startRun(draft, run.attempt + 1);
}

/** A report of a run that is no longer the turn's run comes too late and means nothing. */
export function hearModel(draft: Draft, run: string, report: ModelReport): void {
  const current = draft.state.turn?.run;
  if (current?.id !== run || current.retryAt !== null) return;
  switch (report.kind) {
    case 'text':
      return stream(draft, run, report);
    case 'notice':
      return draft.lifecycle('status', { run_id: run, message: report.text, level: 'warning' });
    case 'finished':
      return finish(draft, run, report);
    case 'failed':
      return fail(draft, run, report);
    case 'lost':
      return retry(
        draft,
        run,
        'restart',
        'The runtime was restarted while the model answered; asking again.',
        0,
        false,
        'restart',
      );
  }
}

function stream(
  draft: Draft,
  run: string,
  { message, field, text }: Extract<ModelReport, { kind: 'text' }>,
): void {
  const silent = !draft.state.turn?.run?.streaming;
  draft.fact({ kind: 'text', v: 1, message, field, text });
  if (silent) draft.loop();
  // Nothing but what the model wants back, such as thoughts that it keeps to itself.
  if (text === '') return;
  const content = field === 'assistant' ? { content: text } : { reasoning: text, source: 'reasoner_model' };
  draft.delta({
    type: 'message',
    id: message,
    date: draft.date(),
    message_type: `${field}_message`,
    ...content,
    run_id: run,
  });
}

function finish(draft: Draft, run: string, report: Extract<ModelReport, { kind: 'finished' }>): void {
  if (!draft.state.turn?.run?.streaming) draft.loop('PROCESSING_API_RESPONSE');
  closeMessages(draft, run, report.keepsakes);
  requestCalls(draft, run, report.calls);
  draft.fact({ kind: 'model_finished', v: 1, usage: report.usage, window: report.window ?? null });
  if (report.usage) {
    draft.delta({
      type: 'message',
      id: draft.mint('usage'),
      date: draft.date(),
      message_type: 'usage_statistics',
      ...report.usage,
      step_count: 1,
      run_id: run,
    });
  }
  if (report.refused)
    draft.lifecycle('status', {
      run_id: run,
      message: 'The model declined to answer.',
      level: 'warning',
    });
  const stopReason =
    report.calls.length > 0 ? 'requires_approval' : report.truncated ? 'max_tokens_exceeded' : 'end_turn';
  draft.delta({ type: 'message', message_type: 'stop_reason', stop_reason: stopReason, run_id: run });
  if (stopReason === 'requires_approval') advance(draft, true);
  else finishTurn(draft, stopReason);
}

/** What the model said so far becomes part of the transcript; used at the end of a run, and of an aborted one. */
export function closeMessages(
  draft: Draft,
  run: string,
  keepsakes: Readonly<Record<string, Keepsake>> = {},
): void {
  for (const { id, field, text } of draft.state.turn?.run?.messages ?? []) {
    const keepsake = keepsakes[id];
    draft.fact({
      kind: 'message',
      v: 1,
      id,
      field,
      text,
      run,
      at: draft.env.at,
      ...(keepsake && { keepsake }),
    });
  }
}

function fail(draft: Draft, run: string, report: Extract<ModelReport, { kind: 'failed' }>): void {
  const failures = (draft.state.turn?.run?.failures ?? 0) + 1;
  const delay = retryDelay(report, failures);
  if (delay !== null) return retry(draft, run, report.code, report.message, delay, true, 'llm_api_error');
  const stop = report.code === 'model_reply_invalid' ? 'invalid_llm_response' : 'llm_api_error';
  const voided = openMessageIds(draft);
  draft.fact({
    kind: 'model_failed',
    v: 1,
    code: report.code,
    message: report.message,
    retryAt: null,
    counts: true,
  });
  // Once, and again only after an answer: what a summary did not make fit, another one will not (CMP-3).
  if (report.code === 'context_overflow' && !draft.state.turn?.overflowed) {
    draft.lifecycle('retry', {
      run_id: run,
      message: report.message,
      reason: 'llm_api_error',
      error_code: report.code,
      attempt: 1,
      max_attempts: 2,
      delay_ms: 0,
      voided_message_ids: voided,
    });
    return startCompaction(draft, 'overflow');
  }
  finishTurn(draft, stop, { code: report.code, message: report.message, voided });
}

/** The text of the failed run is void: clients are told which messages, and it never enters the context. */
function retry(
  draft: Draft,
  run: string,
  code: string,
  message: string,
  delayMs: number,
  counts: boolean,
  reason: string,
): void {
  const voided = openMessageIds(draft);
  draft.fact({ kind: 'model_failed', v: 1, code, message, retryAt: draft.env.at + delayMs, counts });
  const { attempt, failures } = draft.state.turn?.run ?? { attempt: 1, failures: 0 };
  if (delayMs > 0) draft.loop();
  draft.lifecycle('retry', {
    run_id: run,
    message,
    reason,
    error_code: code,
    attempt,
    // Attempts that were lost with the process do not use up those that the model has.
    max_attempts: attempt - failures + maxAttempts,
    delay_ms: delayMs,
    voided_message_ids: voided,
  });
  if (delayMs === 0) retryIfDue(draft);
}

const openMessageIds = (draft: Draft): readonly string[] =>
  draft.state.turn?.run?.messages.map((open) => open.id) ?? [];
