import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { initialState, type State } from '../../core/state.ts';
import { emptyTranscript } from '../../core/transcript.ts';
import { testDevice } from '../../testing/device.ts';
import type { Settings } from '../settings/settings.ts';
import { TaskList } from '../tasks/task-list.ts';
import { requestedCall } from './requested-call.ts';
import type { Subject } from './subject.ts';
import { offeredTools, turnTools } from './turn-tools.ts';

function scene(settings: Partial<Settings> = {}, options: object = {}, planning: string | null = null) {
  const { device, close, cwd } = testDevice();
  onTestFinished(close);
  writeFileSync(join(cwd, '.home', 'settings.json'), JSON.stringify(settings));
  const item = { template: JSON.stringify(options) } as NonNullable<State['turn']>['inputs'][number];
  const turn = { inputs: [item], calls: [] } as unknown as State['turn'];
  const subject: Subject = {
    scope: { agent_id: null, conversation_id: 'conv-1' },
    state: { ...initialState, cwd, planning, turn },
    tasks: new TaskList(() => undefined),
    seen: new Map(),
    transcript: emptyTranscript,
    hear: () => undefined,
  };
  const offered = (handle = '') => offeredTools(subject, device.host, handle).map(({ name }) => name);
  return { device, subject, offered };
}

describe('the tools that a model is shown', () => {
  it('are those of its family, or of the toolset that the person chose', () => {
    const { offered } = scene();
    expect(offered()).toContain('Bash');
    expect(offered('openai/gpt-5')).toEqual(expect.arrayContaining(['ShellCommand', 'ApplyPatch']));
    expect(offered('openai/gpt-5')).not.toContain('Bash');
    expect(scene({ toolset: 'gemini_snake' }).offered('openai/gpt-5')).toContain('run_shell_command');
    expect(scene({ toolset: 'none' }).offered()).toEqual([]);
  });

  it('reach the internet only where the owner wants that', () => {
    const web = (settings: Partial<Settings>) =>
      scene(settings)
        .offered()
        .filter((name) => name.startsWith('Web'));
    expect(web({})).toEqual([]);
    expect(web({ web: { fetch: false } })).toEqual([]);
    expect(web({ web: { fetch: true } })).toEqual(['WebFetch']);
    expect(web({ web: { search: { provider: 'brave' } } })).toEqual(['WebSearch']);
  });

  it('begin to plan or end it, whichever is next', () => {
    const plan = (...of: Parameters<typeof scene>) =>
      scene(...of)
        .offered()
        .filter((name) => name.includes('Plan'));
    expect(plan()).toEqual(['EnterPlanMode']);
    expect(plan({}, {}, '/plan.md')).toEqual(['ExitPlanMode']);
    expect(plan({}, { exclude_interactive_tools: true })).toEqual([]);
  });

  it.each([
    [['Bash'], '', ['Bash']],
    [['Bash'], 'openai/gpt-5', ['ShellCommand']],
    [['ShellCommand', 'ApplyPatch'], 'openai/gpt-5', ['ShellCommand', 'ApplyPatch']],
    [[], '', []],
  ])('are narrowed by the list of a client %j for %s', (allowed, handle, names) => {
    expect(scene({}, { client_tool_allowlist: allowed }).offered(handle)).toEqual(names);
  });

  it('can be run under each of their names, also when another model has taken over since', () => {
    const { device, subject } = scene();
    const names = turnTools(subject, device.host).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Bash', 'ShellCommand', 'run_shell_command']));
    expect(names).not.toContain('WebFetch');
    expect(names).not.toContain('ExitPlanMode');
  });

  it('are the only ones that it can ask for, and keep the rules of what they are', async () => {
    const { device, subject } = scene({ rules: { deny: ['Bash'] } });
    const tools = offeredTools(subject, device.host, 'openai/gpt-5');
    const asked = (name: string) =>
      requestedCall(subject, device.host, tools, { id: 'c', name, args: '{"command":"ls"}' });
    expect(await asked('Bash')).toMatchObject({ problem: expect.stringContaining('There is no tool Bash') });
    expect(await asked('ShellCommand')).toMatchObject({
      problem: null,
      rulings: { unrestricted: { verdict: 'deny' } },
    });
  });
});
