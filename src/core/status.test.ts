import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../testing/scene.ts';
import { loopStatus } from './status.ts';

const start = Date.UTC(2026, 0, 1);
/** A conversation in the named phase; a second passes before each move. */
function at(...moves: ((scene: Scene) => void)[]): Scene {
  const scene = new Scene();
  for (const move of moves) {
    scene.now += 1_000;
    move(scene);
  }
  return scene;
}
const go = (s: Scene) => void s.input('go');
const text = (s: Scene) => void s.text('Well');
const fail = (s: Scene) =>
  void s.model({ kind: 'failed', code: 'model_unavailable', message: 'Busy.', retryable: true });
const call = (s: Scene) => void s.finish(callOf('c1', 'Read'), callOf('c2', 'Read'));
const ask = (s: Scene) => void s.finish(callOf('c1', 'Bash'), callOf('c2', 'Write'));
const begin = (s: Scene) => void s.prepared('c2');
const allow = (s: Scene) => void s.decide('c1', true);

describe('what a turn waits for is named, with since when', () => {
  it.each<[string, ((scene: Scene) => void)[], string, object | undefined]>([
    ['at rest', [], 'WAITING_ON_INPUT', undefined],
    [
      'no answer yet',
      [go],
      'WAITING_FOR_API_RESPONSE',
      { kind: 'model', since: start + 1_000, detail: 'no answer yet' },
    ],
    [
      'answering',
      [go, text],
      'PROCESSING_API_RESPONSE',
      { kind: 'model', since: start + 1_000, detail: 'answering' },
    ],
    [
      'between attempts',
      [go, fail],
      'RETRYING_API_REQUEST',
      { kind: 'model', since: start + 1_000, detail: 'next attempt' },
    ],
    [
      'a decision',
      [go, ask],
      'WAITING_ON_APPROVAL',
      { kind: 'approval', since: start + 2_000, detail: 'Bash' },
    ],
    [
      'the next decision',
      [go, ask, allow],
      'WAITING_ON_APPROVAL',
      { kind: 'approval', since: start + 3_000, detail: 'Write' },
    ],
    [
      'tools being made ready',
      [go, call],
      'EXECUTING_CLIENT_SIDE_TOOL',
      { kind: 'tool', since: start + 2_000, detail: 'Read, Read' },
    ],
    [
      'a running tool',
      [go, call, begin],
      'EXECUTING_CLIENT_SIDE_TOOL',
      { kind: 'tool', since: start + 3_000, detail: 'Read' },
    ],
    ['after an abort', [go, ask, (s) => void s.abort()], 'WAITING_ON_INPUT', undefined],
  ])('%s', (_name, moves, status, waiting) => {
    const told = loopStatus(at(...moves).state);
    expect(told.status).toBe(status);
    expect(told.waiting_for).toEqual(waiting);
  });

  it('every status that is told of a turn names something, but for passing moments', () => {
    const scene = at(
      go,
      text,
      ask,
      allow,
      (s) => void s.decide('c2', true),
      (s) => void s.prepared('c1'),
      (s) => void s.done('c1'),
    );
    const silent = scene.says.flatMap((say) => {
      const status =
        say.say === 'event' && say.type === 'update_loop_status' ? Object(say.body.loop_status) : null;
      return status && !status.waiting_for ? [status.status] : [];
    });
    expect(silent).toEqual([]);
  });
});

describe('a run is told with the inputs it works on', () => {
  it('also those that joined', () => {
    const scene = at(
      go,
      (s) => void s.finish(callOf('c1', 'Read')),
      (s) => void s.input('more'),
    );
    scene.prepared('c1');
    scene.done('c1');
    const run = scene.run;
    expect(loopStatus(scene.state)).toMatchObject({
      active_run_ids: [run],
      client_message_ids_by_run_id: { [run]: ['go', 'more'] },
    });
  });

  it('the last 32 runs are known', () => {
    const scene = at(go);
    for (let n = 0; n < 40; n += 1) scene.model({ kind: 'lost' });
    expect(scene.state.runs).toHaveLength(32);
    expect(scene.state.runs.at(-1)?.[0]).toBe(scene.run);
  });
});
