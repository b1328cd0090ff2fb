import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import type { ModelReport } from '../messages.ts';
import { plan } from '../plan.ts';

type Failed = Extract<ModelReport, { kind: 'failed' }>;
const busy: Failed = { kind: 'failed', code: 'model_unavailable', message: 'Overloaded.', retryable: true };

function asked(): Scene {
  const scene = new Scene();
  scene.input('go');
  scene.lines();
  return scene;
}

/** Fails and waits out the delay, so many times. */
function fail(scene: Scene, times: number, report: Failed = busy): void {
  for (let n = 0; n < times; n += 1) {
    scene.model(report);
    const { wakeAt } = plan(scene.state);
    if (wakeAt !== null) scene.tick(wakeAt - scene.now);
  }
}

const deltas = (scene: Scene, type: string) =>
  scene.says.flatMap((say) => {
    const delta = say.say === 'event' ? Object(say.body.delta) : {};
    return delta.message_type === type ? [delta] : [];
  });
const last = <T>(items: readonly T[]): T | undefined => items.at(-1);

describe('a model that fails', () => {
  it.each([
    ['the first time', 0, {}, 1_000],
    ['the second time', 1, {}, 2_000],
    ['asks for a short pause: ours is kept', 0, { retryAfterMs: 200 }, 1_000],
    ['asks for a longer pause', 0, { retryAfterMs: 5_000 }, 5_000],
    ['asks for a pause beyond our own longest', 1, { retryAfterMs: 90_000 }, 90_000],
    ['asks for hours: ten minutes', 0, { retryAfterMs: 36_000_000 }, 600_000],
  ])('%s', (_name, before, more, delay) => {
    const scene = asked();
    fail(scene, before);
    const failedRun = scene.run;
    scene.model({ ...busy, ...more });
    expect(plan(scene.state)).toEqual({ effects: new Map(), wakeAt: scene.now + delay });
    expect(last(deltas(scene, 'retry'))).toMatchObject({
      delay_ms: delay,
      attempt: before + 1,
      max_attempts: 3,
    });
    expect(scene.tick(delay - 1).facts).toEqual([]);
    scene.tick(1);
    expect(scene.run).not.toBe(failedRun);
    expect([...plan(scene.state).effects.keys()]).toEqual([`model:${scene.run}`]);
  });

  it('is told as waiting, then as the retry, then as the next request', () => {
    const scene = asked();
    fail(scene, 1);
    expect(scene.lines()).toEqual([
      'L RETRYING_API_REQUEST',
      'S retry llm_api_error 1',
      'L SENDING_API_REQUEST',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it.each([
    ['three times: the turn ends', busy, 3, 'llm_api_error'],
    ['for good: at once', { ...busy, code: 'model_refused', retryable: false }, 1, 'llm_api_error'],
    ['with a broken reply, three times', { ...busy, code: 'model_reply_invalid' }, 3, 'invalid_llm_response'],
  ] as const)('%s', (_name, report, times, stop) => {
    const scene = asked();
    fail(scene, times, report);
    expect(scene.state.turn).toBeNull();
    expect(scene.fates('go')).toEqual(['accepted', 'started', 'failed']);
    expect(scene.lines().slice(-4)).toEqual([
      'L WAITING_ON_INPUT',
      'D idle standard',
      `turn_finished ${stop}`,
      `S loop_error ${stop} terminal`,
    ]);
    expect(scene.says.findLast((say) => say.say === 'receipt')).toMatchObject({
      receipt: { code: report.code },
    });
  });

  it('counts anew for the next request of the turn', () => {
    const scene = asked();
    fail(scene, 2);
    scene.finish(callOf('c1', 'Read'));
    scene.prepared('c1');
    scene.done('c1');
    fail(scene, 2);
    expect(scene.state.turn).not.toBeNull();
    expect(scene.state.turn?.run?.attempt).toBe(3);
    expect(scene.state.turn?.steps).toBe(2);
  });
});

describe('the text of a failed attempt is void', () => {
  const twoMessages = (scene: Scene) => {
    scene.text('Hm', 'm1', 'reasoning');
    scene.text('Hel', 'm2');
    scene.text('lo', 'm2');
    scene.text('!', 'm1', 'reasoning');
  };
  it.each([
    ['before a retry', busy, 'retry'],
    ['when it was lost', { kind: 'lost' }, 'retry'],
    ['when the turn ends', { ...busy, retryable: false }, 'loop_error'],
  ] as const)('%s: clients are told which messages', (_name, report, told) => {
    const scene = asked();
    twoMessages(scene);
    scene.model(report);
    expect(last(deltas(scene, told))?.voided_message_ids).toEqual(['m1', 'm2']);
    expect(scene.facts.some((fact) => fact.kind === 'message')).toBe(false);
  });

  it('nothing said, nothing void', () => {
    const scene = asked();
    scene.model(busy);
    expect(last(deltas(scene, 'retry'))?.voided_message_ids).toEqual([]);
  });

  it('text of one message is one message, also when others come between', () => {
    const scene = asked();
    twoMessages(scene);
    scene.finish();
    const messages = scene.facts.flatMap((fact) =>
      fact.kind === 'message' ? [[fact.id, fact.field, fact.text]] : [],
    );
    expect(messages).toEqual([
      ['m1', 'reasoning', 'Hm!'],
      ['m2', 'assistant', 'Hello'],
    ]);
  });
});

describe('a model call that was lost with its process', () => {
  it('is asked again at once, and that is no fault of the model', () => {
    const scene = asked();
    for (let n = 0; n < 5; n += 1) {
      scene.text('again');
      scene.model({ kind: 'lost' });
    }
    expect(scene.lines().slice(-3)).toEqual([
      'S retry restart 5',
      'L SENDING_API_REQUEST',
      'L WAITING_FOR_API_RESPONSE',
    ]);
    expect(scene.state.turn?.run).toMatchObject({ attempt: 6, failures: 0 });
    for (const { attempt, max_attempts } of deltas(scene, 'retry'))
      expect(attempt).toBeLessThan(max_attempts);
    fail(scene, 2);
    expect(scene.state.turn).not.toBeNull();
    fail(scene, 1);
    expect(scene.state.turn).toBeNull();
  });

  it('while the next attempt is waited for, nothing is lost', () => {
    const scene = asked();
    scene.model(busy);
    const before = scene.state;
    scene.model({ kind: 'lost' });
    expect(scene.state).toBe(before);
  });
});

describe('reports that come too late mean nothing', () => {
  it.each<[string, ModelReport]>([
    ['text', { kind: 'text', message: 'm', field: 'assistant', text: 'late' }],
    ['the end', { kind: 'finished', calls: [callOf('c1', 'Bash')], usage: null, truncated: false }],
    ['a failure', busy],
    ['a loss', { kind: 'lost' }],
  ])('%s of an earlier attempt, of a failed one, of none', (_name, report) => {
    const scene = asked();
    const first = scene.run;
    scene.model(busy);
    const waits = scene.state;
    expect(scene.model(report, first).says).toEqual([]);
    expect(scene.state).toBe(waits);
    scene.tick(1_000);
    const second = scene.state;
    for (const run of [first, 'run-none']) expect(scene.model(report, run).says).toEqual([]);
    expect(scene.state).toBe(second);
  });
});

describe('how an answer ends the turn', () => {
  it.each([
    [{ calls: [], truncated: false }, 'end_turn'],
    [{ calls: [], truncated: true }, 'max_tokens_exceeded'],
  ])('%o', (end, stop) => {
    const scene = asked();
    scene.text('Well');
    scene.model({ kind: 'finished', usage: null, ...end });
    expect(scene.lines()).toEqual([
      'L PROCESSING_API_RESPONSE',
      'S assistant_message',
      `S stop_reason ${stop}`,
      'L WAITING_ON_INPUT',
      'D idle standard',
      `turn_finished ${stop}`,
    ]);
    expect(scene.fates('go')).toEqual(['accepted', 'started', 'done']);
  });

  it('a truncated answer with calls still has its calls answered', () => {
    const scene = asked();
    scene.model({ kind: 'finished', calls: [callOf('c1', 'Read')], usage: null, truncated: true });
    expect(scene.lines()).toContain('S stop_reason requires_approval');
  });

  it('usage is told before the stop reason, as stock does', () => {
    const scene = asked();
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, reasoning_tokens: 1 };
    scene.model({ kind: 'finished', calls: [], usage, truncated: false });
    expect(scene.lines().slice(1, 3)).toEqual(['S usage_statistics', 'S stop_reason end_turn']);
    expect(last(deltas(scene, 'usage_statistics'))).toMatchObject(usage);
  });
});
