import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { testDevice } from '../../testing/device.ts';
import { startModelServer } from '../../testing/model-server.ts';

const asked = ({ type }: Frame) => type === 'control_request';
const finished = ({ type }: Frame) => type === 'turn_finished';
const call = (name: string, input: unknown) => ({ name, arguments: input });

/** A device whose model says what the script has, and a folder that is not its project. */
async function stand(calls: readonly ReturnType<typeof call>[], mode = 'standard') {
  const models = await startModelServer({ scripts: { try: [{ calls: [...calls] }, { text: 'Done.' }] } });
  const test = testDevice({
    env: { OPENAI_BASE_URL: models.url, OPENAI_API_KEY: 'k', FARHAND_MODEL: 'openai-compatible/any' },
  });
  const outside = mkdtempSync(join(tmpdir(), 'farhand-outside-'));
  onTestFinished(async () => {
    await test.close();
    await models.close();
    rmSync(outside, { recursive: true, force: true });
  });
  test.send({ type: 'change_device_state', runtime: test.scope(), payload: { mode } });
  await test.say('#script=try', 'cm-1');
  const allow = async (updated_input: object | null = null) => {
    const { request_id } = await test.until(asked);
    const decision = { behavior: 'allow', updated_input };
    const payload = { kind: 'approval_response', request_id, decision };
    await test.ask({ type: 'input', runtime: test.scope(), payload });
    await test.until(finished);
  };
  const results = () =>
    test.frames
      .map(({ delta }) => delta as Record<string, unknown> | undefined)
      .filter(
        (delta) => delta?.message_type === 'tool_return_message' && !String(delta.id).includes('stream'),
      )
      .map((delta) => [delta?.status, delta?.tool_return]);
  return { test, outside, allow, results };
}

describe('[PERM-9] a call that was allowed', () => {
  it('does not follow a link that was laid since', async () => {
    const { test, outside, allow, results } = await stand([
      call('Write', { file_path: 'in/a.txt', content: 'x' }),
    ]);
    await test.until(asked);
    symlinkSync(outside, join(test.cwd, 'in'));
    await allow();
    expect(results()).toEqual([['error', expect.stringContaining('outside of the working directory')]]);
    expect(existsSync(join(outside, 'a.txt'))).toBe(false);
  });

  it('does not follow one that a call of the same answer laid', async () => {
    const { test, outside, allow, results } = await stand(
      [
        call('Bash', { command: 'umask 22; mv kit in' }),
        call('Write', { file_path: 'in/link/a.txt', content: 'x' }),
      ],
      'acceptEdits',
    );
    await test.until(asked);
    mkdirSync(join(test.cwd, 'kit'));
    symlinkSync(outside, join(test.cwd, 'kit', 'link'));
    await allow();
    expect(results().at(-1)).toEqual(['error', expect.stringContaining('not any more')]);
    expect(existsSync(join(outside, 'a.txt'))).toBe(false);
  });

  it('runs where nothing has changed', async () => {
    const { test, allow, results } = await stand([call('Write', { file_path: 'a.txt', content: 'x' })]);
    await allow();
    expect(results()).toEqual([['success', expect.any(String)]]);
    expect(readFileSync(join(test.cwd, 'a.txt'), 'utf8')).toBe('x');
  });

  it('and was edited by a person runs as they wrote it, but not into what is forbidden', async () => {
    const open = await stand([call('Write', { file_path: 'a.txt', content: 'x' })]);
    await open.allow({ file_path: join(open.outside, 'b.txt'), content: 'y' });
    expect(readFileSync(join(open.outside, 'b.txt'), 'utf8')).toBe('y');
    const barred = await stand([call('Bash', { command: 'umask 22' })]);
    const secret = join(barred.test.cwd, '.home', 'keys.json');
    writeFileSync(secret, 'secret');
    await barred.allow({ command: `cat ${secret}` });
    expect(barred.results()).toEqual([['error', expect.stringContaining('Not allowed in any mode')]]);
  });
});
