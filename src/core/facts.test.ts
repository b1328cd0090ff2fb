import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../testing/scene.ts';
import { apply } from './apply.ts';
import { historyKinds, trimmableKinds, upcast } from './facts.ts';
import { initialState } from './state.ts';

describe('stored facts', () => {
  it('of today are read as they are', () => {
    const scene = new Scene('strict');
    scene.input('go');
    scene.text('Well');
    scene.finish(callOf('c1', 'Bash'));
    scene.abort();
    expect(scene.facts.map(upcast)).toEqual(scene.facts);
  });

  it.each([
    ['of a kind that is not known', { kind: 'from_the_future', v: 1 }],
    ['of a newer version', { kind: 'created', v: 2 }],
    ['of a kind that every object has', { kind: 'constructor', v: 1 }],
  ])('%s are a newer program’s', (_name, stored) => {
    expect(upcast(stored)).toBeNull();
  });

  it('that may be trimmed are no part of the history', () => {
    expect([...trimmableKinds].filter((kind) => historyKinds.has(kind))).toEqual([]);
  });

  it('a fold without the trimmed ones of finished messages gives the same state', () => {
    const scene = new Scene();
    scene.input('go');
    scene.text('Well');
    scene.finish();
    const kept = scene.facts.filter((fact) => !trimmableKinds.has(fact.kind));
    expect(kept.length).toBeLessThan(scene.facts.length);
    expect(kept.reduce(apply, initialState)).toEqual(scene.state);
  });
});

describe('apply', () => {
  it('passes over a fact of a turn where there is none', () => {
    const { state } = new Scene();
    expect(apply(state, { kind: 'text', v: 1, message: 'm', field: 'assistant', text: 'late' })).toBe(state);
    expect(apply(state, { kind: 'model_started', v: 1, run: 'r', attempt: 1, at: 0 })).toBe(state);
  });
});
