import type { Scope } from '../protocol/shapes.ts';

/** What retention has taken: the events numbered `from` to `to`. */
export type Gap = { readonly from: number; readonly to: number };

export type LogPage = {
  readonly events: readonly { readonly event_seq: number; readonly text: string }[];
  readonly gap: Gap | null;
};

/** Where a hub reads what a session has missed. Both methods may throw when the disk does; that ends the session that asked. */
export interface EventLog {
  /** Whether it may be behind what was told of it once, as a copy is that is still being told (SEQ-4). Default: it never is. */
  readonly lags?: boolean;
  /** The newest event of a scope; null where there is no such conversation. */
  head(scope: Scope): { readonly log_id: string; readonly event_seq: number } | null;
  /** Events after `after`, oldest first, until `maxBytes` is passed (at least one); `gap` where retention took the beginning. */
  read(scope: Scope, after: number, maxBytes: number): LogPage;
}
