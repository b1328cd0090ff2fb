import type { BackgroundTask } from '../tools/tool.ts';

/** A background task of one conversation, as its tools see it. */
export type RunningTask = BackgroundTask & {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Resolves when nothing of it is left; rejects never. */
  readonly over: Promise<void>;
  /** Stops the process and everything it started. Resolves when nothing of it is left. */
  stop(): Promise<void>;
};

/** What a conversation runs in the background, in this process (TOOL-7). */
export interface Tasks {
  all(): readonly RunningTask[];
  /** Follows a process that outlives its call; `ended` tells how it ended, and a line of a monitor may come before. */
  adopt(task: RunningTask, events: TaskEvents): void;
}

export type TaskEvents = {
  /** Rejects never. `text`: the exit as a person reads it, such as `Exit code 1`. */
  readonly ended: Promise<{ readonly status: 'success' | 'error'; readonly text: string }>;
  /** Calls back with what a monitor has to tell, until `ended`. */
  watch?(tell: (text: string) => void): void;
};
