import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contract } from '../protocol/contract/index.ts';
import { type Move, Mover, move } from '../testing/moves.ts';
import { Scene } from '../testing/scene.ts';
import { apply } from './apply.ts';
import { type Fact, type FactOf, trimmableKinds, turnEnd } from './facts.ts';
import { plan } from './plan.ts';
import { initialState, type State } from './state.ts';
import { askedCall, deviceStatus, loopStatus, queueSnapshot } from './status.ts';
import type { Step } from './step.ts';
import { emptyTranscript, tell } from './transcript.ts';

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const folded = (facts: readonly Fact[]): State => facts.reduce(apply, initialState);

/** What a store hands over when it folds the whole: the text of turns that are over says nothing about the state. */
const withoutOldText = (facts: readonly Fact[]): Fact[] => {
  const over = facts.findLastIndex(({ kind }) => kind === turnEnd);
  return facts.filter(({ kind }, n) => n > over || !trimmableKinds.has(kind));
};

/** Plays moves, checking after each what must hold after every step; `check` sees more. */
function play(moves: readonly Move[]): Scene {
  const scene = new Scene('standard');
  const mover = new Mover(scene);
  for (const one of moves) {
    freeze(scene.state);
    if (one.do === 'crash') crash(scene, one.look);
    else checkStep(scene, one, mover.make(one));
  }
  return scene;
}

function crash(scene: Scene, look: 'done' | 'absent' | 'unknown'): void {
  scene.state = folded(scene.facts);
  for (const effect of plan(scene.state).effects.values()) {
    if (effect.do === 'model') checkSettled(scene, scene.model({ kind: 'lost' }, effect.run));
    if (effect.do === 'compact')
      checkSettled(
        scene,
        scene.hear({ kind: 'compaction', id: effect.compaction, report: { kind: 'lost' } }),
      );
    if (effect.do === 'tool') checkSettled(scene, scene.tool(effect.call.id, { kind: 'lost', look }));
  }
}

/** The world does all that is wanted, and a person answers and resumes, until nothing is left. */
function drain(scene: Scene): void {
  const mover = new Mover(scene);
  for (let steps = 0; steps < 2_000; steps += 1) {
    const { turn, queue } = scene.state;
    const asked = askedCall(scene.state);
    const { wakeAt } = plan(scene.state);
    if (asked) checkSettled(scene, scene.decide(asked.id, true));
    else if (wakeAt !== null) checkSettled(scene, scene.tick(Math.max(0, wakeAt - scene.now)));
    else {
      const worked = mover.work(0);
      if (!worked && !turn && queue.length === 0) return;
      checkSettled(scene, worked ?? scene.command({ do: 'resume_queue' }));
    }
  }
  throw new Error('It never came to an end.');
}

const answered = new Set([
  'input',
  'emptyInput',
  'decide',
  'abort',
  'remove',
  'resume_queue',
  'remove_queue_item',
  'compact',
]);

function checkStep(scene: Scene, move: Move, made: Step | null): void {
  if (!made) return;
  const command = move.do === 'command' ? move.command.do : move.do;
  const answers = made.says.filter((say) => say.say === 'answer').length;
  expect(answers, `answers to ${command}`).toBe(answered.has(command) ? 1 : 0);
  checkSettled(scene, made);
}

function checkSettled(scene: Scene, made: Step): void {
  const { state } = scene;
  expect(json(made.state)).toEqual(json(state));
  const { effects, wakeAt } = plan(state);
  const awaited = effects.size > 0 || wakeAt !== null || askedCall(state) !== null;
  if (state.turn || state.compaction) expect(awaited, 'a turn or a summary waits for something').toBe(true);
  else
    expect(
      state.queue.every((item) => item.paused),
      'without a turn only parked inputs wait',
    ).toBe(true);
  for (const say of made.says) {
    if (say.say !== 'event') continue;
    const spec = Object.entries(contract.events).find(([type]) => type === say.type)?.[1];
    expect(spec?.body.safeParse(json(say.body)).error).toBeUndefined();
  }
  checkTold(scene);
}

const device = {
  connection_id: null,
  connection_name: null,
  git_context: null,
  version: '',
  supported_commands: [],
  tools: [],
};

