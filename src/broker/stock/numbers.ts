import type { Frame } from '../../protocol/frames.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import { MAX_SCOPES } from './view.ts';

/** Gives the events of a device that counts them over all its conversations the numbers of one log per conversation (SEQ-5). */
export type Numbers = {
  /** An event as it came, with the device's own number. */
  heard(frame: Frame, seq: number, scope: Scope): Frame;
  /** An event that the device did not send and that belongs here. */
  made(frame: Frame, scope: Scope): Frame;
  /** The last number given, and in which log; null where none was. */
  head(scope: Scope): { readonly log_id: string; readonly event_seq: number } | null;
};

/** @param name of the link, never used for another: a device that comes back may count on or begin again, and nobody knows what is missing */
export function numbers(name: string, now: () => number): Numbers {
  let generation = 1;
  let last = 0;
  const logs = new Map<string, { readonly log_id: string; head: number }>();

  function begin(): void {
    generation += 1;
    logs.clear();
  }
  function next(frame: Frame, scope: Scope): Frame {
    const key = scopeKey(scope);
    if (logs.size >= MAX_SCOPES && !logs.has(key)) begin();
    const log = logs.get(key) ?? { log_id: `${name}-${generation}`, head: 0 };
    logs.set(key, log);
    log.head += 1;
    const { log_id, head } = log;
    return { ...frame, log_id, event_seq: head, idempotency_key: `${frame.type}:${log_id}:${head}` };
  }
  return {
    heard(frame, seq, scope) {
      if (seq < last) begin();
      last = seq;
      return next(frame, scope);
    },
    made: ({ type, ...body }, scope) =>
      next({ type, runtime: scope, ...body, emitted_at: new Date(now()).toISOString() }, scope),
    head(scope) {
      const log = logs.get(scopeKey(scope));
      return log ? { log_id: log.log_id, event_seq: log.head } : null;
    },
  };
}
