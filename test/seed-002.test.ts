import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../src/protocol/frames.ts';
import { startModelServer } from '../src/testing/model-server.ts';
import { environments, folder, serve, statusSocket } from './support/serve.ts';

// Every example frame of the reference, sent as it is shown to the built `farhand serve`, and what is shown as received, received.

/** The documents lie beside the checkout, or where FARHAND_CORPUS says; they are no part of the project. */
const seeds = resolve(process.env.FARHAND_CORPUS ?? '../shared', 'seeds');
const page = existsSync(seeds) ? readdirSync(seeds).find((name) => name.startsWith('002')) : undefined;
if (page === undefined)
  console.warn(`The reference's examples are left out: there is nothing at ${seeds} (FARHAND_CORPUS).`);

/** What the examples show and this device has nothing to say about: a path in which it differs, and why. */
const without = new Set([
  // No memory folder and no settings of a model yet.
  'device_status.memory_directory',
  'model_settings.max_tokens',
  // The example's tool has an input of its own.
  'request.input.cmd',
]);

describe.runIf(page !== undefined)('the examples of the reference', () => {
  it('[CONTRACT-3] are each sent or received as shown', { timeout: 60_000 }, async () => {
    const examples = frames(readFileSync(join(seeds, page ?? ''), 'utf8'));
    const shown = (type: string, n = 0) => {
      const example = examples.filter((frame) => frame.type === type)[n];
      if (!example) throw new Error(`The page has no example ${n} of "${type}" any more.`);
      used.add(example);
      return example;
    };
    const used = new Set<Frame>();
    const models = await startModelServer();
    onTestFinished(() => models.close());
    const cwd = folder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', cwd, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args]);
    git('init', '-qb', 'main');
    git('commit', '-q', '--allow-empty', '-m', 'first');
    git('branch', 'feature/foo');
    const served = await serve(cwd, {
      env: { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: models.url },
    });
    const [environment] = await environments(served);
    const runtime = { agent_id: String(served.agentId), conversation_id: 'conv-01J_demo' };
    const client = await statusSocket(served, String(environment?.connectionId), {
      agentId: runtime.agent_id,
      conversationId: runtime.conversation_id,
      channel: 'stream',
    });
    const send = (example: Frame, more: object = {}) =>
      client.send({ ...example, ...(example.runtime ? { runtime } : {}), ...more });
    /** Waits for a frame of the example's type, and compares it with what is shown. */
    const received = async (example: Frame, matches: (frame: Frame) => boolean = () => true) => {
      const frame = await client.until((one) => one.type === example.type && matches(one));
      expect(differences(example, frame), JSON.stringify(frame)).toEqual([]);
      return frame;
    };
    const model = 'openai-compatible/another';
    const say = (script: string) => ({
      payload: {
        ...(shown('input').payload as object),
        messages: [{ role: 'user', content: `What files? #script=${script}`, client_message_id: script }],
      },
    });

    send(shown('ping'));
    await received(shown('pong'));
    send(shown('ack'));
    send(shown('sync'));
    await received(shown('update_device_status'));
    await received(shown('update_loop_status'));
    send(shown('list_models'));
    await received(shown('list_models_response'));
    send(shown('update_model'), { payload: { model_handle: model } });
    await received(shown('update_model_response'));
    send(shown('update_model', 1), { payload: { model_id: model } });
    send(shown('search_branches'));
    await received(shown('search_branches_response'));
    send(shown('checkout_branch'));
    await received(shown('checkout_branch_response'));
    send(shown('checkout_branch', 1));
    await client.until(({ branch }) => branch === 'feature/new-branch');
    send(shown('change_device_state', 2));
    await client.until(({ device_status: status }) => branchOf(status) === 'feature/foo');
    send(shown('change_device_state', 1), { payload: { cwd } });

    // A turn whose command is approved, one whose command is denied, and one that is cancelled.
    send(shown('input'), say('bash'));
    const first = await received(shown('control_request'));
    await received(shown('stream_delta'), ({ delta }) => kindOf(delta) === 'assistant_message');
    send(shown('input', 1), answer(shown('input', 1), first));
    const end = await client.until(({ type }) => type === 'turn_finished');
    send(shown('input'), say('touch'));
    const second = await client.until(
      ({ type, request_id }) => type === 'control_request' && request_id !== first.request_id,
    );
    send(shown('input', 2), answer(shown('input', 2), second));
    await client.until(({ type, turn_id }) => type === 'turn_finished' && turn_id !== end.turn_id);
    send(shown('change_device_state'));
    await client.until(({ device_status: status }) => modeOf(status) === 'acceptEdits');
    const from = client.frames.length;
    send(shown('input'), say('slow'));
    const running = await client.until(({ loop_status: status }) => runOf(status) !== undefined, from);
    send(shown('abort_message'), { run_id: runOf(running.loop_status) });
    expect(await received(shown('cancel_ack'))).toMatchObject({
      accepted: true,
      run_id: runOf(running.loop_status),
    });

    expect(client.frames.filter(({ type }) => type === 'error' || type === 'run_request_error')).toEqual([]);
    expect(examples.filter((example) => !used.has(example))).toEqual([]);
  });
});

/** Every object of the page that has a type. The page has lost the indents of its code, so braces are counted. */
function frames(document: string): Frame[] {
  const found: Frame[] = [];
  let block = '';
  for (const line of document.split('\n')) {
    if (block === '' && !line.startsWith('{')) continue;
    block += line;
    if (block.split('{').length > block.split('}').length) continue;
    const value: unknown = JSON.parse(block);
    if (typeof value === 'object' && value !== null && 'type' in value) found.push(value as Frame);
    block = '';
  }
  return found;
}

/** Paths at which a frame lacks what the example shows, or has another kind of value there. */
function differences(example: unknown, actual: unknown, path = ''): string[] {
  if (without.has(path)) return [];
  if (path.endsWith('type') || path === 'success') return example === actual ? [] : [path];
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) return [path];
    return actual.length === 0 ? [] : differences(example[0], actual[0], `${path}[]`);
  }
  if (typeof example !== 'object' || example === null) return typeof example === typeof actual ? [] : [path];
  if (typeof actual !== 'object' || actual === null) return [path];
  return Object.entries(example).flatMap(([key, value]) =>
    differences(value, (actual as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`),
  );
}

const answer = ({ payload }: Frame, { request_id }: Frame) => ({
  payload: { ...(payload as object), request_id },
});
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
const branchOf = (status: unknown) => field(field(status, 'git_context'), 'branch');
const modeOf = (status: unknown) => field(status, 'current_permission_mode');
const runOf = (status: unknown) => (field(status, 'active_run_ids') as string[] | undefined)?.[0];
const kindOf = (delta: unknown) => field(delta, 'message_type');