/** What was told last of each kind is how things are. */
function checkTold(scene: Scene): void {
  const last = (type: string) => scene.says.findLast((say) => say.say === 'event' && say.type === type);
  const told = (type: string) => Object(last(type)).body;
  const { state } = scene;
  const loop = told('update_loop_status')?.loop_status;
  if (loop) expect(loop.status).toBe(loopStatus(state).status);
  const busy = state.turn !== null || state.compaction !== null;
  expect(loop?.status ?? 'WAITING_ON_INPUT').toBe(busy ? loopStatus(state).status : 'WAITING_ON_INPUT');
  if (state.turn) expect(loop?.status).not.toBe('WAITING_ON_INPUT');
  const now = deviceStatus(state, device);
  const shown =
    told('update_device_status')?.device_status ?? deviceStatus(folded(scene.facts.slice(0, 1)), device);
  for (const field of [
    'is_processing',
    'current_permission_mode',
    'current_working_directory',
    'cwd_revision',
    'pending_control_requests',
  ] as const) {
    expect(json(shown[field] ?? null), field).toEqual(json(now[field]));
  }
  expect(json(told('update_queue')?.queue ?? [])).toEqual(json(queueSnapshot(state)));
}

const lives = /^(rejected|accepted|(accepted|queued)( started( (done|failed|cancelled))?| cancelled)?)$/;
const ended = /(rejected|done|failed|cancelled)$/;

function checkReceipts(scene: Scene, drained: boolean): void {
  const keys = new Set(
    scene.says.flatMap((say) => (say.say === 'receipt' ? [say.receipt.client_message_id] : [])),
  );
  for (const key of keys) {
    const life = scene.fates(key).join(' ');
    expect(life, key).toMatch(lives);
    if (drained) expect(life, key).toMatch(ended);
  }
}

const kinds = <K extends Fact['kind']>(facts: readonly Fact[], kind: K): FactOf<K>[] =>
  facts.filter((fact): fact is FactOf<K> => fact.kind === kind);

function checkFacts(facts: readonly Fact[]): void {
  const turns = facts.flatMap(({ kind }) =>
    kind === 'turn_started' || kind === 'turn_finished' ? [kind] : [],
  );
  for (const [n, kind] of turns.entries()) expect(kind).toBe(n % 2 === 0 ? 'turn_started' : 'turn_finished');
  const once = kinds(facts, 'call').flatMap(({ call }) => (call.replay === 'once' ? [call.id] : []));
  const started = kinds(facts, 'tool_started').map(({ call }) => call);
  for (const id of once)
    expect(started.filter((call) => call === id).length, `starts of ${id}`).toBeLessThan(2);
  const denied = kinds(facts, 'call_decided').flatMap(({ call, allow }) => (allow ? [] : [call]));
  for (const id of denied) expect(started, `${id} was denied`).not.toContain(id);
}

/** Every call has its one result before the next request; voided text is nowhere, other text once. */
function checkTranscript(facts: readonly Fact[]): void {
  const transcript = emptyTranscript();
  const said = new Map<string, string>();
  let open: string[] = [];
  for (const fact of facts) {
    tell(transcript, fact);
    if (fact.kind === 'model_started') {
      const calls = transcript.items.flatMap((item) => (item.kind === 'call' ? [item.call] : []));
      const results = transcript.items.flatMap((item) => (item.kind === 'result' ? [item.call] : []));
      expect(results.toSorted()).toEqual(calls.toSorted());
      open = [];
    }
    if (fact.kind === 'text') {
      open.push(fact.text);
      said.set(fact.text, 'kept');
    }
    if (fact.kind === 'model_failed') for (const text of open) said.set(text, 'void');
  }
  const whole = transcript.items.map((item) => ('text' in item ? item.text : '')).join('');
  for (const [text, fate] of said)
    expect(whole.split(text).length - 1, `${fate} ${text}`).toBe(fate === 'void' ? 0 : 1);
  expect([...transcript.waiting.keys()]).toEqual(folded(facts).queue.map((item) => item.id));
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

describe('whatever is sent and whatever happens', () => {
  const runs = { numRuns: 200 };

  it('[IN-2] [TOOL-1] every input ends once, nothing runs twice, nothing gets stuck, also across crashes', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80, size: 'max' }), (moves) => {
        const scene = play(moves);
        expect(json(folded(scene.facts))).toEqual(json(scene.state));
        expect(json(folded(withoutOldText(scene.facts)))).toEqual(json(scene.state));
        checkReceipts(scene, false);
        drain(scene);
        checkReceipts(scene, true);
        checkFacts(scene.facts);
        checkTranscript(scene.facts);
        expect(json(folded(scene.facts))).toEqual(json(scene.state));
        const finished = scene.says.filter(
          (say) => say.say === 'event' && say.type === 'turn_finished',
        ).length;
        expect(finished).toBe(kinds(scene.facts, 'turn_started').length);
      }),
      runs,
    );
  }, 60_000);
});
