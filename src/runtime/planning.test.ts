import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { testDevice } from '../testing/device.ts';
import { startModelServer } from '../testing/model-server.ts';

const call = (name: string, input: unknown) => ({ calls: [{ name, arguments: input }] });
const done = { text: 'Done.' };

it('[PERM-5] nothing but the plan is changed from the beginning of planning until the person agrees', async () => {
  const models = await startModelServer({
    scripts: {
      enter: [call('EnterPlanMode', {}), done],
      write: [call('Write', { file_path: '{{file}}', content: '# Plan\n' }), done],
      exit: [call('ExitPlanMode', { plan: '1. Do it' }), done],
    },
  });
  const test = testDevice({
    env: { OPENAI_BASE_URL: models.url, OPENAI_API_KEY: 'k', FARHAND_MODEL: 'openai-compatible/any' },
  });
  onTestFinished(async () => {
    await test.close();
    await models.close();
  });
  let from = 0;
  const next = (matches: (frame: Frame) => boolean) => test.until(matches, from);
  const isEnd = ({ type }: Frame) => type === 'turn_finished';
  const result = () =>
    test.frames
      .slice(from)
      .map(({ delta }) => delta as Record<string, unknown> | undefined)
      .findLast((delta) => delta?.message_type === 'tool_return_message');
  const turn = async (text: string) => {
    from = test.frames.length;
    await test.say(text, `cm-${from}`);
  };
  const answer = async (decision: object) => {
    const { request_id } = await next(({ type }) => type === 'control_request');
    await test.ask({
      type: 'input',
      runtime: test.scope(),
      payload: { kind: 'approval_response', request_id, decision },
    });
    await next(isEnd);
  };

  await turn('#script=exit');
  await next(isEnd);
  expect(result()).toMatchObject({
    status: 'error',
    tool_return: expect.stringContaining('no tool ExitPlanMode'),
  });

  await turn('#script=enter');
  await next(isEnd);
  const [plan = ''] = /\S+plan-\w+\.md/.exec(String(result()?.tool_return)) ?? [];
  expect(plan).toContain(join(test.cwd, '.home', 'plans'));

  await turn('#script=write file=a.txt');
  await next(isEnd);
  expect(result()).toMatchObject({ status: 'error' });
  await turn(`#script=write file=${plan}`);
  await next(isEnd);
  expect(result()).toMatchObject({ status: 'success' });
  expect(readFileSync(plan, 'utf8')).toBe('# Plan\n');

  await turn('#script=exit');
  await answer({ behavior: 'deny', message: 'Test it first.' });
  expect(result()).toMatchObject({ status: 'error', tool_return: expect.stringContaining('Test it first.') });
  await turn('#script=write file=a.txt');
  await next(isEnd);
  expect(existsSync(join(test.cwd, 'a.txt'))).toBe(false);

  await turn('#script=exit');
  await answer({ behavior: 'allow' });
  expect(result()).toMatchObject({ status: 'success', tool_return: expect.stringContaining('agrees') });
  expect(readFileSync(plan, 'utf8')).toBe('1. Do it\n');
  await turn('#script=write file=a.txt');
  await answer({ behavior: 'allow' });
  expect(existsSync(join(test.cwd, 'a.txt'))).toBe(true);
  await turn(`#script=write file=${plan}`);
  await next(isEnd);
  expect(result()).toMatchObject({ status: 'error' });
  expect(test.troubles).toEqual([]);
});
