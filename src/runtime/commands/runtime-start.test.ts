import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { type TestDevice, testDevice } from '../../testing/device.ts';
import { settingsOf } from './runtime-start-settings.ts';

let test: TestDevice;
let agent_id: string;
beforeEach(() => {
  test = testDevice();
  agent_id = test.device.defaultAgent();
});
afterEach(() => test.close());

let asked = 0;
/** What came of a start: its reply, and the types of all that was told until the replay was through. */
async function start(fields: object): Promise<{ reply: Frame; types: string[]; frames: readonly Frame[] }> {
  asked += 1;
  const request_id = `session:${asked}`;
  const from = test.frames.length;
  test.send({ type: 'runtime_start', request_id, ...fields });
  const reply = await test.until(({ type }) => type === 'runtime_start_response', from);
  if (reply.success === true) await test.until(({ type }) => type === 'update_subagent_state', from);
  const frames = test.frames.slice(from);
  return { reply, types: frames.map(({ type }) => type), frames };
}
const snapshots = ['update_device_status', 'update_loop_status', 'update_queue', 'update_subagent_state'];
const none = { agent: false, conversation: false };
const status = (frames: readonly Frame[]) =>
  frames.find(({ type, snapshot }) => type === 'update_device_status' && snapshot === true)?.device_status;

describe('runtime_start', () => {
  it('begins in the main conversation of an agent: the reply, then how things are', async () => {
    const { reply, types, frames } = await start({ agent_id, conversation_id: 'default' });
    expect(reply).toMatchObject({
      success: true,
      runtime: { agent_id, conversation_id: 'default' },
      agent: { id: agent_id, name: 'Farhand' },
      conversation: { id: 'default', agent_id },
      created: none,
    });
    expect(types).toEqual(['runtime_start_response', ...snapshots]);
    for (const snapshot of frames.slice(1))
      expect(snapshot).toMatchObject({ snapshot: true, request_id: reply.request_id });
  });

  it('makes an agent and a conversation, with folder and mode, and tells how things are first where that is wanted', async () => {
    mkdirSync(join(test.cwd, 'below'));
    const { reply, types, frames } = await start({
      create_agent: { body: { name: 'made-by-start', flavour: 'mint' }, pin_global: false, memfs: false },
      create_conversation: { body: { summary: 'A start' } },
      cwd: 'below',
      mode: 'acceptEdits',
      wait_for_replay: true,
    });
    expect(reply).toMatchObject({
      agent: { name: 'made-by-start', flavour: 'mint' },
      conversation: { summary: 'A start' },
      created: { agent: true, conversation: true },
    });
    expect(types.filter((type) => type !== 'update_device_status')).toEqual([
      ...snapshots.slice(1),
      'runtime_start_response',
    ]);
    expect(status(frames)).toMatchObject({
      current_permission_mode: 'acceptEdits',
      current_working_directory: join(test.cwd, 'below'),
    });
  });

  it('makes a conversation each time that none is named', async () => {
    const [first, second] = [await start({ agent_id }), await start({ agent_id })];
    expect(first.reply.created).toEqual({ agent: false, conversation: true });
    expect(first.reply.runtime).not.toEqual(second.reply.runtime);
  });

  it('tells those who are there already of a change, once', async () => {
    await start({ agent_id, conversation_id: 'default' });
    const events = (frames: readonly Frame[]) =>
      frames.filter(({ snapshot, runtime }) => runtime && snapshot === undefined).map(({ type }) => type);
    const changed = await start({ agent_id, conversation_id: 'default', mode: 'strict' });
    expect(events(changed.frames)).toEqual(['update_device_status', 'runtime_start_response']);
    const again = await start({ agent_id, conversation_id: 'default', mode: 'strict' });
    expect(events(again.frames)).toEqual(['runtime_start_response']);
  });

  it('takes a folder that is gone for the one that the device was started in, and says so', async () => {
    const { reply, frames } = await start({ agent_id, conversation_id: 'default', cwd: '/no/such/dir' });
    expect(reply.success).toBe(true);
    expect(status(frames)).toMatchObject({ current_working_directory: test.cwd });
    const told = await test.until(({ type }) => type === 'stream_delta');
    expect(told).toMatchObject({
      request_id: reply.request_id,
      delta: {
        message_type: 'loop_error',
        is_terminal: false,
        code: 'path_not_directory',
        message: expect.stringContaining(test.cwd),
      },
    });
  });

  it('shows a request that waits, unless it is told not to', async () => {
    await test.say('write notes.txt hello');
    const request = await test.until(({ type }) => type === 'control_request');
    const here = { agent_id, conversation_id: 'default' };
    const shown = await start({ ...here, wait_for_replay: true });
    expect(shown.frames.find(({ type }) => type === 'control_request')).toMatchObject({
      request_id: request.request_id,
      snapshot: true,
    });
    const hidden = await start({ ...here, recover_approvals: false, wait_for_replay: true });
    expect(hidden.types).not.toContain('control_request');
    expect(hidden.types).toContain('update_device_status');
  });

  it('keeps what later parts of the program will read, and gives back what the reply has', async () => {
    const scope = { agent_id, conversation_id: 'default' };
    const settings = {
      execution_settings: { system: 'brief' },
      workspace_sandbox: { root: test.cwd, isolation_root: '/iso' },
      skill_sources: ['agent'],
      client_info: { name: 'test', version: '1' },
      conversation_source_tags: ['source:test'],
    };
    const { reply } = await start({ ...scope, ...settings });
    expect(reply.execution_settings).toEqual(settings.execution_settings);
    expect(settingsOf(test.store, scope)).toEqual(settings);
    await start({ ...scope, preserve_skill_sources: true });
    expect(settingsOf(test.store, scope)).toEqual({ skill_sources: ['agent'] });
    await start(scope);
    expect(settingsOf(test.store, scope)).toEqual({});
  });
});

