import type { Scope } from '../protocol/shapes.ts';
import type { EventLog } from './event-log.ts';

/** A client's cursor as `sync` carries it. */
export type Asked = { readonly log_id?: string; readonly after_event_seq?: number };

export type Verdict = {
  readonly log_id: string | null;
  readonly head: number;
  readonly verdict: 'ok' | 'gap' | 'snapshot' | 'reset';
  /** The events that are gone, both inclusive; always with `gap`, with `reset` only when the new log has lost its beginning. */
  readonly from?: number;
  readonly to?: number;
};

/** The cursor of a `sync`, or null when it is none: then the device refuses the frame and nothing moves. */
export function readAsked(frame: { readonly [field: string]: unknown }): Asked | null {
  const { log_id, after_event_seq } = frame;
  if (log_id !== undefined && typeof log_id !== 'string') return null;
  if (after_event_seq === undefined) return log_id === undefined ? {} : { log_id };
  if (typeof after_event_seq !== 'number' || !Number.isInteger(after_event_seq) || after_event_seq < 0)
    return null;
  return log_id === undefined ? { after_event_seq } : { log_id, after_event_seq };
}

/** [SYNC-3] What a client with that cursor has coming: `after` is the last event that it is not sent. */
export function judge(
  log: EventLog,
  scope: Scope,
  asked: Asked,
): { readonly after: number; readonly told: Verdict } {
  const newest = log.head(scope);
  const { lags = false } = log;
  const logId = newest?.log_id ?? (lags ? asked.log_id : null);
  const at = { log_id: logId ?? null, head: newest?.event_seq ?? 0 };
  if (asked.after_event_seq === undefined) return { after: at.head, told: { ...at, verdict: 'snapshot' } };

  const sameLog = asked.log_id === undefined || asked.log_id === at.log_id;
  // Numbers beyond the head were another log's, whatever it was called; unless this one has yet to hear again of what it told.
  const known = sameLog && (asked.after_event_seq <= at.head || lags);
  const from = known ? asked.after_event_seq : 0;
  const gap = from < at.head ? log.read(scope, from, 1).gap : null;
  const verdict = !known ? 'reset' : gap ? 'gap' : 'ok';
  return { after: gap?.to ?? from, told: { ...at, verdict, ...gap } };
}
