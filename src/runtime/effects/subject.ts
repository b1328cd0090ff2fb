import type { Msg } from '../../core/messages.ts';
import type { State } from '../../core/state.ts';
import type { Transcript } from '../../core/transcript.ts';
import type { ScopeId } from '../../store/store.ts';
import type { TaskList } from '../tasks/task-list.ts';

/** The conversation whose effects run: what they need to know of it, and where they report. */
export interface Subject {
  readonly scope: ScopeId;
  readonly state: State;
  /** What goes on in the background, in this process. */
  readonly tasks: TaskList;
  /** Content hashes by real path, as tools saw files last here. */
  readonly seen: Map<string, string>;
  transcript(): Transcript;
  hear(msg: Msg): void;
}
