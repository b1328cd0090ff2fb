import type { Loop } from '../client/transcript.ts';
import type { Fact, FactOf } from '../core/facts.ts';
import type { ReceiptState } from '../core/messages.ts';
import type { State } from '../core/state.ts';
import { askedCall } from '../core/status.ts';
import type {} from '../store/store.ts';
import type { Kept } from './chaos-evidence.ts';

/** One client's record of one conversation, in the order in which it was told. */
export type Told = {
  readonly events: { readonly event_seq: number; readonly text: string }[];
  readonly gaps: { readonly from: number; readonly to: number }[];
  /** `by`: who said so; default: the device. */
  readonly receipts: { readonly key: string; readonly state: string; readonly by?: string }[];
  resets: number;
};

/** What broke the promise, a sentence each, beginning with the line of the promise; empty: it held. */
export type Broken = readonly string[];

const terminal: ReadonlySet<string> = new Set<ReceiptState>([
  'done',
  'failed',
  'cancelled',
  'rejected',
  'indeterminate',
]);

/**
 * Nothing you sent is lost: every input that a client handed over, or heard a receipt of, has one terminal state, which is the last
 * that anybody heard; it was taken up once and worked in at most one turn. (IN-2, IN-3)
 */
export function lost(kept: Kept, sent: readonly string[], told: readonly Told[]): Broken {
  const records = new Map(kept.inputs.map((input) => [input.key, input]));
  const heard = new Set([...sent, ...told.flatMap(({ receipts }) => receipts.map(({ key }) => key))]);
  const broken = [...heard].flatMap((key) => {
    const state = records.get(key)?.state;
    if (state === undefined && takenBack(told, key)) return [];
    if (state === undefined) return [`lost: the store knows nothing of ${key}`];
    return terminal.has(state) ? workedOnce(kept.facts, key, state) : [`lost: ${key} is still ${state}`];
  });
  const changed = told.flatMap(({ receipts }) =>
    receipts.flatMap(({ key, state }) => {
      const settled = records.get(key)?.state ?? (takenBack(told, key) ? 'cancelled' : undefined);
      return !terminal.has(state) || state === settled
        ? []
        : [`lost: a client heard that ${key} is ${state}, the store has it as ${settled}`];
    }),
  );
  return [...broken, ...changed];
}

/** A person took it back while it waited at the broker, which says so: the device has never heard of it. */
export const takenBack = (told: readonly Told[], key: string): boolean =>
  told.some(({ receipts }) =>
    receipts.some((one) => one.key === key && one.state === 'cancelled' && one.by === 'broker'),
  );

function workedOnce(facts: readonly Fact[], key: string, state: string): Broken {
  const items = facts.flatMap((fact) =>
    fact.kind === 'input_accepted' && fact.item.client_message_id === key ? [fact.item.id] : [],
  );
  const taken = facts.filter(
    (fact) =>
      (fact.kind === 'turn_started' || fact.kind === 'inputs_merged') &&
      fact.inputs.some((id) => items.includes(id)),
  ).length;
  const unworked = state === 'rejected' || (state === 'cancelled' && taken === 0);
  if (items.length === (state === 'rejected' ? 0 : 1) && taken === (unworked ? 0 : 1)) return [];
  return [`twice: ${key} is ${state}, was accepted ${items.length} times and worked in ${taken} turns`];
}

/**
 * The same story for everyone: what a client that caught up was told is what is stored, number by number and byte by byte, and
 * what it was not told is a declared gap. (SEQ-1, SYNC-2)
 */
export function story(kept: Kept, told: Told): Broken {
  const stored = new Map(kept.events.map(({ event_seq, text }) => [event_seq, text]));
  const broken: string[] = [];
  // Retention takes from the beginning, and nothing else takes anything.
  const first = kept.events[0]?.event_seq ?? kept.head + 1;
  const holes = Array.from({ length: kept.head }, (_, n) => n + 1).filter((n) => n > first && !stored.has(n));
  if (holes.length > 0) broken.push(`story: the store has no event ${holes.join(', ')}`);
  if (told.resets > 0) broken.push(`story: the log began anew ${told.resets} times`);
  let next = 1;
  for (const { event_seq, text } of told.events) {
    const gap = told.gaps.find(({ from }) => from === next);
    if (gap) next = gap.to + 1;
    if (event_seq !== next) broken.push(`story: event ${event_seq} was told where ${next} was due`);
    next = event_seq + 1;
    if (stored.get(event_seq) !== text)
      broken.push(`story: event ${event_seq} was told as ${text} and stored as ${stored.get(event_seq)}`);
  }
  for (const { from, to } of told.gaps)
    if ([...stored.keys()].some((n) => n >= from && n <= to))
      broken.push(`story: ${from} to ${to} was called a gap, and is stored`);
  if (next !== kept.head + 1) broken.push(`story: it was told up to ${next - 1} of ${kept.head}`);
  return broken;
}

type CallRecord = {
  readonly call: FactOf<'call'>['call'];
  readonly starts: number;
  readonly ends: readonly FactOf<'tool_finished'>[];
};

