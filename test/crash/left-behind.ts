import { emptyTranscript, fold } from '../../src/client/transcript.ts';
import { apply } from '../../src/core/apply.ts';
import { initialState } from '../../src/core/state.ts';
import { pendingRequests } from '../../src/core/status.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import type { KeptByScope } from '../../src/testing/chaos-evidence.ts';
import { untold } from '../../src/testing/chaos-promise.ts';

/** What a dead owner left: what broke the promise, and the tool requests that wait, by conversation. */
export function leftBehind(kept: KeptByScope): {
  readonly broken: readonly string[];
  readonly pending: ReadonlyMap<string, readonly string[]>;
} {
  const broken: string[] = [];
  const pending = new Map<string, readonly string[]>();
  for (const [key, { facts, events }] of kept) {
    const state = facts.reduce(apply, initialState);
    const frames = events.map(({ text }): Frame => JSON.parse(text));
    const { loop, queue } = frames.reduce(fold, emptyTranscript);
    broken.push(...untold(state, loop, queue));
    pending.set(
      key,
      pendingRequests(state).map(({ request_id }) => request_id),
    );
  }
  return { broken, pending };
}
