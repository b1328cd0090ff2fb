import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Feed, Mirror } from './mirror.ts';
import { agentA, agentB, noAgent, readAll, TestHome } from './test-home.ts';

const scopes = [agentA, agentB, noAgent];
const types = ['update_queue', 'update_loop_status'] as const;

/** A mirror as one would explain it. */
type Model = {
  feed: Feed;
  readonly logs: { logId: string; readonly events: { readonly seq: number; readonly text: string }[] }[];
  readonly states: Record<string, number>[];
};
const empty = (feed: Feed): Model => ({ feed, logs: [], states: [] });

type Step =
  | { readonly do: 'append'; readonly scope: number; readonly logId: string; readonly seq: number }
  | {
      readonly do: 'remember';
      readonly scope: number;
      readonly type: (typeof types)[number];
      readonly n: number;
    }
  | { readonly do: 'mark'; readonly position: number }
  | { readonly do: 'forget'; readonly scope: number }
  | { readonly do: 'begin'; readonly feedId: string }
  | { readonly do: 'flush' | 'look' | 'die' | 'reopen' };

const scope = fc.nat({ max: scopes.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('append'),
      scope,
      logId: fc.constantFrom('log-1', 'log-1', 'log-1', 'log-2'),
      seq: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 30 }) }, fc.constantFrom(-1, 0.5, Number.NaN)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('remember'),
      scope,
      type: fc.constantFrom(...types),
      n: fc.nat(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('mark'), position: fc.nat({ max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget'), scope }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('begin'), feedId: fc.constantFrom('feed-1', 'feed-2') }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('flush', 'flush', 'look', 'die', 'reopen') } as const),
  },
);

it('[SEQ-4] a mirror tells what its model tells, and after a crash what it told at some moment since the last write', () => {
  const check = fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
    const home = new TestHome();
    try {
      walk(home, steps);
    } finally {
      home.leave();
    }
  });
  fc.assert(check, { numRuns: 60 });
}, 60_000);

function walk(home: TestHome, steps: readonly Step[]): void {
  let store = home.open();
  let model = empty({ feedId: null, have: 0 });
  /** How things were since they were last known to be written. */
  let since = [structuredClone(model)];
  for (const one of steps) {
    switch (one.do) {
      case 'flush':
        store.flush();
        since = [];
        break;
      case 'reopen':
        store.close();
        store = home.open();
        since = [];
        break;
      case 'die': {
        home.crash();
        store = home.open();
        const found = story(store.mirror('env-1'));
        expect(since.map(told)).toContainEqual(found);
        model = structuredClone(since.findLast((moment) => isSame(told(moment), found)) ?? model);
        since = [];
        break;
      }
      case 'look':
        expect(story(store.mirror('env-1'))).toEqual(told(model));
        break;
      default:
        expect(act(store.mirror('env-1'), one)).toBe(imagine(model, one));
    }
    since.push(structuredClone(model));
  }
  expect(story(store.mirror('env-1'))).toEqual(told(model));
}

type Change = Exclude<Step, { do: 'flush' | 'look' | 'die' | 'reopen' }>;

const textOf = (one: Change): string => JSON.stringify(one);

function act(mirror: Mirror, one: Change): boolean {
  const at = 'scope' in one ? (scopes[one.scope] ?? agentA) : agentA;
  if (one.do === 'append') return mirror.append(at, one.logId, one.seq, textOf(one));
  if (one.do === 'remember') mirror.remember(at, { type: one.type, n: one.n });
  if (one.do === 'mark') mirror.mark(one.position);
  if (one.do === 'forget') mirror.forget(at);
  if (one.do === 'begin') mirror.begin(one.feedId);
  return true;
}

function imagine(model: Model, one: Change): boolean {
  if (one.do === 'append') {
    const known = model.logs[one.scope];
    const last = known?.logId === one.logId ? (known.events.at(-1)?.seq ?? 0) : 0;
    if (!Number.isInteger(one.seq) || one.seq <= last) return false;
    if (known?.logId !== one.logId) model.logs[one.scope] = { logId: one.logId, events: [] };
    model.logs[one.scope]?.events.push({ seq: one.seq, text: textOf(one) });
  } else if (one.do === 'remember') {
    model.states[one.scope] = { ...model.states[one.scope], [one.type]: one.n };
  } else if (one.do === 'mark') {
    model.feed = { ...model.feed, have: Math.max(model.feed.have, one.position) };
  } else if (one.do === 'forget') {
    delete model.logs[one.scope];
    delete model.states[one.scope];
  } else {
    Object.assign(model, empty({ feedId: one.feedId, have: 0 }));
  }
  return true;
}

/** Everything that a mirror tells. */
const story = (mirror: Mirror) => ({
  feed: mirror.feed(),
  each: scopes.map((at) => ({
    head: mirror.head(at),
    ...readAll(mirror, at, 150),
    states: mirror.latest(at).map(({ type, n }) => [type, n]),
  })),
});

function told({ feed, logs, states }: Model): ReturnType<typeof story> {
  return {
    feed,
    each: scopes.map((_, i) => {
      const events = logs[i]?.events ?? [];
      const seqs = events.map(({ seq }) => seq);
      const gaps = seqs.flatMap((seq, k): [number, number][] => {
        const before = seqs[k - 1] ?? 0;
        return seq > before + 1 ? [[before + 1, seq - 1]] : [];
      });
      const log = logs[i];
      return {
        head: log ? { log_id: log.logId, event_seq: seqs.at(-1) ?? 0 } : null,
        seqs,
        texts: events.map(({ text }) => text),
        gaps,
        states: ['update_loop_status', 'update_queue'].flatMap((type) => {
          const n = states[i]?.[type];
          return n === undefined ? [] : [[type, n]];
        }),
      };
    }),
  };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
