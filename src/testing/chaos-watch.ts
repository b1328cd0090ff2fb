import { emptyTranscript, fold, type Transcript } from '../client/transcript.ts';
import { apply } from '../core/apply.ts';
import { initialState, type State } from '../core/state.ts';
import { pendingRequests } from '../core/status.ts';
import { scopeKey } from '../protocol/shapes.ts';
import type { Commit } from '../store/store.ts';
import { type Broken, untold } from './chaos-promise.ts';

type Watched = { readonly state: State; readonly shown: Transcript };

/** What is durable of each conversation, and what its story says of it, followed commit by commit. */
export class Watch {
  readonly #scopes = new Map<string, Watched>();

  /** At every commit what is waited for is also told: whoever dies now leaves a true story behind. */
  committed(batch: readonly Commit[]): Broken {
    return batch.flatMap(({ scope, facts, events }) => {
      const key = scopeKey(scope);
      const before = this.#scopes.get(key);
      const state = facts.reduce(apply, before?.state ?? initialState);
      const shown = events.reduce(fold, before?.shown ?? emptyTranscript);
      this.#scopes.set(key, { state, shown });
      return untold(state, shown.loop, shown.queue);
    });
  }

  state(key: string): State {
    return this.#scopes.get(key)?.state ?? initialState;
  }

  /** What is going on, over all conversations. */
  activity(): ReadonlySet<Activity> {
    return new Set([...this.#scopes.values()].flatMap(({ state }) => activityOf(state)));
  }

  /** The tool requests that wait for a person, by conversation. */
  pending(): ReadonlyMap<string, readonly string[]> {
    return new Map(
      [...this.#scopes].map(([key, { state }]) => [key, pendingRequests(state).map((one) => one.request_id)]),
    );
  }
}

/** What a death can interrupt. */
export const activities = [
  'rest',
  'queue',
  'model',
  'answer',
  'approval',
  'ready',
  'reading',
  'change',
  'command',
  'kill',
] as const;
export type Activity = (typeof activities)[number];

function activityOf({ turn, queue, doomed }: State): readonly Activity[] {
  const open = turn?.calls.filter(({ allowed, status }) => allowed && status !== 'settled') ?? [];
  const running = { once: 'command', verify: 'change', safe: 'reading' } as const;
  return [
    ...(turn ? [] : ['rest' as const]),
    ...(queue.length > 0 ? ['queue' as const] : []),
    ...(doomed.length > 0 ? ['kill' as const] : []),
    ...(turn?.run ? [turn.run.streaming ? ('answer' as const) : ('model' as const)] : []),
    ...(turn?.calls.some(({ status }) => status === 'asked') ? ['approval' as const] : []),
    ...open.map(({ status, replay }) => (status === 'running' ? running[replay] : ('ready' as const))),
  ];
}
