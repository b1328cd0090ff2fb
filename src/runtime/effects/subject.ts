import type { Msg } from '../../core/messages.ts';
import type { State } from '../../core/state.ts';
import type { Transcript } from '../../core/transcript.ts';
import type { ScopeId } from '../../store/store.ts';

/** The conversation whose effects run: what they need to know of it, and where they report. */
export interface Subject {
  readonly scope: ScopeId;
  readonly state: State;
  transcript(): Transcript;
  hear(msg: Msg): void;
}
