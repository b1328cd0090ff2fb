import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isDialFailure } from '../../link/dial-failure.ts';
import { dial } from '../../link/node/websocket.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Scripts } from '../../testing/model-script.ts';
import { startModelServer } from '../../testing/model-server.ts';
import { aHome } from './test-home.ts';

type Home = ReturnType<typeof aHome>;

/** Starts an app-server in that home and waits for its address; it is stopped when the test ends. */
async function start(home: Home, ...flags: readonly string[]) {
  const { io, code } = home.start(['app-server', '--json', ...flags]);
  await io.until('"event":"listening"');
  onTestFinished(async () => {
    io.interrupt('SIGTERM');
    await code;
  });
  const { url, wsUrl } = JSON.parse(io.stdout()) as { url: string; wsUrl: string };
  return { io, code, url, wsUrl };
}

/** A stock client, which knows no extension. */
async function connect(url: string, headers: Record<string, string> = {}) {
  const pipe = await dial(url, { headers });
  if (isDialFailure(pipe)) throw new Error(pipe.message);
  onTestFinished(() => pipe.close());
  const frames: Frame[] = [];
  const looks = new Set<() => void>();
  const closed = Promise.withResolvers<number>();
  let asked = 0;
  pipe.listen({
    message(text) {
      frames.push(JSON.parse(text) as Frame);
      for (const look of looks) look();
    },
    closed: ({ code }) => closed.resolve(code),
  });
  const until = (matches: (frame: Frame) => boolean): Promise<Frame> =>
    new Promise((found) => {
      const look = () => {
        const frame = frames.find(matches);
        if (!frame) return;
        looks.delete(look);
        found(frame);
      };
      looks.add(look);
      look();
    });
  return {
    frames,
    until,
    closed: closed.promise,
    close: () => pipe.close(),
    send: (frame: Frame) => pipe.send(JSON.stringify(frame)),
    ask(frame: Frame): Promise<Frame> {
      asked += 1;
      const request_id = `asked-${asked}`;
      pipe.send(JSON.stringify({ ...frame, request_id }));
      return until((one) => one.request_id === request_id);
    },
  };
}
type Client = Awaited<ReturnType<typeof connect>>;

const say = (client: Client, runtime: unknown, content: string) =>
  client.ask({
    type: 'input',
    runtime,
    payload: { kind: 'create_message', messages: [{ role: 'user', content }] },
  });
const begin = async (client: Client, more: object = {}) => {
  const agents = await client.ask({ type: 'agent_list' });
  const [{ id }] = agents.agents as [{ id: string }];
  return client.ask({ type: 'runtime_start', agent_id: id, conversation_id: 'default', ...more });
};
const finished = ({ type }: Frame) => type === 'turn_finished';

/** The model of every runtime that this test starts. */
async function scripted(scripts: Scripts): Promise<void> {
  const models = await startModelServer({ scripts });
  const before = { FARHAND_MODEL: process.env.FARHAND_MODEL, OPENAI_BASE_URL: process.env.OPENAI_BASE_URL };
  Object.assign(process.env, {
    FARHAND_MODEL: 'openai-compatible/scripted-model',
    OPENAI_BASE_URL: models.url,
  });
  onTestFinished(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await models.close();
  });
}

