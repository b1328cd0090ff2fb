import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import { plan } from '../plan.ts';

const process = { pid: 7, startedAt: 'then' };
const task = { id: 'task-1', kind: 'command', title: 'npm test', process, output: '/out' } as const;

/** A conversation whose call has begun a background task; its turn still runs. */
function begun(kind: 'command' | 'monitor' = 'command'): Scene {
  const scene = new Scene('unrestricted');
  scene.input('go');
  scene.finish(callOf('c1', 'Bash'));
  scene.tool('c1', { kind: 'prepared', process, mark: null });
  scene.tool('c1', {
    kind: 'finished',
    status: 'success',
    text: 'Started.',
    wrote: [],
    task: { ...task, kind },
  });
  return scene;
}
const report = (scene: Scene, report: Parameters<Scene['hear']>[0] & { kind: 'task' }) => scene.hear(report);
const ended = {
  kind: 'task',
  task: 'task-1',
  report: { kind: 'ended', status: 'error', text: 'Exit code 1' },
} as const;
const queued = (scene: Scene) => scene.state.queue.map(({ messages: [message] }) => String(message?.content));

describe('[TOOL-7] a background task', () => {
  it('shows in the device status while it runs', () => {
    const scene = begun();
    const told = scene.says.flatMap((say) =>
      say.say === 'event' && say.type === 'update_device_status' ? [say.body] : [],
    );
    expect(told.at(-1)).toMatchObject({
      device_status: {
        background_processes: [{ process_id: 'task-1', command: 'npm test', status: 'running' }],
      },
    });
    report(scene, ended);
    expect(scene.state.tasks).toEqual([]);
  });

  it('that ends while a turn runs joins that turn', () => {
    const scene = begun();
    report(scene, ended);
    expect(queued(scene)).toEqual([expect.stringContaining('Exit code 1')]);
    scene.finish(callOf('c2', 'Read'));
    scene.prepared('c2');
    scene.done('c2');
    expect(queued(scene)).toEqual([]);
    expect(scene.state.turn?.inputs).toHaveLength(2);
  });

  it('that ends later begins a turn of its own', () => {
    const scene = begun();
    scene.finish();
    expect(scene.state.turn).toBeNull();
    report(scene, ended);
    expect(scene.state.turn?.inputs).toMatchObject([{ kind: 'task_notification' }]);
    expect([...plan(scene.state).effects.keys()]).toEqual([`model:${scene.run}`]);
  });

  it('that a person never sees twice ends once', () => {
    const scene = begun();
    report(scene, ended);
    expect(report(scene, ended).facts).toEqual([]);
  });

  it('that was lost with its runtime is told as that, and what is left of it is killed', () => {
    const scene = begun();
    report(scene, { kind: 'task', task: 'task-1', report: { kind: 'lost' } });
    expect(queued(scene)).toEqual([expect.stringContaining('may have run in part')]);
    expect(scene.state.doomed).toEqual([{ ...process, call: 'c1' }]);
  });

  it('that watches tells what it sees and goes on', () => {
    const scene = begun('monitor');
    report(scene, { kind: 'task', task: 'task-1', report: { kind: 'output', text: 'ERROR in line 3' } });
    expect(queued(scene)).toEqual([expect.stringContaining('ERROR in line 3')]);
    expect(scene.state.tasks).toHaveLength(1);
  });
});

describe('[PERM-5] planning', () => {
  const planned = (planning: { file: string } | 'ended', name: 'Read' | 'AskUserQuestion' = 'Read') => {
    const scene = new Scene('standard');
    scene.input('go');
    scene.finish(callOf('c1', name));
    if (name !== 'Read') scene.decide('c1', true);
    scene.prepared('c1');
    scene.tool('c1', { kind: 'finished', status: 'success', text: 'ok', wrote: [], planning });
    return scene;
  };

  it('denies every change until it ends', () => {
    const scene = planned({ file: '/plan.md' });
    expect(scene.state.planning).toBe('/plan.md');
    scene.finish(callOf('c2', 'Write'), callOf('c3', 'Read'));
    expect(scene.state.turn?.calls).toMatchObject([
      { id: 'c2', allowed: false, reason: expect.stringContaining('') },
      { id: 'c3', allowed: true },
    ]);
  });

  it('ends with the person’s consent', () => {
    const scene = planned('ended', 'AskUserQuestion');
    expect(scene.state.planning).toBeNull();
  });
});

describe('[PERM-6] calls that wait when the rules change', () => {
  it('are decided by what the rules say now, and their request is withdrawn', () => {
    const scene = new Scene('standard');
    scene.input('go');
    scene.finish(callOf('c1', 'Bash'), callOf('c2', 'Bash'), callOf('c3', 'Write'));
    scene.decide('c1', true);
    const { rulings } = callOf('r', 'Read');
    const { facts } = scene.hear({
      kind: 'judged',
      calls: [
        { id: 'c2', rulings, suggestions: [] },
        { id: 'c1', rulings, suggestions: [] },
        { id: 'unknown', rulings, suggestions: [] },
      ],
    });
    expect(facts.map(({ kind }) => kind)).toEqual(['call_judged', 'call_decided', 'call_asked']);
    expect(scene.state.turn?.calls).toMatchObject([
      { allowed: true },
      { allowed: true, status: 'waiting' },
      { status: 'asked' },
    ]);
  });

  it('stay as they are when the rules still ask', () => {
    const scene = new Scene('standard');
    scene.input('go');
    scene.finish(callOf('c1', 'Bash'));
    const { rulings } = callOf('r', 'Write');
    scene.hear({ kind: 'judged', calls: [{ id: 'c1', rulings, suggestions: [] }] });
    expect(scene.state.turn?.calls).toMatchObject([{ status: 'asked', rulings }]);
  });
});
