import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import type { RequestedCall } from '../facts.ts';
import { plan } from '../plan.ts';
import { pendingRequests } from '../status.ts';
import type { Step } from '../step.ts';

const bash = (id: string, more = {}) => callOf(id, 'Bash', more);

function asking(...calls: readonly RequestedCall[]): Scene {
  const scene = new Scene('standard');
  scene.input('go');
  scene.finish(...calls);
  scene.lines();
  return scene;
}

const codeOf = (made: Step) =>
  made.says.flatMap((say) => (say.say === 'answer' && !say.answer.ok ? [say.answer.failure.code] : []))[0];
const results = (scene: Scene) =>
  scene.facts.flatMap((fact) =>
    fact.kind === 'tool_finished' ? [`${fact.call} ${fact.status} ${fact.text}`] : [],
  );
const desired = (scene: Scene) => [...plan(scene.state).effects.keys()];

describe('[APR-3] a decision', () => {
  it('to allow lets the call run', () => {
    const scene = asking(bash('c1'));
    expect(desired(scene)).toEqual([]);
    scene.decide('c1', true);
    expect(desired(scene)).toEqual(['prepare:c1']);
    expect(scene.lines()).toEqual([
      'D busy standard',
      'input_accepted true',
      'L EXECUTING_CLIENT_SIDE_TOOL call-1',
    ]);
  });

  it('with another input gives the tool that input; the transcript keeps what the model asked', () => {
    const scene = asking(bash('c1', { args: '{"command":"rm"}' }));
    scene.decide('c1', true, { updated_input: { command: 'ls' } });
    const made = scene.prepared('c1');
    expect(scene.state.turn?.calls[0]).toMatchObject({ edited: { command: 'ls' }, args: '{"command":"rm"}' });
    expect(made.says).toMatchObject([{ body: { delta: { tool_args: '{"command":"ls"}' } } }]);
  });

  it.each([
    ['to deny, with a reason', 'Not now.', 'c1 error Not now.'],
    ['to deny, without one', null, 'c1 error Denied.'],
  ])('%s: the model hears it and goes on', (_name, message, result) => {
    const scene = asking(bash('c1'));
    scene.decide('c1', false, { message });
    expect(results(scene)).toEqual([result]);
    expect(scene.facts.some((fact) => fact.kind === 'tool_started')).toBe(false);
    expect(desired(scene)).toEqual([`model:${scene.run}`]);
    expect(scene.lines()).not.toContain('S client_tool_start call-1');
  });

  it('is kept with who made it', () => {
    const scene = asking(bash('c1'));
    scene.command(
      {
        do: 'decide',
        request_id: 'perm-c1',
        allow: true,
        message: 'fine',
        updated_input: null,
        input_hash: null,
      },
      'bob',
    );
    expect(scene.facts.findLast((fact) => fact.kind === 'call_decided')).toMatchObject({
      by: 'bob',
      reason: 'fine',
    });
  });

  it.each([
    ['for a call that nobody knows', (s: Scene) => s.decide('perm-none', true), 'approval_not_pending'],
    [
      'about another input',
      (s: Scene) => s.decide('c1', true, { input_hash: 'other' }),
      'approval_hash_mismatch',
    ],
    ['about the right input', (s: Scene) => s.decide('c1', true, { input_hash: 'hash of c1' }), undefined],
    ['a second time', (s: Scene) => [s.decide('c1', true), s.decide('c1', false)][1], 'approval_not_pending'],
    ['after the abort', (s: Scene) => [s.abort(), s.decide('c1', true)][1], 'approval_not_pending'],
  ] as const)('[APR-2] %s', (_name, decide, code) => {
    const scene = asking(bash('c1'));
    const made = decide(scene);
    expect(made && codeOf(made)).toBe(code);
    if (code) expect(made?.facts).toEqual([]);
  });
});

describe('[APR-1] several calls in one answer', () => {
  it('are asked about one at a time, and nothing runs before the last answer', () => {
    const scene = asking(bash('c1'), bash('c2'));
    expect(pendingRequests(scene.state).map((one) => one.request_id)).toEqual(['perm-c1', 'perm-c2']);
    scene.decide('c1', true);
    expect(desired(scene)).toEqual([]);
    expect(scene.lines()).toEqual([
      'D busy standard',
      'input_accepted true',
      'control_request call-2',
      'D busy standard call-2',
    ]);
    scene.decide('c2', false, { message: 'Only the first.' });
    expect(desired(scene)).toEqual(['prepare:c1']);
  });

  it('denied ones are told after the allowed ones have ended', () => {
    const scene = asking(bash('c1'), bash('c2'));
    scene.decide('c1', false, { message: 'No.' });
    scene.decide('c2', true);
    expect(results(scene)).toEqual([]);
    scene.prepared('c2');
    scene.done('c2');
    expect(results(scene)).toEqual(['c2 success ok', 'c1 error No.']);
    expect(desired(scene)).toEqual([`model:${scene.run}`]);
  });

  it('every shown request can be answered, in any order', () => {
    const scene = asking(bash('c1'), bash('c2'), bash('c3'));
    scene.decide('c3', true);
    expect(pendingRequests(scene.state).map((one) => one.request_id)).toEqual(['perm-c1', 'perm-c2']);
    scene.decide('c1', true);
    scene.decide('c2', true);
    expect(desired(scene)).toEqual(['prepare:c1']);
    expect(scene.lines().filter((line) => line.startsWith('control_request'))).toEqual([
      'control_request call-2',
    ]);
  });

  it('a rule decides what it can, a person the rest', () => {
    const broken = bash('c2', { problem: 'There is no tool named Bosh.' });
    const scene = new Scene('standard');
    scene.input('go');
    scene.lines();
    scene.finish(callOf('c1', 'Read'), broken, bash('c3'));
    expect(scene.lines()).toContain('S approval_classification_end call-1 call-2 call-3');
    expect(pendingRequests(scene.state).map((one) => one.request_id)).toEqual(['perm-c3']);
    scene.decide('c3', false);
    expect(results(scene)).toEqual([]);
    scene.prepared('c1');
    scene.done('c1');
    expect(results(scene)).toEqual([
      'c1 success ok',
      'c2 error There is no tool named Bosh.',
      'c3 error Denied.',
    ]);
  });

  it('when every call has a problem, the model is asked again at once', () => {
    const scene = asking(bash('c1', { problem: 'Bad arguments.' }), bash('c2', { problem: 'No such tool.' }));
    expect(results(scene)).toEqual(['c1 error Bad arguments.', 'c2 error No such tool.']);
    expect(desired(scene)).toEqual([`model:${scene.run}`]);
  });
});