export function callsOf(facts: readonly Fact[]): readonly CallRecord[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'call') return [];
    const { call } = fact;
    const starts = facts.filter((one) => one.kind === 'tool_started' && one.call === call.id).length;
    const ends = facts.flatMap((one) => (one.kind === 'tool_finished' && one.call === call.id ? [one] : []));
    return [{ call, starts, ends }];
  });
}

/**
 * Nothing is done twice: no call that is not replay-safe has two starts, and each started before it did anything; what the calls
 * themselves wrote down shows how often they ran. `marks`: the id of each command that ran, as often as it ran. (TOOL-1, TOOL-2, TOOL-3)
 */
export function twice(facts: readonly Fact[], marks: readonly string[]): Broken {
  return callsOf(facts).flatMap(({ call, starts, ends }) => {
    const ran = marks.filter((mark) => mark === call.id).length;
    const broken: string[] = [];
    const say = (what: string) => broken.push(`twice: ${call.name} ${call.id} ${what}`);
    if (ends.length > 1) say(`has ${ends.length} results`);
    if (call.replay === 'once' && starts > 1) say(`was started ${starts} times`);
    if (ran > 1) say(`ran ${ran} times`);
    if (ran > 0 && starts === 0) say('ran, and nothing says that it was started');
    const succeeded = ends[0]?.status === 'success';
    if (call.name === 'Bash' && succeeded && ran !== 1) say(`succeeded, and ran ${ran} times`);
    return broken;
  });
}

/** What ran belongs to a call of somebody: `facts` of all conversations. */
export function strangers(facts: readonly Fact[], marks: readonly string[]): Broken {
  const known = new Set(callsOf(facts).map(({ call }) => call.id));
  return marks.filter((id) => !known.has(id)).map((id) => `twice: ${id} ran, and no call has that id`);
}

type Change = { readonly path: string; readonly change: (before: string | null) => string | null };

/** What each file may hold after all that was done to it by Write and Edit; null: it is not there. (TOOL-4) */
export function possibleFiles(facts: readonly Fact[]): ReadonlyMap<string, ReadonlySet<string | null>> {
  const files = new Map<string, ReadonlySet<string | null>>();
  const calls = new Map(callsOf(facts).map((record) => [record.call.id, record]));
  for (const fact of facts) {
    if (fact.kind !== 'tool_finished') continue;
    const made = changeOf(calls.get(fact.call));
    if (!made) continue;
    const before = files.get(made.path) ?? new Set([null]);
    const after = [...before].map(made.change);
    const was = fact.status === 'success' ? [] : before;
    files.set(
      made.path,
      new Set(fact.status === 'success' || fact.indeterminate ? [...was, ...after] : before),
    );
  }
  return files;
}

function changeOf(record: CallRecord | undefined): Change | null {
  const { name, input } = record?.call ?? {};
  const path = String(input?.file_path);
  if (name === 'Write') return { path, change: () => String(input?.content) };
  if (name !== 'Edit') return null;
  const [from, to] = [String(input?.old_string), String(input?.new_string)];
  return { path, change: (before) => before?.replace(from, to) ?? null };
}

export function wrongFiles(facts: readonly Fact[], read: (path: string) => string | null): Broken {
  return [...possibleFiles(facts)].flatMap(([path, possible]) => {
    const content = read(path);
    if (possible.has(content)) return [];
    return [
      `twice: ${path} holds ${JSON.stringify(content)} instead of ${[...possible].map((one) => JSON.stringify(one)).join(' or ')}`,
    ];
  });
}

type QueueShown = readonly { readonly id?: unknown; readonly paused?: unknown }[];

/**
 * Nothing waits without telling you: what the conversation waits for is what was last said of it. To hold at every commit, so at
 * every moment at which a process can die. `null`: nothing was said yet.
 */
export function untold(state: State, loop: Loop | null, queue: QueueShown | null): Broken {
  const broken: string[] = [];
  const says = loop ? `${loop.status} ${JSON.stringify(loop.waiting_for)}` : 'nothing';
  const waits = waitsFor(state);
  if (waits === null) {
    if (loop && (loop.status !== 'WAITING_ON_INPUT' || loop.waiting_for))
      broken.push(`waiting: it waits for nothing and says ${says}`);
  } else {
    const { kind, since, detail } = loop?.waiting_for ?? {};
    const named = kind === waits && typeof since === 'number' && typeof detail === 'string' && detail !== '';
    if (!named || loop?.status === 'WAITING_ON_INPUT')
      broken.push(`waiting: it waits for a ${waits} and says ${says}`);
  }
  const line = (items: QueueShown) =>
    items.map(({ id, paused }) => `${id}${paused ? ' (parked)' : ''}`).join(', ');
  if (line(queue ?? []) !== line(state.queue))
    broken.push(`waiting: the queue holds ${line(state.queue)}, and was told as ${line(queue ?? [])}`);
  return broken;
}

function waitsFor({ turn, ...state }: State): 'model' | 'approval' | 'tool' | null {
  if (!turn) return null;
  if (turn.run) return 'model';
  return askedCall({ turn, ...state }) ? 'approval' : 'tool';
}
