import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { type TestDevice, type TestDeviceOptions, testDevice } from '../../testing/device.ts';
import { fields } from '../../testing/loose.ts';
import type { Scripts } from '../../testing/model-script.ts';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { client, groups, tool } from '../../testing/tool-client.ts';
import { externalDeadlineMs } from '../external/open-calls.ts';

const scripts: Scripts = {
  ticket: [{ calls: [{ name: 'lookup_ticket', arguments: { id: 'T-1' } }] }, { text: 'So it is.' }],
};
let models: ModelServer;
beforeAll(async () => {
  models = await startModelServer({ scripts });
  return () => models.close();
});

const open: TestDevice[] = [];
afterEach(async () => {
  for (const test of open.splice(0)) await test.close();
});
function start(options: TestDeviceOptions = {}): TestDevice {
  const env = { FARHAND_MODEL: 'openai-compatible/scripted-model', OPENAI_BASE_URL: models.url };
  const test = testDevice({ ...options, env });
  open.push(test);
  return test;
}

const called = ({ type }: Frame) => type === 'external_tool_call_request';
const finished = ({ type }: Frame) => type === 'turn_finished';
const input = (test: TestDevice, id: string, more: object = {}) =>
  test.send({
    type: 'input',
    runtime: test.scope(),
    payload: {
      kind: 'create_message',
      messages: [{ role: 'user', content: 'Ask. #script=ticket', client_message_id: id }],
      ...more,
    },
  });
/** The last result that clients were told, and the names of the tools that the model was last offered. */
function resultOf(test: TestDevice) {
  const told = test.frames.filter(({ delta }) => fields(delta).message_type === 'tool_return_message').at(-1);
  const { status, tool_return } = fields(told?.delta);
  return { status, text: String(tool_return) };
}
const offered = () => JSON.stringify(fields(models.requests.at(-1)?.body).tools).includes('"lookup_ticket"');

