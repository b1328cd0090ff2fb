import { describe, expect, it } from 'vitest';
import type { Fact, FactOf, QueuedInput, RequestedCall } from '../core/facts.ts';
import { rulingsByTable } from '../core/permission.ts';
import { initialState, type State } from '../core/state.ts';
import type { InputRecord } from '../store/store.ts';
import type { Kept } from './chaos-evidence.ts';
import { lost, story, strangers, type Told, twice, untold, wrongFiles } from './chaos-promise.ts';
import { scheduleOf } from './chaos-schedule.ts';

const item: QueuedInput = {
  id: 'q-1',
  input_id: 'input-1',
  client_message_id: 'cm-1',
  by: 'owner',
  template: '{}',
  messages: [{ role: 'user', content: 'hello' }],
  at: 0,
};
const accepted: Fact = { kind: 'input_accepted', v: 1, item };
const turn: Fact = { kind: 'turn_started', v: 1, turn: 'batch-1', inputs: ['q-1'], at: 0 };
const record = (state: InputRecord['state']): InputRecord => ({
  key: 'cm-1',
  input_id: 'input-1',
  hash: 'h',
  state,
  turn_id: null,
  code: null,
  at: 0,
});
const kept = (more: Partial<Kept>): Kept => ({
  scope: { agent_id: null, conversation_id: 'default' },
  log_id: 'log',
  head: 0,
  facts: [],
  events: [],
  inputs: [],
  ...more,
});
const told = (more: Partial<Told>): Told => ({ events: [], gaps: [], receipts: [], resets: 0, ...more });
const events = (...numbers: number[]) =>
  numbers.map((event_seq) => ({ event_seq, text: `event ${event_seq}` }));

describe('lost', () => {
  const done = kept({ facts: [accepted, turn], inputs: [record('done')] });
  const heard = (...states: string[]) => [
    told({ receipts: states.map((state) => ({ key: 'cm-1', state })) }),
  ];

  it('is nothing that has one fate, which everybody heard', () => {
    expect(lost(done, ['cm-1'], heard('accepted', 'started', 'done', 'done'))).toEqual([]);
    const cancelled = kept({ facts: [accepted], inputs: [record('cancelled')] });
    expect(lost(cancelled, ['cm-1'], [])).toEqual([]);
  });

  it('is nothing that a broker says was taken back before the device had it', () => {
    const by = (who: string) => [told({ receipts: [{ key: 'cm-1', state: 'cancelled', by: who }] })];
    expect(lost(kept({}), ['cm-1'], by('broker'))).toEqual([]);
    expect(lost(kept({}), ['cm-1'], by('device'))).toHaveLength(2);
    expect(lost(done, ['cm-1'], by('broker')).join()).toMatch(/is cancelled, the store has it as done/);
  });

  it.each<[string, Kept, string[], string[], RegExp]>([
    ['is unknown to the store', kept({}), ['cm-1'], [], /knows nothing of cm-1/],
    ['was only heard of, and is unknown', kept({}), [], ['accepted'], /knows nothing of cm-1/],
    [
      'is not settled',
      kept({ facts: [accepted, turn], inputs: [record('started')] }),
      ['cm-1'],
      [],
      /still started/,
    ],
    ['was said to have another fate', done, ['cm-1'], ['failed'], /is failed, the store has it as done/],
    ['was worked twice', kept({ ...done, facts: [accepted, turn, turn] }), ['cm-1'], [], /in 2 turns/],
    ['was never worked', kept({ ...done, facts: [accepted] }), ['cm-1'], [], /in 0 turns/],
    ['was accepted twice', kept({ ...done, facts: [accepted, accepted, turn] }), ['cm-1'], [], /2 times/],
  ])('is a message that %s', (_, store, sent, receipts, why) => {
    expect(lost(store, sent, heard(...receipts)).join()).toMatch(why);
  });
});

describe('a story', () => {
  const store = kept({ head: 3, events: events(1, 2, 3) });

  it('is the same when all of it was told, or what is gone was declared', () => {
    expect(story(store, told({ events: events(1, 2, 3) }))).toEqual([]);
    const trimmed = kept({ head: 3, events: events(3) });
    expect(story(trimmed, told({ events: events(3), gaps: [{ from: 1, to: 2 }] }))).toEqual([]);
    expect(story(trimmed, told({ events: events(1, 2, 3) }))).toHaveLength(2);
  });

  it('has no holes', () => {
    const holed = kept({ head: 3, events: events(1, 3) });
    expect(story(holed, told({ events: events(1, 3) })).join()).toMatch(/the store has no event 2/);
  });

  it.each<[string, Told, RegExp]>([
    ['misses one', told({ events: events(1, 3) }), /event 3 was told where 2 was due/],
    ['has one twice', told({ events: events(1, 2, 2, 3) }), /event 2 was told where 3 was due/],
    ['has another text', told({ events: [...events(1, 2), { event_seq: 3, text: 'x' }] }), /was told as x/],
    ['ends too early', told({ events: events(1, 2) }), /up to 2 of 3/],
    [
      'calls a gap what is stored',
      told({ events: events(1, 3), gaps: [{ from: 2, to: 2 }] }),
      /and is stored/,
    ],
    ['began anew', told({ events: events(1, 2, 3), resets: 1 }), /began anew/],
  ])('is another one when it %s', (_, client, why) => {
    expect(story(store, client).join()).toMatch(why);
  });
});

