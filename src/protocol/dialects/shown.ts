import type { Frame } from '../frames.ts';
import type { Asker } from './legacy-commands.ts';

/** A change of the device's state that a client asked for and that no device status has shown yet. */
export type Change = {
  readonly ack: 'cwd_changed' | 'mode_changed';
  readonly wanted: string;
  readonly asker: Asker;
};

export type Waiting = {
  readonly id: string;
  readonly client_message_id: string;
  readonly source: string;
  readonly kind: string;
  readonly paused: boolean;
};

/** What one client has been shown of one conversation: what the old frames are made from, by comparing it with the next frame. */
export type Shown = {
  /** Null: not told yet. */
  readonly runs: readonly string[] | null;
  readonly loop: string | null;
  readonly queue: readonly Waiting[] | null;
  /** No longer in the queue, and how they left it is still to be told. */
  readonly leaving: readonly Waiting[];
  readonly mode: string | null;
  readonly cwd: string | null;
  readonly cwdRevision: number;
  /** Oldest first. */
  readonly changes: readonly Change[];
  /** The states told since a client asked for all of them in one frame; null while none did. */
  readonly collected: Readonly<Record<string, unknown>> | null;
};

export const nothingShown: Shown = {
  runs: null,
  loop: null,
  queue: null,
  leaving: [],
  mode: null,
  cwd: null,
  cwdRevision: 0,
  changes: [],
  collected: null,
};

/** What a frame changes in what was shown, and the old frames that follow it. */
export type Step = (shown: Shown, frame: Frame) => readonly [Shown, readonly Frame[]];