describe('farhand app-server', () => {
  it('prints its two addresses, says who may connect, and ends with 0 for SIGTERM', async () => {
    const { io, code } = aHome().start(['app-server']);
    await io.until('/ws\n');
    const [url, wsUrl] = io.stdout().split('\n');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(wsUrl).toBe(`${url?.replace('http', 'ws')}/ws`);
    expect(io.stderr()).toContain('Any program on this machine may connect');
    expect(await (await fetch(`${url}/readyz`)).text()).toBe('ok\n');
    const info = (await (await fetch(`${url}/app-server-info`)).json()) as Frame;
    expect(info).toMatchObject({ type: 'app_server_info_response', request_id: 'http-info', success: true });
    io.interrupt('SIGTERM');
    expect(await code).toBe(0);
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });

  it('serves a turn to a stock client, and no extension', async () => {
    const home = aHome();
    const { wsUrl } = await start(home);
    const client = await connect(wsUrl);
    const { runtime } = await begin(client);
    expect(await say(client, runtime, 'hello')).toMatchObject({ accepted: true, disposition: 'started' });
    await client.until(finished);
    expect(client.frames.map(({ type }) => type)).not.toContain('input_receipt');
    expect(await client.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
  });

  it('works in the folder of --cwd', async () => {
    const home = aHome();
    mkdirSync(join(home.folder, 'project'));
    const { wsUrl } = await start(home, '--cwd', 'project');
    const client = await connect(wsUrl);
    await begin(client, { wait_for_replay: true });
    const status = await client.until(({ type }) => type === 'update_device_status');
    expect(status.device_status).toMatchObject({
      current_working_directory: realpathSync(join(home.folder, 'project')),
    });
  });

  it('goes on when its clients leave, also while a request waits for a person', async () => {
    const home = aHome();
    const { wsUrl } = await start(home);
    const first = await connect(wsUrl);
    const { runtime } = await begin(first);
    await say(first, runtime, 'write notes.txt hello');
    const request = await first.until(({ type }) => type === 'control_request');
    first.close();
    await first.closed;
    const second = await connect(wsUrl);
    await begin(second);
    const again = await second.until(({ type }) => type === 'control_request');
    expect(again.request_id).toBe(request.request_id);
    const payload = {
      kind: 'approval_response',
      request_id: again.request_id,
      decision: { behavior: 'allow' },
    };
    expect(await second.ask({ type: 'input', runtime, payload })).toMatchObject({ accepted: true });
    expect(await second.until(finished)).toMatchObject({ stop_reason: 'end_turn' });
  });

  it('[TOOL-6] takes back what a client offered that has left', async () => {
    await scripted({
      ticket: [{ calls: [{ name: 'lookup', arguments: {} }] }, { text: 'So it is.' }],
    });
    const { wsUrl } = await start(aHome());
    const tool = { name: 'lookup', description: 'Looks it up', parameters: { type: 'object' } };
    const [first, second] = [await connect(wsUrl), await connect(wsUrl)];
    await begin(first, { external_tools: [{ tools: [tool] }] });
    const { runtime } = await begin(second, { mode: 'unrestricted' });
    first.close();
    await first.closed;
    await say(second, runtime, 'Ask. #script=ticket');
    await second.until(finished);
    expect(JSON.stringify(second.frames)).toContain('There is no tool lookup');
  });

  it.each<[string, (io: Awaited<ReturnType<typeof start>>['io']) => void, number]>([
    ['Ctrl-C', (io) => io.interrupt(), 130],
    ['the end of its parent', (io) => void io.in.push(null), 0],
  ])('tells its clients of its end, by %s', async (_what, stop, exit) => {
    const { io, code, wsUrl } = await start(aHome(), '--exit-with-parent');
    const client = await connect(wsUrl);
    await begin(client);
    stop(io);
    expect(await client.closed).toBe(1012);
    expect(await code).toBe(exit);
  });

  it('stays without --exit-with-parent when its input ends', async () => {
    const home = aHome();
    const { io, code } = home.start(['app-server', '--json'], { input: '' });
    await io.until('"event":"listening"');
    const { wsUrl } = JSON.parse(io.stdout()) as { wsUrl: string };
    const client = await connect(wsUrl);
    await begin(client);
    io.interrupt('SIGTERM');
    expect(await code).toBe(0);
  });

  it('[SEC-9] lets in who shows the token', async () => {
    const hash = createHash('sha256').update('the-token').digest('hex');
    const { io, wsUrl } = await start(aHome(), '--ws-auth', 'capability-token', '--ws-token-sha256', hash);
    expect(await dial(wsUrl)).toMatchObject({ status: 401 });
    const client = await connect(wsUrl, { authorization: 'Bearer the-token' });
    expect(await client.ask({ type: 'app_server_info' })).toMatchObject({ success: true });
    expect(io.stderr()).toBe('');
  });

  it.each<[string, readonly string[], number, string]>([
    ['[SEC-1] beyond this machine without a token', ['--listen', 'ws://0.0.0.0:0'], 2, '--ws-auth'],
    ['at no address', ['--listen', 'nonsense'], 2, 'ws://127.0.0.1:4500'],
    ['with signed tokens', ['--ws-auth', 'signed-bearer-token'], 2, 'not check signed tokens yet'],
    ['in a folder that is none', ['--cwd', 'nowhere'], 2, 'no folder'],
    [
      'with a token that is not there',
      ['--ws-auth', 'capability-token', '--ws-token-file', '/no/such/token'],
      1,
      'cannot be read',
    ],
    [
      'where this machine is not',
      [
        '--listen',
        'ws://127.0.0.1.invalid:0',
        '--ws-auth',
        'capability-token',
        '--ws-token-sha256',
        'a'.repeat(64),
      ],
      1,
      'no address',
    ],
  ])('does not begin %s', async (_what, flags, code, words) => {
    const ended = await aHome().run('app-server', ...flags);
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
  });
});

describe('[HOME-1] an app-server on a home that another process runs', () => {
  it('[TOOL-6] passes its clients on, and keeps them when that process ends, with what they follow and what they offer', async () => {
    await scripted({
      ticket: [{ calls: [{ name: 'lookup', arguments: { id: 'T-1' } }] }, { text: 'So it is.' }],
    });
    const home = aHome();
    const owner = await start(home);
    const guest = await start(home);
    const watcher = await connect(owner.wsUrl);
    const [client, stranger] = [await connect(guest.wsUrl), await connect(guest.wsUrl)];
    const tool = { name: 'lookup', description: 'Looks it up', parameters: { type: 'object' } };
    const { runtime } = await begin(client, { mode: 'unrestricted', external_tools: [{ tools: [tool] }] });
    await begin(watcher);
    await say(client, runtime, 'hello');
    await Promise.all([client.until(finished), watcher.until(finished)]);

    owner.io.interrupt('SIGTERM');
    expect(await owner.code).toBe(0);
    expect(await watcher.closed).toBe(1012);
    const heard = client.frames.length;
    expect(await say(client, runtime, 'Ask. #script=ticket')).toMatchObject({ accepted: true });
    const call = await client.until(({ type }) => type === 'external_tool_call_request');
    expect(call).not.toHaveProperty('holder');
    const result = { content: [{ type: 'text', text: 'open' }] };
    client.send({ type: 'external_tool_call_response', request_id: call.request_id, result });
    await client.until((frame) => finished(frame) && client.frames.indexOf(frame) >= heard);
    const types = client.frames.map(({ type }) => type);
    expect(types).not.toContain('input_receipt');
    expect(types).not.toContain('runtime_external_tools_update_response');
    expect(stranger.frames).toEqual([]);
  });

  it('says so where --cwd is of no use', async () => {
    const home = aHome();
    await start(home);
    const guest = await start(home, '--cwd', '.');
    expect(guest.io.stderr()).toContain('Another process runs this home');
  });
});
