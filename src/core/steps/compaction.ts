import type { Draft } from '../draft.ts';
import type { CompactionCause } from '../facts.ts';
import type { CompactionReport } from '../messages.ts';
import type { State } from '../state.ts';
import { retryDelay } from './retry-delay.ts';
import { finishTurn } from './turn.ts';

/** Share of what a model can read beyond which the next request might not fit. */
const fullAt = 0.85;

/** Whether the next request would hardly fit (CMP-3). After a compaction nothing is known until the model has answered again. */
export const isFull = ({ context }: State): boolean =>
  context !== null && context.window !== null && context.tokens >= context.window * fullAt;

const why: Readonly<Record<CompactionCause, string>> = {
  asked: 'Summarising the conversation, as asked.',
  full: 'Summarising the conversation: the next request would hardly fit.',
  overflow: 'Summarising the conversation: it has grown too long for the model.',
};

export function startCompaction(draft: Draft, cause: CompactionCause, attempt = 1): void {
  const id = attempt === 1 ? draft.mint('summary') : (draft.state.compaction?.id ?? draft.mint('summary'));
  draft.fact({ kind: 'compaction_started', v: 1, id, cause, attempt, at: draft.env.at });
  if (attempt === 1) draft.lifecycle('status', { message: why[cause], level: 'info' });
  tellWhere(draft);
}

/** Before the first request of a turn, and without one, the summary is what the device has begun to work on. */
function tellWhere(draft: Draft): void {
  draft.loop();
  if ((draft.state.turn?.runs.length ?? 0) === 0) draft.device();
}

/** On a person's word. What runs is not disturbed: a turn compacts by itself when it has to. */
export function compactNow(draft: Draft): void {
  const { turn, compaction } = draft.state;
  if (compaction) return draft.accept({ compaction: { id: compaction.id, state: 'started' } });
  if (turn) return draft.refuse('turn_running', 'A turn runs: wait for its end, or abort it, and try again.');
  startCompaction(draft, 'asked');
  draft.accept({ compaction: { id: draft.state.compaction?.id, state: 'started' } });
}

export function retryCompactionIfDue(draft: Draft): void {
  const { compaction } = draft.state;
  if (compaction && compaction.retryAt !== null && compaction.retryAt <= draft.env.at)
    startCompaction(draft, compaction.cause, compaction.attempt + 1);
}

/** A report of a compaction that is over comes too late and means nothing. */
export function hearCompaction(draft: Draft, id: string, report: CompactionReport): void {
  const { compaction } = draft.state;
  if (compaction?.id !== id || compaction.retryAt !== null) return;
  switch (report.kind) {
    case 'finished':
      draft.fact({ kind: 'compacted', v: 1, id, summary: report.summary, at: draft.env.at });
      draft.delta({ id, date: draft.date(), message_type: 'summary_message', summary: report.summary });
      draft.lifecycle('status', { message: 'The conversation was summarised.', level: 'info' });
      return tellWhere(draft);
    case 'lost':
      draft.fact({ kind: 'compaction_failed', v: 1, retryAt: draft.env.at, counts: false });
      return retryCompactionIfDue(draft);
    case 'failed': {
      const delay = retryDelay(report, compaction.failures + 1);
      draft.fact({
        kind: 'compaction_failed',
        v: 1,
        retryAt: delay === null ? null : draft.env.at + delay,
        counts: true,
      });
      const message = `The conversation could not be summarised: ${report.message}`;
      if (delay !== null) {
        draft.lifecycle('status', { message, level: 'warning' });
        return draft.loop();
      }
      // Without room the model would refuse the next request as well.
      if (draft.state.turn)
        return finishTurn(draft, 'llm_api_error', { code: report.code, message, voided: [] });
      draft.lifecycle('loop_error', {
        message,
        stop_reason: 'llm_api_error',
        is_terminal: false,
        code: report.code,
      });
      return tellWhere(draft);
    }
  }
}
