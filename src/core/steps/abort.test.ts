import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import { plan } from '../plan.ts';
import type { Step } from '../step.ts';
import { emptyTranscript, tell } from '../transcript.ts';

function scene(...prepare: ((scene: Scene) => void)[]): Scene {
  const made = new Scene();
  made.input('go');
  for (const step of prepare) step(made);
  made.lines();
  return made;
}
const streams = (s: Scene) => s.text('Once upon');
const failed = (s: Scene) =>
  s.model({ kind: 'failed', code: 'model_unavailable', message: 'Busy.', retryable: true });
const asks = (s: Scene) => s.finish(callOf('c1', 'Bash'), callOf('c2', 'Bash'));
const allowed = (s: Scene) => s.finish(callOf('c1', 'Read'));
const runs = (s: Scene) => {
  asks(s);
  s.decide('c1', true);
  s.decide('c2', true);
  const process = { pid: 41, startedAt: 'boot+1' };
  s.tool('c1', { kind: 'prepared', process, mark: null });
};
const nextStep = (s: Scene) => {
  allowed(s);
  s.prepared('c1');
  s.done('c1');
};

const answerOf = (made: Step) => made.says.flatMap((say) => (say.say === 'answer' ? [say.answer] : []))[0];
const results = (s: Scene) => {
  const transcript = emptyTranscript();
  for (const fact of s.facts) tell(transcript, fact);
  return transcript.items.flatMap((item) => (item.kind === 'result' ? [`${item.call}: ${item.text}`] : []));
};

const unwound = ['L WAITING_ON_INPUT', 'D idle standard', 'S status warning', 'abort_message_response true'];
const neverRan = 'Interrupted by the user before Bash was run.';
const mayHave = 'Interrupted by the user while Bash ran: it may have run in part.';

