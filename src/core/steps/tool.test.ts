import { describe, expect, it } from 'vitest';
import { callOf, Scene, type ToolName } from '../../testing/scene.ts';
import { apply } from '../apply.ts';
import type { ToolReport } from '../messages.ts';
import { plan } from '../plan.ts';
import { initialState } from '../state.ts';

/** A turn whose calls are all allowed. */
function allowed(...calls: readonly (readonly [id: string, name: ToolName])[]): Scene {
  const scene = new Scene('unrestricted');
  scene.input('go');
  scene.finish(...calls.map(([id, name]) => callOf(id, name)));
  scene.lines();
  return scene;
}
const desired = (scene: Scene) => [...plan(scene.state).effects.keys()];
const starts = (scene: Scene) => scene.facts.filter((fact) => fact.kind === 'tool_started').length;
const finished = (scene: Scene) => scene.facts.findLast((fact) => fact.kind === 'tool_finished');
const mark = { path: '/project/a', before: 'old', after: 'new' };

describe('[TOOL-1] [TOOL-3] [TOOL-4] a call whose process died', () => {
  it.each([
    ['safe', 'Read', 'unknown', 'again'],
    ['safe', 'Read', 'done', 'again'],
    ['verify', 'Write', 'done', 'success'],
    ['verify', 'Write', 'absent', 'again'],
    ['verify', 'Write', 'unknown', 'indeterminate'],
    ['once', 'Bash', 'unknown', 'indeterminate'],
    ['once', 'Bash', 'absent', 'indeterminate'],
    ['once', 'Bash', 'done', 'indeterminate'],
  ] as const)('%s (%s), and looking says %s: %s', (_class, name, look, fate) => {
    const scene = allowed(['c1', name]);
    scene.tool('c1', { kind: 'prepared', process: null, mark: name === 'Write' ? mark : null });
    expect(desired(scene)).toEqual(['tool:c1']);
    scene.tool('c1', { kind: 'lost', look });
    if (fate === 'again') {
      expect(desired(scene)).toEqual(['prepare:c1']);
      expect(finished(scene)).toBeUndefined();
      scene.prepared('c1');
      expect(starts(scene)).toBe(2);
    } else {
      expect(desired(scene)).toEqual([`model:${scene.run}`]);
      const status = fate === 'success' ? 'success' : 'error';
      expect(finished(scene)).toMatchObject({ status, indeterminate: fate === 'indeterminate' });
      expect(starts(scene)).toBe(1);
    }
  });

  it('[TOOL-3] the model is told that it may have run', () => {
    const scene = allowed(['c1', 'Bash']);
    scene.prepared('c1');
    scene.tool('c1', { kind: 'lost', look: 'unknown' });
    expect(finished(scene)?.text).toMatch(/^The runtime was restarted while Bash ran: it may have run/);
    expect(scene.lines()).toEqual([
      'S client_tool_start call-1',
      'S client_tool_end call-1 error',
      'S tool_return_message call-1 error',
      'L SENDING_API_REQUEST',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it('one that was only being made ready is made ready again', () => {
    const scene = allowed(['c1', 'Bash']);
    expect(scene.tool('c1', { kind: 'lost', look: 'unknown' }).facts).toEqual([]);
    expect(desired(scene)).toEqual(['prepare:c1']);
    expect(scene.facts.reduce(apply, initialState)).toEqual(scene.state);
  });

  it.each(['Read', 'Bash'] as const)('[TOOL-5] what is left of %s must not live on', (name) => {
    const scene = allowed(['c1', name]);
    scene.tool('c1', { kind: 'prepared', process: { pid: 5, startedAt: 'boot+1' }, mark: null });
    scene.tool('c1', { kind: 'lost', look: 'unknown' });
    expect(scene.state.doomed).toEqual([{ pid: 5, startedAt: 'boot+1', call: 'c1' }]);
    expect(desired(scene)).toContain('kill:5');
  });

  it('[TOOL-5] one that ended by itself left nothing behind', () => {
    const scene = allowed(['c1', 'Bash']);
    scene.tool('c1', { kind: 'prepared', process: { pid: 5, startedAt: null }, mark: null });
    scene.done('c1');
    expect(scene.state.doomed).toEqual([]);
  });
});

describe('a call that runs', () => {
  it('is told from its start to its result', () => {
    const scene = allowed(['c1', 'Write']);
    scene.prepared('c1');
    scene.tool('c1', { kind: 'progress', text: 'half' });
    scene.tool('c1', { kind: 'progress', text: 'nearly all' });
    const wrote = [{ path: '/project/a', content: 'new' }];
    scene.tool('c1', { kind: 'finished', status: 'success', text: 'done', wrote });
    expect(scene.lines()).toEqual([
      'S client_tool_start call-1',
      'S tool_return_message call-1 progress',
      'file_ops',
      'S client_tool_end call-1 success',
      'S tool_return_message call-1 success',
      'L SENDING_API_REQUEST',
      'L WAITING_FOR_API_RESPONSE',
    ]);
  });

  it('that could not be made ready fails without having started', () => {
    const scene = allowed(['c1', 'Write']);
    scene.tool('c1', { kind: 'refused', text: 'No such folder.' });
    expect(finished(scene)).toMatchObject({ status: 'error', text: 'No such folder.', indeterminate: false });
    expect(starts(scene)).toBe(0);
  });

  it('gives the person’s edit to the tool', () => {
    const scene = new Scene();
    scene.input('go');
    scene.finish(callOf('c1', 'Bash'));
    scene.decide('c1', true, { updated_input: { command: 'ls' } });
    const effect = plan(scene.state).effects.get('prepare:c1');
    expect(effect).toMatchObject({ do: 'prepare', call: { edited: { command: 'ls' } } });
  });
});

describe('reports that the plan did not ask for mean nothing', () => {
  const reports: Record<ToolReport['kind'], ToolReport> = {
    prepared: { kind: 'prepared', process: null, mark: null },
    refused: { kind: 'refused', text: 'no' },
    progress: { kind: 'progress', text: 'half' },
    finished: { kind: 'finished', status: 'success', text: 'ok', wrote: [{ path: '/a', content: '' }] },
    lost: { kind: 'lost', look: 'absent' },
  };
  const ready = () => allowed(['c1', 'Bash'], ['c2', 'Bash']);
  const running = () => {
    const scene = ready();
    scene.prepared('c1');
    return scene;
  };
  const undecided = () => {
    const scene = new Scene('strict');
    scene.input('go');
    scene.finish(callOf('c1', 'Bash'), callOf('c2', 'Bash'));
    return scene;
  };
  const settled = () => {
    const scene = running();
    scene.done('c1');
    return scene;
  };
  it.each([
    ['a call not yet started', ready, 'c1', ['progress', 'finished', 'lost']],
    ['a call whose turn has not come', ready, 'c2', ['prepared', 'refused', 'progress', 'finished', 'lost']],
    ['a running call', running, 'c1', ['prepared', 'refused']],
    ['a call that is asked about', undecided, 'c1', ['prepared', 'refused', 'progress', 'finished', 'lost']],
    ['a call nobody was asked about yet', undecided, 'c2', ['prepared', 'refused', 'finished', 'lost']],
    ['a settled call', settled, 'c1', ['prepared', 'refused', 'progress', 'finished', 'lost']],
    ['no call', running, 'none', ['prepared', 'refused', 'progress', 'finished', 'lost']],
  ] as const)('about %s', (_name, at, call, kinds) => {
    for (const kind of kinds) {
      const scene = at();
      const made = scene.tool(call, reports[kind]);
      expect([made.facts, made.says], kind).toEqual([[], []]);
    }
  });
});