describe("[TOOL-6] a client's tool", () => {
  it('is called at the client that offered it, after its start was told, and its answer goes on to the model', async () => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups());
    input(test, 'cm-1');
    const request = await test.until(called);
    expect(offered()).toBe(true);
    expect(request).toEqual({
      type: 'external_tool_call_request',
      request_id: expect.stringMatching(/^external-tool-[0-9a-f-]{36}$/),
      runtime: test.scope(),
      tool_call_id: expect.stringMatching(/^call_ticket/),
      tool_name: 'lookup_ticket',
      input: { id: 'T-1' },
      holder: expect.stringMatching(/^ann:/),
    });
    const types = test.frames.map(({ type, delta }) => fields(delta).message_type ?? type);
    expect(types.indexOf('client_tool_start')).toBeLessThan(types.indexOf('external_tool_call_request'));
    ann.answer(request, { result: { content: [{ type: 'text', text: 'ticket T-1 is open' }] } });
    expect(await test.until(finished)).toMatchObject({ stop_reason: 'end_turn' });
    expect(resultOf(test)).toEqual({ status: 'success', text: 'ticket T-1 is open' });
  });

  it.each([
    ['an error', { error: 'the service is down' }, 'error', 'lookup_ticket failed: the service is down'],
    [
      'a result that is one',
      { result: { content: [{ type: 'text', text: 'no such ticket' }], is_error: true } },
      'error',
      'no such ticket',
    ],
    [
      'several parts',
      {
        result: {
          content: [
            { type: 'text', text: 'seen:' },
            { type: 'image', data: 'aGk=', mimeType: 'image/png' },
            {},
          ],
        },
      },
      'success',
      'seen:\n[A part of this result cannot be shown to you: image image/png]\n[A part of this result cannot be shown to you: of no type]',
    ],
    ['nothing', { result: { content: [] } }, 'success', ''],
  ])('may answer with %s', async (_what, answer, status, text) => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups());
    input(test, 'cm-1');
    ann.answer(await test.until(called), answer);
    await test.until(finished);
    expect(resultOf(test)).toEqual({ status, text });
  });

  it('[APR-1] asks for approval by the rules of a command', async () => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups(), { mode: 'acceptEdits' });
    input(test, 'cm-1');
    const request = await test.until(({ type }) => type === 'control_request');
    expect(request.request).toMatchObject({ tool_name: 'lookup_ticket', input: { id: 'T-1' } });
    expect(test.frames.some(called)).toBe(false);
    test.send({
      type: 'input',
      runtime: test.scope(),
      payload: {
        kind: 'approval_response',
        request_id: request.request_id,
        decision: { behavior: 'deny', message: 'Not now.' },
      },
    });
    await test.until(finished);
    expect(test.frames.some(called)).toBe(false);
    expect(resultOf(test)).toEqual({ status: 'error', text: 'Not now.' });
  });

  it('is offered in a scope only to inputs that list it', async () => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups('scope-a'));
    input(test, 'cm-1');
    await test.until(finished);
    expect(resultOf(test)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('There is no tool lookup_ticket'),
    });
    const from = test.frames.length;
    input(test, 'cm-2', { external_tool_scope_ids: ['scope-a'] });
    const request = await test.until(called);
    expect(request.scope_id).toBe('scope-a');
    ann.answer(request, { result: { content: [{ type: 'text', text: 'fine' }] } });
    await test.until(finished, from);
    expect(resultOf(test)).toEqual({ status: 'success', text: 'fine' });
  });

  it('is no tool of a turn that allows others alone', async () => {
    const test = start();
    await client(test, 'ann').offer(groups());
    input(test, 'cm-1', { client_tool_allowlist: ['Read'] });
    await test.until(finished);
    expect(resultOf(test).text).toContain('There is no tool lookup_ticket');
    expect(test.frames.some(called)).toBe(false);
  });

  it.each<[string, (ann: ReturnType<typeof client>) => Promise<unknown>]>([
    ['an empty list', (ann) => ann.update([])],
    ['the end of its client', async (ann) => ann.leave()],
    ['a start that offers none', (ann) => ann.offer([])],
    ['a start that says nothing of tools', (ann) => ann.offer([], { external_tools: undefined })],
  ])('is taken back by %s', async (_what, takeBack) => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups());
    await takeBack(ann);
    input(test, 'cm-1');
    await test.until(finished);
    expect(offered()).toBe(false);
    expect(test.frames.some(called)).toBe(false);
  });

  it("is another client's where that one offers it too, and stays when that one takes its own back", async () => {
    const test = start();
    const [ann, bob] = [client(test, 'ann'), client(test, 'bob')];
    await ann.offer(groups());
    expect(await bob.update(groups())).toMatchObject({
      type: 'runtime_external_tools_update_response',
      success: true,
    });
    input(test, 'cm-1');
    const first = await test.until(called);
    expect(first.holder).toMatch(/^bob:/);
    bob.answer(first, { result: { content: [] } });
    await test.until(finished);
    await bob.update([]);
    const from = test.frames.length;
    input(test, 'cm-2');
    expect((await test.until(called, from)).holder).toMatch(/^ann:/);
  });

  it('is answered once, and by its own client', async () => {
    const test = start();
    const [ann, bob] = [client(test, 'ann'), client(test, 'bob')];
    await ann.offer(groups());
    input(test, 'cm-1');
    const request = await test.until(called);
    const refused = async (who: string) =>
      expect(
        await test.until(
          (frame) => frame.type === 'error' && frame.request_id === `${who}:${request.request_id}`,
        ),
      ).toMatchObject({ code: 'not_found' });
    bob.answer(request, { result: { content: [{ type: 'text', text: 'forged' }] } });
    await refused('bob');
    ann.answer(request, { result: { content: [{ type: 'text', text: 'true' }] } });
    ann.answer(request, { result: { content: [{ type: 'text', text: 'late' }] } });
    await refused('ann');
    await test.until(finished);
    expect(resultOf(test).text).toBe('true');
  });

  it('is given up at its deadline: it may have run', async () => {
    const clock = virtualClock();
    const test = start({ clock });
    const ann = client(test, 'ann');
    await ann.offer(groups());
    input(test, 'cm-1');
    const request = await test.until(called);
    const waiting = () => test.frames.filter(({ type }) => type === 'update_loop_status').at(-1)?.loop_status;
    await clock.advance(externalDeadlineMs - 1_000);
    expect(waiting()).toMatchObject({ waiting_for: { kind: 'tool', detail: 'lookup_ticket' } });
    expect(test.frames.some(({ delta }) => fields(delta).message_type === 'client_tool_end')).toBe(false);
    await clock.advance(1_000);
    await test.until(({ delta }) => fields(delta).message_type === 'client_tool_end');
    expect(resultOf(test)).toMatchObject({ status: 'error', text: expect.stringContaining('may have run') });
    expect(indeterminate(test)).toEqual([true]);
    ann.answer(request, { result: { content: [] } });
    await test.until((frame) => frame.type === 'error' && frame.code === 'not_found');
  });

  it('[ABT-1] ends with an abort, and its late answer is nobody’s', async () => {
    const test = start();
    const ann = client(test, 'ann');
    await ann.offer(groups());
    input(test, 'cm-1');
    const request = await test.until(called);
    await ann.ask({ type: 'abort_message', runtime: test.scope() });
    expect(await test.until(finished)).toMatchObject({ stop_reason: 'cancelled' });
    ann.answer(request, { result: { content: [{ type: 'text', text: 'late' }] } });
    await test.until((frame) => frame.type === 'error' && frame.code === 'not_found');
    expect(resultOf(test).text).toContain('may have run');
  });

  it('[TOOL-3] is indeterminate after a restart of the runtime, which forgets who offered it', async () => {
    const before = start();
    await client(before, 'ann').offer(groups());
    input(before, 'cm-1');
    await before.until(called);
    const after = start({ disk: before.disk, cwd: before.cwd });
    await after.until(finished);
    expect(resultOf(after)).toMatchObject({ status: 'error', text: expect.stringContaining('may have run') });
    expect(indeterminate(after)).toEqual([true]);
    expect(after.frames.some(called)).toBe(false);
  });
});