const call = (more: Partial<RequestedCall> = {}): Fact => ({
  kind: 'call',
  v: 2,
  run: 'run-1',
  at: 0,
  call: {
    id: 'c1',
    message: 'msg-1',
    name: 'Bash',
    args: '{}',
    input: {},
    replay: 'once',
    rulings: rulingsByTable('execute', 'a test'),
    suggestions: [],
    problem: null,
    diffs: null,
    input_hash: 'h',
    ...more,
  },
});
const started: Fact = { kind: 'tool_started', v: 1, call: 'c1', process: null, mark: null, at: 0 };
const ended = (more: Partial<FactOf<'tool_finished'>> = {}): Fact => ({
  kind: 'tool_finished',
  v: 1,
  call: 'c1',
  status: 'success',
  text: '',
  indeterminate: false,
  run: 'run-1',
  at: 0,
  ...more,
});

describe('twice', () => {
  const unsure = ended({ status: 'error', indeterminate: true });

  it('is no call that ran once, or may have', () => {
    expect(twice([call(), started, ended()], ['c1'])).toEqual([]);
    expect(twice([call(), started, unsure], ['c1'])).toEqual([]);
    expect(twice([call(), started, unsure], [])).toEqual([]);
  });

  it.each<[string, Fact[], string[], RegExp]>([
    ['left two marks', [call(), started, unsure], ['c1', 'c1'], /ran 2 times/],
    ['has two starts', [call(), started, started, ended()], ['c1'], /was started 2 times/],
    ['has two results', [call(), started, ended(), ended()], ['c1'], /has 2 results/],
    ['ran before its start was durable', [call()], ['c1'], /nothing says that it was started/],
    ['succeeded without running', [call(), started, ended()], [], /succeeded, and ran 0 times/],
  ])('is a call that %s', (_, facts, marks, why) => {
    expect(twice(facts, marks).join()).toMatch(why);
  });

  it('is what ran and is no call at all', () => {
    expect(strangers([call()], ['c1', 'c2'])).toEqual(['twice: c2 ran, and no call has that id']);
  });
});

describe('files', () => {
  const write = call({ name: 'Write', input: { file_path: 'f', content: 'mark' } });
  const edit = call({
    id: 'c2',
    name: 'Edit',
    input: { file_path: 'f', old_string: 'mark', new_string: 'x mark' },
  });
  const maybe = ended({ call: 'c2', status: 'error', indeterminate: true });

  it('hold what succeeded, and perhaps what may have been done', () => {
    const facts = [write, edit, ended(), maybe];
    expect(['mark', 'x mark'].flatMap((content) => wrongFiles(facts, () => content))).toEqual([]);
    expect(wrongFiles(facts, () => 'x x mark')).toHaveLength(1);
    expect(wrongFiles(facts, () => null)).toHaveLength(1);
  });

  it('stay as they were where it failed', () => {
    expect(wrongFiles([write, ended({ status: 'error' })], () => null)).toEqual([]);
    expect(wrongFiles([write, ended({ status: 'error' })], () => 'mark')).toHaveLength(1);
  });
});

describe('untold', () => {
  const run = { id: 'run-1', attempt: 1, failures: 0, streaming: false, messages: [], retryAt: null, at: 0 };
  const busy: State = {
    ...initialState,
    turn: { id: 'batch-1', inputs: [], run, runs: ['run-1'], calls: [], steps: 1, overflowed: false, at: 0 },
  };
  const waits = { kind: 'model', since: 0, detail: 'no answer yet' };

  it('is nothing when that is said which is waited for', () => {
    expect(untold(initialState, null, null)).toEqual([]);
    expect(untold(busy, { status: 'WAITING_FOR_API_RESPONSE', waiting_for: waits }, [])).toEqual([]);
    expect(untold({ ...initialState, queue: [item] }, null, [{ id: 'q-1' }])).toEqual([]);
  });

  it.each<[string, State, Parameters<typeof untold>[1], Parameters<typeof untold>[2]]>([
    ['nothing was said', busy, null, null],
    ['it seems idle', busy, { status: 'WAITING_ON_INPUT', waiting_for: null }, null],
    ['another cause is named', busy, { status: 'EXECUTING', waiting_for: { ...waits, kind: 'tool' } }, null],
    ['it seems busy', initialState, { status: 'WAITING_FOR_API_RESPONSE', waiting_for: waits }, null],
    ['the queue is another', { ...initialState, queue: [item] }, null, []],
    [
      'what is parked is not said to be',
      { ...initialState, queue: [{ ...item, paused: true }] },
      null,
      [item],
    ],
  ])('is that %s', (_, state, loop, queue) => {
    expect(untold(state, loop, queue)).toHaveLength(1);
  });
});

it('a seed makes the same schedule every time', () => {
  expect(scheduleOf(17)).toEqual(scheduleOf(17));
  expect(scheduleOf(17)).not.toEqual(scheduleOf(18));
});