describe('[ERR-1] a runtime_start that cannot be', () => {
  const good = () => ({ agent_id, conversation_id: 'default' });
  const tool = (name: string) => ({ name, description: '', parameters: {} });
  it.each<[string, () => object, string, RegExp]>([
    [
      'both an agent and a new one',
      () => ({ ...good(), create_agent: { body: {} } }),
      'frame_invalid',
      /both/,
    ],
    ['no agent', () => ({ conversation_id: 'default' }), 'frame_invalid', /create_agent/],
    [
      'both a conversation and a new one',
      () => ({ ...good(), create_conversation: {} }),
      'frame_invalid',
      /both/,
    ],
    [
      'a conversation of an agent to be made',
      () => ({ create_agent: { body: {} }, conversation_id: 'conv-1' }),
      'frame_invalid',
      /leave/,
    ],
    ['an unknown mode', () => ({ ...good(), mode: 'nonsense' }), 'mode_unknown', /standard/],
    ['a file for a folder', () => ({ ...good(), cwd: 'file.txt' }), 'path_not_directory', /folder/],
    ['a blank folder', () => ({ ...good(), cwd: '  ' }), 'path_not_directory', /folder/],
    [
      'a folder outside of its sandbox',
      () => ({ ...good(), workspace_sandbox: { root: '/elsewhere', isolation_root: '/' } }),
      'frame_invalid',
      /elsewhere/,
    ],
    [
      'a tool by a name of ours',
      () => ({ ...good(), external_tools: [{ tools: [tool('Bash')] }] }),
      'frame_invalid',
      /Bash/,
    ],
    [
      'a tool that no model can name',
      () => ({ ...good(), external_tools: [{ tools: [tool('a b')] }] }),
      'frame_invalid',
      /name/,
    ],
    ['an unknown agent', () => ({ agent_id: 'agent-missing' }), 'agent_not_found', /agent-missing/],
    ['a number for an agent', () => ({ agent_id: 7 }), 'frame_invalid', /agent_id/],
  ])('%s: is refused, and nothing is made', async (_what, fields, error_code, words) => {
    writeFileSync(join(test.cwd, 'file.txt'), '');
    const before = [test.store.agents().length, test.store.conversations().length];
    const { reply, types } = await start(fields());
    expect(reply).toMatchObject({
      success: false,
      runtime: null,
      agent: null,
      conversation: null,
      created: none,
      error_code,
      error: expect.stringMatching(words),
    });
    expect(types).toEqual(['runtime_start_response']);
    expect([test.store.agents().length, test.store.conversations().length]).toEqual(before);
  });

  it.each<[string, () => object, string]>([
    ['an unknown conversation', () => ({ conversation_id: 'conv-missing' }), 'conversation_not_found'],
    [
      "another agent's conversation",
      () => ({ conversation_id: 'conv-other' }),
      'conversation_of_other_agent',
    ],
    [
      'an id that is taken',
      () => ({ create_conversation: { body: { id: 'conv-other' } } }),
      'conversation_of_other_agent',
    ],
  ])('%s: says which agent was found', async (_what, fields, error_code) => {
    const { agent } = (await test.ask({ type: 'agent_create', body: { name: 'Other' } })) as unknown as {
      agent: { id: string };
    };
    await test.ask({ type: 'conversation_create', body: { id: 'conv-other', agent_id: agent.id } });
    const { reply } = await start({ agent_id, ...fields() });
    expect(reply).toMatchObject({
      success: false,
      runtime: null,
      agent: { id: agent_id },
      conversation: null,
      created: none,
      error_code,
    });
  });
});

describe('app_server_info', () => {
  it('claims what is there and nothing else', async () => {
    expect(await test.ask({ type: 'app_server_info' })).toMatchObject({
      type: 'app_server_info_response',
      success: true,
      backend: 'local',
      letta_code_version: '0.0.0-test',
      protocol_version: 1,
      capabilities: {
        agent_management: true,
        conversation_management: true,
        runtime_start: true,
        runtime_external_tools_update: true,
        runtime_workspace_sandbox: true,
        structured_outputs: false,
        split_channels: false,
      },
    });
  });
});
