import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initialState } from '../core/state.ts';
import {
  agentA,
  agentB,
  createdFact,
  input,
  messageFact,
  options,
  t0,
  textFact,
  turnFinishedFact,
} from './contract-context.ts';
import { openMemoryStore } from './memory.ts';
import { memoryHome } from './memory-home.ts';
import { openStore } from './sqlite.ts';
import { type Commit, type ScopeId, type Store, StoreError } from './store.ts';

type Step =
  | { readonly do: 'commit'; readonly batch: readonly Commit[] }
  | { readonly do: 'create' | 'update'; readonly scope: ScopeId; readonly at: number }
  | { readonly do: 'trim'; readonly olderThan: number; readonly maxBytes: number }
  | { readonly do: 'open'; readonly machine: string; readonly applyVersion: number }
  | { readonly do: 'forget'; readonly inbox: string; readonly below: number }
  | { readonly do: 'delete' };

const scopes = [agentA, agentB, { agent_id: null, conversation_id: 'conv-1' }];
const scope = fc.constantFrom(...scopes);
const at = fc.integer({ min: 0, max: 50 }).map((n) => t0 + n);
const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const key = fc.constantFrom('k1', 'k2', 'k3');
const fact = fc.oneof(
  text.map(textFact),
  text.map((value) => messageFact('m', value)),
  fc.constantFrom(createdFact, turnFinishedFact),
);
const change = fc.oneof(
  key.map((name) => ({ kind: 'add', input: input(name) }) as const),
  fc.record({
    kind: fc.constant('move'),
    key,
    state: fc.constantFrom('queued', 'started', 'done'),
    at,
  } as const),
);
const inbox = fc.constantFrom('inbox-1', 'inbox-2');
const place = fc.integer({ min: 0, max: 9 });
const commit: fc.Arbitrary<Commit> = fc
  .record({
    scope,
    at,
    facts: fc.array(fact, { maxLength: 4 }),
    events: fc.array(fc.record({ type: fc.constantFrom('a', 'b'), text }), { maxLength: 4 }),
    consumed: fc.array(fc.record({ inbox_id: inbox, position: place }), { maxLength: 2 }),
    inputs: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(change, { maxLength: 2 })),
    more: fc.constantFrom({}, {}, { busy: true }, { busy: false }, { checkpoint: initialState }),
  })
  .map(({ more, ...rest }) => ({ ...rest, ...more }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('commit'), batch: fc.array(commit, { maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('create', 'update'), scope, at }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('trim'),
      olderThan: at,
      maxBytes: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('open'),
      machine: fc.constantFrom('this', 'this', 'that'),
      applyVersion: fc.constantFrom(1, 1, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget'), inbox, below: place }) },
  { weight: 1, arbitrary: fc.constant({ do: 'delete' } as const) },
);

it('[SEQ-4] the feed from any place is every later event of every log, whatever happened before', () => {
  const check = fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
    const home = memoryHome();
    let store = openMemoryStore({ ...options, home });
    for (const name of scopes) store.createConversation(name, t0);
    let head = 0;
    let { feedId } = store;
    for (const one of steps) {
      if (one.do === 'open') store = openMemoryStore({ ...options, ...one, home });
      else outcome(store, one);
      if (store.feedId !== feedId) [head, feedId] = [0, store.feedId];
      expect(store.feedHead()).toBeGreaterThanOrEqual(head);
      head = store.feedHead();
    }
    const logs = scopes.flatMap((name) => store.read(name, 0, 1e9).events);
    const all = logs.sort((a, b) => a.position - b.position);
    for (const after of [0, ...all.map(({ position }) => position)])
      expect(store.feed(after, 1e9)).toEqual(all.filter(({ position }) => position > after));
    expect(all.at(-1)?.position ?? 0).toBeLessThanOrEqual(head);
  });
  fc.assert(check, { numRuns: 100 });
});

it('[SEQ-1] both stores tell the same story after any sequence of steps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-store-'));
  let runs = 0;
  const check = fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
    runs += 1;
    const path = join(folder, `${runs}.db`);
    const home = memoryHome();
    let opened = 0;
    const open = (more: { machine?: string; applyVersion?: number }): [Store, Store] => {
      opened += 1;
      // Both mint the same names.
      const random = () => counter(`${opened}.`);
      return [
        openMemoryStore({ ...options, ...more, home, random: random() }),
        openStore(path, { ...options, ...more, durability: 'process', random: random() }),
      ];
    };
    let [memory, sqlite] = open({});
    for (const one of [...scopes.map((name) => ({ do: 'create', scope: name, at: t0 }) as const), ...steps]) {
      if (one.do === 'open') {
        memory.close();
        sqlite.close();
        [memory, sqlite] = open(one);
        expect([sqlite.deviceId, sqlite.feedId]).toEqual([memory.deviceId, memory.feedId]);
      } else {
        expect(outcome(sqlite, one)).toEqual(outcome(memory, one));
      }
      expect(story(sqlite)).toEqual(story(memory));
    }
    sqlite.close();
  });
  try {
    fc.assert(check, { numRuns: 60 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

function counter(prefix: string): () => string {
  let n = 0;
  return () => `${prefix}${++n}`;
}

function outcome(store: Store, one: Exclude<Step, { do: 'open' }>): unknown {
  try {
    switch (one.do) {
      case 'commit':
        return store.commit(one.batch);
      case 'create':
        return store.createConversation(one.scope, one.at);
      case 'update':
        return store.updateConversation(one.scope, { summary: `at ${one.at}` }, one.at);
      case 'trim':
        return store.trim(one);
      case 'forget':
        return store.forgetConsumed(one.inbox, one.below);
      case 'delete':
        return store.deleteAgent('agent-b');
    }
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

function story(store: Store): unknown {
  const feed = store.feed(0, 1e9);
  const middle = feed[Math.floor(feed.length / 2)]?.position ?? 0;
  return {
    feed,
    later: store.feed(middle, 1e9),
    piece: store.feed(middle, 300),
    feedHead: store.feedHead(),
    consumed: ['inbox-1', 'inbox-2'].map((id) => [store.consumed(id, 0), store.consumed(id, 5)]),
    conversations: store.conversations(),
    unfinished: store.unfinished(),
    each: scopes.map((name) => ({
      loaded: store.load(name),
      history: store.history(name),
      log: store.read(name, 0, 1e6),
      page: store.read(name, 2, 300),
      inputs: ['k1', 'k2', 'k3'].map((k) => store.input(name, k)),
      deleted: store.deleted(name),
    })),
  };
}
