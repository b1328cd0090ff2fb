import { describe, expect, it } from 'vitest';
import { callOf, Scene, type ToolName } from '../testing/scene.ts';
import { plan } from './plan.ts';

function allowed(names: readonly ToolName[]): Scene {
  const scene = new Scene('unrestricted');
  scene.input('go');
  scene.finish(...names.map((name, n) => callOf(`${n}`, name)));
  return scene;
}
const desired = (scene: Scene) => [...plan(scene.state).effects.keys()].join(' ');

/** Every round starts what may start and ends it, all at once. */
function rounds(scene: Scene): string[] {
  const seen: string[] = [];
  for (let n = 0; n < 10 && scene.state.turn?.run === null; n += 1) {
    seen.push(desired(scene).replaceAll('prepare:', ''));
    const ids = seen.at(-1)?.split(' ') ?? [];
    for (const id of ids) scene.prepared(id);
    for (const id of ids) scene.done(id);
  }
  return seen;
}

describe('calls that only read go together, one that acts goes alone, in the order asked', () => {
  it.each<[ToolName[], string[]]>([
    [['Read'], ['0']],
    [['Read', 'Read', 'Read'], ['0 1 2']],
    [
      ['Bash', 'Bash'],
      ['0', '1'],
    ],
    [
      ['Read', 'Read', 'Bash', 'Read'],
      ['0 1', '2', '3'],
    ],
    [
      ['Write', 'Read', 'Read', 'Edit'],
      ['0', '1 2', '3'],
    ],
  ])('%o', (names, expected) => {
    expect(rounds(allowed(names))).toEqual(expected);
  });

  it('one that acts waits for the slowest of those that read', () => {
    const scene = allowed(['Read', 'Read', 'Bash']);
    scene.prepared('0');
    scene.prepared('1');
    scene.done('1');
    expect(desired(scene)).toBe('tool:0');
    scene.done('0');
    expect(desired(scene)).toBe('prepare:2');
  });
});

describe('what is wanted', () => {
  it('nothing of an idle conversation', () => {
    expect(plan(new Scene().state)).toEqual({ effects: new Map(), wakeAt: null });
  });

  it('the model while it is asked; the clock while the next attempt waits', () => {
    const scene = new Scene();
    scene.input('go');
    expect(plan(scene.state)).toEqual({
      effects: new Map([[`model:${scene.run}`, { do: 'model', run: scene.run }]]),
      wakeAt: null,
    });
    scene.model({ kind: 'failed', code: 'model_unavailable', message: 'Busy.', retryable: true });
    expect(plan(scene.state)).toEqual({ effects: new Map(), wakeAt: scene.now + 1_000 });
  });

  it('nothing while a person decides', () => {
    const scene = new Scene('strict');
    scene.input('go');
    scene.finish(callOf('0', 'Read'), callOf('1', 'Read'));
    expect(desired(scene)).toBe('');
    scene.decide('0', true);
    expect(desired(scene)).toBe('');
    scene.decide('1', true);
    expect(desired(scene)).toBe('prepare:0 prepare:1');
  });
});
