import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestDevice, testDevice } from '../src/testing/device.ts';

const src = resolve(import.meta.dirname, '../src');
const placesOf = (word: string) =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => readFileSync(join(src, file), 'utf8').includes(word))
    .sort();

let test: TestDevice;
afterEach(() => test?.close());

describe('[CONTRACT-1] a command is two edits', () => {
  it('an entry in the contract and a handler', () => {
    expect(placesOf('get_cwd_map')).toEqual([
      'protocol/contract/agents.ts',
      'runtime/commands/conversations.ts',
    ]);
  });

  it('and it works: checked, dispatched, answered', async () => {
    test = testDevice();
    await test.ask({ type: 'conversation_create', body: { id: 'conv-1' } });
    test.send({ type: 'change_device_state', runtime: test.scope(), payload: { cwd: '..' } });
    await test.until(
      (frame) => (frame.device_status as { cwd_revision?: number } | undefined)?.cwd_revision === 1,
    );
    const above = resolve(test.cwd, '..');
    const { agent_id } = test.scope();
    expect(await test.ask({ type: 'get_cwd_map' })).toMatchObject({
      type: 'get_cwd_map_response',
      success: true,
      cwd_map: { 'conversation:conv-1': test.cwd, [`agent:${agent_id}::conversation:default`]: above },
      boot_working_directory: test.cwd,
    });
    test.send({ type: 'get_cwd_map', request_id: 7 } as never);
    expect(
      await test.until((frame) => frame.type === 'get_cwd_map_response' && frame.success === false),
    ).toMatchObject({
      cwd_map: {},
      error_code: 'frame_invalid',
    });
  });
});