describe('[ABT-1] an abort ends the turn, whatever it does', () => {
  it.each([
    ['before the first word', [], [], []],
    ['while text streams', [streams], [], []],
    ['between two attempts', [failed], [], []],
    ['in the second request', [nextStep], [], ['c1: ok']],
    ['while a decision waits', [asks], [], [`c1: ${neverRan}`, `c2: ${neverRan}`]],
    [
      'before an allowed call is started',
      [allowed],
      [],
      ['c1: Interrupted by the user before Read was run.'],
    ],
    [
      'while a tool runs and another waits',
      [runs],
      ['S client_tool_end call-1 error', 'S tool_return_message call-1 error'],
      [`c1: ${mayHave}`, `c2: ${neverRan}`],
    ],
  ] as const)('%s', (_name, prepare, ends, transcript) => {
    const here = scene(...prepare);
    const run = here.run;
    const made = here.abort();
    expect(here.lines()).toEqual([...unwound, ...ends, 'turn_finished cancelled']);
    expect(answerOf(made)).toEqual({ ok: true, fields: { aborted: true, run_id: run } });
    expect(here.state.turn).toBeNull();
    expect([...plan(here.state).effects.values()].every((effect) => effect.do === 'kill')).toBe(true);
    expect(plan(here.state).wakeAt).toBeNull();
    expect(here.fates('go')).toEqual(['accepted', 'started', 'cancelled']);
    expect(results(here)).toEqual(transcript);
  });

  it.each([
    ['no run named', null, true],
    ['the run of now', 'now', true],
    ['the run of an earlier step of this turn', 'first', true],
    ['a run of an earlier turn', 'earlier', false],
    ['a run that never was', 'run-none', false],
  ] as const)('bound to a run: %s', (_name, run, aborted) => {
    const here = new Scene();
    here.input('before');
    const earlier = here.run;
    here.finish();
    here.input('go');
    const first = here.run;
    nextStep(here);
    here.lines();
    const named = run && ({ now: here.run, first, earlier }[run as 'now'] ?? run);
    const made = here.abort(named);
    expect(answerOf(made)?.fields).toMatchObject({ aborted });
    expect(here.state.turn === null).toBe(aborted);
    if (!aborted) expect(made.facts).toEqual([]);
    if (!aborted) expect(here.lines()).toEqual(['abort_message_response false']);
  });

  it.each([
    ['ends the turn that ran then', 0, true],
    ['ends one that began long before', 60_000, true],
    ['leaves a later turn alone', -1, false],
  ])('[ABT-4] an abort that tells when it was given %s', (_what, later, aborted) => {
    const here = scene(streams);
    const asOf = (here.state.turn?.at ?? 0) + later;
    expect(answerOf(here.abort(null, asOf))).toMatchObject({ ok: true, fields: { aborted } });
    expect(here.state.turn === null).toBe(aborted);
  });

  it('[ABT-4] one that names a run as well must be right in both', () => {
    const here = scene(streams);
    const { run } = here;
    const at = here.state.turn?.at ?? 0;
    const both = [here.abort('run-of-yesterday', at), here.abort(run, at - 1), here.abort(run, at)];
    expect(both.map(answerOf)).toMatchObject(
      [false, false, true].map((aborted) => ({ fields: { aborted } })),
    );
  });

  it('with nothing to abort it says so and does nothing', () => {
    const here = new Scene();
    expect(answerOf(here.abort())).toEqual({ ok: true, fields: { aborted: false, run_id: null } });
    expect(here.lines()).toEqual(['abort_message_response false']);
  });

  it('a second abort finds nothing', () => {
    const here = scene(streams);
    here.abort();
    expect(here.abort().facts).toEqual([]);
    expect(here.fates('go')).toEqual(['accepted', 'started', 'cancelled']);
  });

  it('what was said so far stays in the transcript, what was void does not', () => {
    const here = scene(streams, failed, (s) => s.tick(1_000));
    here.text('Twice upon');
    here.abort();
    const texts = here.facts.flatMap((fact) => (fact.kind === 'message' ? [fact.text] : []));
    expect(texts).toEqual(['Twice upon']);
  });

  it('[TOOL-5] the process of a call that was cut off is killed', () => {
    const here = scene(runs);
    here.abort();
    expect([...plan(here.state).effects.keys()]).toEqual(['kill:41']);
    here.hear({ kind: 'gone', pid: 41 });
    expect(plan(here.state).effects.size).toBe(0);
    expect(here.hear({ kind: 'gone', pid: 41 }).facts).toEqual([]);
  });

  it.each<[string, (s: Scene, run: string) => void]>([
    ['text', (s, run) => s.model({ kind: 'text', message: 'm', field: 'assistant', text: 'late' }, run)],
    ['an answer', (s, run) => s.model({ kind: 'finished', calls: [], usage: null, truncated: false }, run)],
    ['a lost model', (s, run) => s.model({ kind: 'lost' }, run)],
    ['a prepared call', (s) => s.prepared('c2')],
    ['a result', (s) => s.done('c1')],
    ['a lost tool', (s) => s.tool('c1', { kind: 'lost', look: 'unknown' })],
    ['a decision', (s) => s.decide('c1', true)],
  ])('%s that comes after the abort changes nothing', (_name, late) => {
    const here = scene(runs);
    const run = here.run;
    here.abort();
    const before = here.state;
    late(here, run);
    expect(here.state).toBe(before);
  });
});

describe('[ABT-2] what waits is parked by an abort', () => {
  it('and told as paused, before the answer', () => {
    const here = scene(
      streams,
      (s) => s.input('second'),
      (s) => s.input('third'),
    );
    here.abort();
    expect(here.lines()).toEqual([
      ...unwound.slice(0, 3),
      'Q cm-1 paused, cm-2 paused',
      'abort_message_response true',
      'turn_finished cancelled',
    ]);
    expect(here.state.turn).toBeNull();
    expect(here.fates('second')).toEqual(['queued']);
  });
});
