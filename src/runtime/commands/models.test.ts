import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testDevice } from '../../testing/device.ts';
import { startModelServer } from '../../testing/model-server.ts';

function open(env: Record<string, string> = {}) {
  const device = testDevice({ env });
  onTestFinished(() => device.close());
  return device;
}

describe('models', () => {
  it('are listed from the endpoints that the environment names, the default marked', async () => {
    const models = await startModelServer();
    onTestFinished(() => models.close());
    const device = open({ LMSTUDIO_BASE_URL: models.url, FARHAND_MODEL: 'lmstudio/chosen' });
    const listed = await device.ask({ type: 'list_models' });
    expect(listed).toMatchObject({ type: 'list_models_response', success: true });
    const entries = listed.entries as { handle: string; isDefault?: boolean }[];
    expect(entries[0]).toMatchObject({ handle: 'lmstudio/chosen', isDefault: true });
    expect(entries.some(({ handle }) => handle.startsWith('lmstudio/') && handle !== 'lmstudio/chosen')).toBe(
      true,
    );
    expect(listed.available_handles).toEqual(entries.map(({ handle }) => handle));
  });

  it('are chosen for a conversation, or for the agent by its main one, and outlive a restart', async () => {
    const device = open();
    const own = await device.ask({
      type: 'update_model',
      runtime: device.scope('conv-own'),
      payload: { model_handle: 'lmstudio/a' },
    });
    expect(own).toMatchObject({
      success: true,
      applied_to: 'conversation',
      model_handle: 'lmstudio/a',
      runtime: { conversation_id: 'conv-own' },
    });
    const main = await device.ask({
      type: 'update_model',
      runtime: device.scope(),
      payload: { model_id: 'ollama/b' },
    });
    expect(main).toMatchObject({ success: true, applied_to: 'agent', model_handle: 'ollama/b' });
    await device.device.close();
    const next = testDevice({ disk: device.disk, cwd: device.cwd });
    onTestFinished(() => next.close());
    const found = next.device.conversations.find(next.scope('conv-own'));
    expect(found).toMatchObject({ state: { model: 'lmstudio/a' } });
    expect(next.store.agents()[0]?.model).toBe('ollama/b');
  });

  it('think as hard as they are told, in the main conversation too, and its next model goes with the agent’s', async () => {
    const device = open();
    const choose = (payload: Record<string, unknown>, conversation?: string) =>
      device.ask({ type: 'update_model', runtime: device.scope(conversation), payload });
    const state = () => {
      const found = device.device.conversations.find(device.scope());
      return found && 'state' in found ? found.state : null;
    };
    expect(await choose({ model_handle: 'lmstudio/a', reasoning_effort: 'high' })).toMatchObject({
      success: true,
      applied_to: 'agent',
      model_settings: { reasoning_effort: 'high' },
    });
    expect(state()).toMatchObject({ model: 'lmstudio/a', effort: 'high' });
    await choose({ model_handle: 'ollama/b' });
    expect(state()).toMatchObject({ model: 'ollama/b', effort: 'high' });
    await choose({ model_handle: 'ollama/b', reasoning_effort: null });
    expect(state()).toMatchObject({ effort: null });
    expect(await choose({ model_handle: 'ollama/c', reasoning_effort: 'huge' })).toMatchObject({
      success: false,
      error_code: 'frame_invalid',
      error: expect.stringContaining('Efforts: none, minimal, low'),
    });
    expect(state()).toMatchObject({ model: 'ollama/b' });
  });

  it('that nobody knows are refused, and nothing changes', async () => {
    const device = open();
    const refused = await device.ask({
      type: 'update_model',
      runtime: device.scope(),
      payload: { model_id: 'no-such-model' },
    });
    expect(refused).toMatchObject({ success: false, error_code: 'model_unknown', model_id: 'no-such-model' });
    expect(device.store.agents()[0]?.model).toBe(null);
  });
});

describe('branches', () => {
  it('are searched in any case and checked out, also new ones', async () => {
    const device = open();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', device.cwd, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
    git('init', '-qb', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'first');
    git('branch', 'feature/foo');
    git('branch', 'Feature-Two');
    expect(await device.ask({ type: 'search_branches', query: 'FEATURE' })).toMatchObject({
      success: true,
      branches: [
        { name: 'Feature-Two', is_current: false, is_remote: false },
        { name: 'feature/foo', is_current: false, is_remote: false },
      ],
    });
    expect(await device.ask({ type: 'search_branches', query: '', max_results: 1 })).toMatchObject({
      branches: [{ name: 'Feature-Two' }],
    });
    expect(await device.ask({ type: 'checkout_branch', branch: 'feature/foo' })).toMatchObject({
      success: true,
      branch: 'feature/foo',
    });
    expect(await device.ask({ type: 'checkout_branch', branch: 'feature/new', create: true })).toMatchObject({
      success: true,
    });
    expect(String(git('branch', '--show-current')).trim()).toBe('feature/new');
    expect(await device.ask({ type: 'checkout_branch', branch: '--orphan' })).toMatchObject({
      success: false,
      error_code: 'git_failed',
    });
    expect(await device.ask({ type: 'search_branches', query: '', cwd: '/' })).toMatchObject({
      success: false,
      branches: [],
      error: expect.stringContaining('not a git repository'),
    });
  });
});
