import type { Failure } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';

/** A command that waits for its device. */
export type Parked = {
  /** Its place: increases over the whole inbox store, never given twice. */
  readonly position: number;
  readonly kind: 'message' | 'decision' | 'abort';
  readonly scope: Scope;
  /** A message's identity (IN-1), a decision's request id; null for an abort. */
  readonly key: string | null;
  /** Of the content: the same key with another hash is a conflict. */
  readonly hash: string | null;
  readonly inputId: string;
  /** The command as the device gets it, `auth` of its sender included, without `request_id`. */
  readonly frame: Frame;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly expiresAt: number;
  /**
   * `sent`: to a device that keeps a record of what it took, so that it may have it and may be sent it again. `written`: handed to one that
   * keeps none, so it is never sent again.
   */
  readonly state: 'waiting' | 'sent' | 'written';
};

/** What became of an input that never got as far as a device's own record, or not to its end. */
export type Fate = {
  readonly inputId: string;
  readonly hash: string | null;
  readonly state: 'handed_over' | 'indeterminate' | 'failed' | 'cancelled' | 'rejected';
  /** Of the table of errors; null where there is nothing to explain. */
  readonly code: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** What clients sent to one device and the device has not taken. Whatever returns is durable (IN-4). */
export interface Inbox {
  /** Random name of the store that positions count in; new when the store is. */
  readonly id: string;
  /** `queue_full` where `limits.parked` commands wait. */
  put(entry: Omit<Parked, 'position' | 'state'>): Parked | Failure;
  /** Oldest first. */
  all(): readonly Parked[];
  of(scope: Scope): readonly Parked[];
  find(scope: Scope, key: string): Parked | null;
  sent(position: number): void;
  written(position: number): void;
  remove(position: number): void;
  /** Takes an input away and keeps its fate for seven days: whoever sends it again then is told the same (IN-3). */
  settle(entry: Parked, fate: Omit<Fate, 'inputId' | 'hash'>): void;
  /** The fate of an input that was settled here. */
  fate(scope: Scope, key: string): Fate | null;
  /**
   * A message goes on to the device. For seven days it is known that the device may have it, and what it said (IN-1); this alone need not
   * outlive a loss of power.
   */
  pass(scope: Scope, key: string, hash: string, at: number): void;
  /** The hash of the message that first went on to the device under that id. */
  passed(scope: Scope, key: string): string | null;
  /** Takes away and returns what expired by then. */
  expire(now: number): readonly Parked[];
  /** The lowest position that is still here, or the next one to be given. */
  first(): number;
}