const indeterminate = (test: TestDevice) =>
  [...test.store.history(test.scope())].flatMap(({ fact }) =>
    fact.kind === 'tool_finished' ? [fact.indeterminate] : [],
  );

describe('[ERR-1] an offer that cannot be', () => {
  it.each<[string, (test: TestDevice) => object, string]>([
    [
      'a conversation named twice',
      (test) => ({ updates: [{ runtimes: [test.scope(), test.scope()], external_tools: [] }] }),
      'frame_invalid',
    ],
    [
      'a conversation named in two updates',
      (test) => ({ updates: [1, 2].map(() => ({ runtimes: [test.scope()], external_tools: [] })) }),
      'frame_invalid',
    ],
    [
      'an agent that is not there',
      () => ({
        updates: [{ runtimes: [{ agent_id: 'agent-no', conversation_id: 'default' }], external_tools: [] }],
      }),
      'agent_not_found',
    ],
    [
      "a tool by the name of the device's own",
      (test) => ({ updates: [{ runtimes: [test.scope()], external_tools: [{ tools: [tool('Bash')] }] }] }),
      'frame_invalid',
    ],
    ['no conversation', () => ({ updates: [{ runtimes: [], external_tools: [] }] }), 'frame_invalid'],
    ['no updates', () => ({}), 'frame_invalid'],
  ])('%s', async (_what, fields_, error_code) => {
    const test = start();
    const ann = client(test, 'ann');
    expect(await ann.ask({ type: 'runtime_external_tools_update', ...fields_(test) })).toMatchObject({
      type: 'runtime_external_tools_update_response',
      success: false,
      error_code,
    });
  });

  it('an answer with neither a result nor an error', async () => {
    const test = start();
    test.send({ type: 'external_tool_call_response', request_id: 'ann:external-tool-1' });
    expect(await test.until(({ type }) => type === 'error')).toMatchObject({
      code: 'frame_invalid',
      request_id: 'ann:external-tool-1',
    });
  });
});
