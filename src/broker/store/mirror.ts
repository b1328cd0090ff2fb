import type { EventLog } from '../../hub/event-log.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scope } from '../../protocol/shapes.ts';

/** How far a device's feed is mirrored; `feedId` null: it was never heard. */
export type Feed = { readonly feedId: string | null; readonly have: number };

/** The states of a conversation that are told as a whole, so that only the last one counts. */
export const stateTypes = [
  'update_device_status',
  'update_loop_status',
  'update_queue',
  'update_subagent_state',
] as const;

/**
 * What one device has told, kept for clients that were away. It is written behind: after a crash of the broker `feed().have` is where
 * the device must begin again, and what is told twice is passed over. Reading sees at once what was written. Writing fails only where
 * the file cannot even be read: then, as in reading, with `StoreError`.
 */
export interface Mirror extends EventLog {
  feed(): Feed;
  /** A device's feed from its beginning: all that was mirrored of another one is forgotten. */
  begin(feedId: string): void;
  /**
   * An event as it came. False when it was known, for its number is not above the head of that log, or when it is no number from 1 to
   * 2^53 - 1, or when the `log_id` is empty or longer than `limits.id`. A `log_id` that is new for the scope
   * takes the place of the former log. Numbers may leap: what lies between is a gap of `read`.
   */
  append(scope: Scope, logId: string, seq: number, text: string): boolean;
  /** Everything appended so far is the feed up to there. What is no number above `have` is passed over. */
  mark(position: number): void;
  /** The latest frame that was heard of a scope, event or snapshot; frames of no state type are passed over. */
  remember(scope: Scope, frame: Frame): void;
  /** The latest states of a scope, in the order of `stateTypes`. */
  latest(scope: Scope): readonly Frame[];
  /** The latest device status of each conversation in which a tool request waits; of the first thousand of them. */
  asking(): readonly { readonly scope: Scope; readonly status: Frame }[];
  /** Forgets a conversation that was deleted. */
  forget(scope: Scope): void;
}
