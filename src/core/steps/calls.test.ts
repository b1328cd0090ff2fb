import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import type { Suggestion } from '../facts.ts';
import { rulingsByTable } from '../permission.ts';
import { offeredFor, pendingRequests } from '../status.ts';

const allow = rulingsByTable('internal', 'allowed');
const ask = rulingsByTable('execute', 'asked');
const deny = rulingsByTable('forbidden', 'denied');
const offer: Suggestion = { id: 'save-default', text: 'Yes', rules: ['Bash(a)'], where: 'project' };

function asking(...ids: readonly string[]): Scene {
  const scene = new Scene('standard');
  scene.input('go');
  scene.finish(...ids.map((id) => callOf(id, 'Bash')));
  scene.lines();
  return scene;
}
const judge = (scene: Scene, ...calls: (readonly [string, typeof allow, (readonly Suggestion[])?])[]) =>
  scene.hear({
    kind: 'judged',
    calls: calls.map(([id, rulings, suggestions = []]) => ({ id, rulings, suggestions })),
  });
const statuses = (scene: Scene) =>
  scene.state.turn?.calls.map(({ id, status, allowed }) => `${id} ${status} ${allowed}`);

describe('[PERM-6] calls that are judged again', () => {
  it('are allowed where they wait, and the next one is asked', () => {
    const scene = asking('c1', 'c2');
    judge(scene, ['c1', allow], ['c2', ask]);
    expect(statuses(scene)).toEqual(['c1 waiting true', 'c2 asked null']);
    expect(pendingRequests(scene.state).map(({ request_id }) => request_id)).toEqual(['perm-c2']);
  });

  it('go on when none of them is left to ask', () => {
    const scene = asking('c1', 'c2');
    judge(scene, ['c1', allow], ['c2', allow]);
    expect(statuses(scene)).toEqual(['c1 waiting true', 'c2 waiting true']);
  });

  it('are denied with the reason of the rule', () => {
    const scene = asking('c1');
    judge(scene, ['c1', deny]);
    expect(scene.facts).toContainEqual(
      expect.objectContaining({ kind: 'tool_finished', status: 'error', text: 'denied' }),
    );
  });

  it('that were decided stay as they were, and ones that nobody knows are nothing', () => {
    const scene = asking('c1', 'c2');
    scene.decide('c1', true);
    const before = scene.state;
    judge(scene, ['c1', deny], ['c9', allow]);
    expect(scene.state).toEqual(before);
  });

  it('are offered anew, but in strict', () => {
    const scene = asking('c1');
    judge(scene, ['c1', ask, [offer]]);
    expect(pendingRequests(scene.state)[0]?.request).toMatchObject({
      permission_suggestions: [{ id: 'save-default', text: 'Yes' }],
      reason: 'asked',
    });
    const [call] = scene.state.turn?.calls ?? [];
    if (!call) throw new Error('no call');
    expect(offeredFor(call, { mode: 'strict' })).toEqual([]);
    expect(offeredFor(call, { mode: 'acceptEdits' })).toEqual([offer]);
  });
});
