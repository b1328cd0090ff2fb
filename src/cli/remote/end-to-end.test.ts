import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptRemote, type Frame, type Remote, type SocketServer } from '../../byor/index.ts';
import { offer, realHome } from './test-device.ts';
import { queue } from './test-peers.ts';

const token = 'tok-of-the-test';

async function httpServer() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What a client sees, in order. */
function watch(remote: Remote) {
  const frames = queue<Frame>();
  const seen: Frame[] = [];
  let offline = 0;
  remote.on('event', (frame) => {
    seen.push(frame);
    frames.push(frame);
  });
  remote.on('offline', () => offline++);
  return {
    seen,
    get offline() {
      return offline;
    },
    async until(type: string): Promise<Frame> {
      for (;;) {
        const frame = await frames.next();
        if (frame.type === type) return frame;
      }
    },
  };
}

const connected = { event: 'connected', deviceId: 'device-1', agentId: expect.stringMatching(/^agent-/) };

const scopeOf = (event: unknown) => ({
  agent_id: (event as { agentId: string }).agentId,
  conversation_id: 'conv-of-the-test',
});

const input = (runtime: object, text: string, id: string): Frame => ({
  type: 'input',
  runtime,
  request_id: `r-${id}`,
  payload: { kind: 'create_message', messages: [{ role: 'user', content: text, client_message_id: id }] },
});

const textOf = (frames: readonly Frame[]): string =>
  frames
    .map(
      ({ delta }) => delta as { message_type?: string; content?: { text?: string }[] | string } | undefined,
    )
    .filter((delta) => delta?.message_type === 'assistant_message')
    .map((delta) =>
      typeof delta?.content === 'string'
        ? delta.content
        : (delta?.content ?? []).map(({ text }) => text).join(''),
    )
    .join('');

/** Numbers of the stored events of a conversation, as they came. */
const numbers = (frames: readonly Frame[]): number[] =>
  frames
    .filter((frame) => typeof frame.event_seq === 'number' && frame.snapshot !== true)
    .map((frame) => frame.event_seq as number);

describe('farhand remote and farhand/byor', () => {
  it('work a turn with an approval, after registering', async () => {
    const home = await realHome();
    const { server, url } = await httpServer();
    const client = acceptRemote({ server, token });
    const watched = watch(client);
    const remote = offer(home.join(), { FARHAND_URL: url, FARHAND_TOKEN: token });
    const event = await remote.next();
    expect(event).toEqual({ ...connected, mode: 'broker', connectionId: expect.stringMatching(/^conn-/) });
    const runtime = scopeOf(event);

    client.send({ type: 'sync', runtime, request_id: 'sync-1' });
    expect(await watched.until('update_device_status')).toMatchObject({
      device_status: {
        current_connection_id: (event as { connectionId: string }).connectionId,
        connection_name: 'desk',
      },
    });
    expect(await watched.until('sync_response')).toMatchObject({ request_id: 'sync-1', success: true });

    expect(client.send(input(runtime, '#script=bash', 'cm-1'))).toEqual({ ok: true });
    expect(await watched.until('input_accepted')).toMatchObject({ request_id: 'r-cm-1', accepted: true });
    const question = await watched.until('control_request');
    expect(question.request).toMatchObject({ subtype: 'can_use_tool', tool_name: 'Bash' });
    client.send({
      type: 'input',
      runtime,
      payload: {
        kind: 'approval_response',
        request_id: question.request_id,
        decision: { behavior: 'allow' },
      },
    });
    expect(await watched.until('turn_finished')).toMatchObject({ stop_reason: 'end_turn' });
    expect(textOf(watched.seen)).toBe('One command first.The command is through.');

    remote.stop();
    expect(await remote.done).toBeNull();
    expect(client.online).toBe(false);
  });

  it('[HOME-1] go on in the middle of a turn when another process takes over the home', async () => {
    const home = await realHome();
    const { server, url } = await httpServer();
    const client = acceptRemote({ server, token });
    const watched = watch(client);
    const owner = home.join();
    expect(await owner.join()).toBeNull();
    const guest = home.join();
    const remote = offer(guest, { FARHAND_URL: url, FARHAND_TOKEN: token });
    const runtime = scopeOf(await remote.next());
    expect(guest.owner).toBeNull();

    client.send(input(runtime, '#script=bash', 'cm-1'));
    const question = await watched.until('control_request');
    await owner.leave();
    // Whatever is sent now waits for the next owner or is answered by it.
    client.send({ type: 'sync', runtime, request_id: 'sync-1' });
    await watched.until('sync_response');
    client.send({
      type: 'input',
      runtime,
      payload: {
        kind: 'approval_response',
        request_id: question.request_id,
        decision: { behavior: 'allow' },
      },
    });
    expect(await watched.until('turn_finished')).toMatchObject({ stop_reason: 'end_turn' });
    expect(guest.owner).not.toBeNull();
    expect(watched.offline).toBe(0);
    const seqs = numbers(watched.seen);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  it('[HOME-1] lose nothing when the process that owns the home is killed in the middle of an answer', async () => {
    const home = await realHome();
    const { server, url } = await httpServer();
    const client = acceptRemote({ server, token });
    const watched = watch(client);
    const owner = await home.spawnOwner();
    const guest = home.join();
    const remote = offer(guest, { FARHAND_URL: url, FARHAND_TOKEN: token });
    const runtime = scopeOf(await remote.next());
    expect(guest.owner).toBeNull();

    client.send(input(runtime, '#script=steady', 'cm-1'));
    for (let n = 0; n < 5; n++) await watched.until('stream_delta');
    owner.kill('SIGKILL');
    expect(await watched.until('turn_finished')).toMatchObject({ stop_reason: 'end_turn' });
    expect(guest.owner).not.toBeNull();
    expect(watched.offline).toBe(0);
    const seqs = numbers(watched.seen);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  it('end with a hint when the token is wrong, on either way', async () => {
    const home = await realHome();
    const member = home.join();
    const { server, url } = await httpServer();
    const client = acceptRemote({ server, token });
    const problems: string[] = [];
    client.on('problem', ({ code }) => problems.push(code));
    const remote = offer(member, { FARHAND_URL: url, FARHAND_TOKEN: 'wrong' });
    expect(await remote.done).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('FARHAND_TOKEN'),
    });

    const wss = await socketServer();
    const direct = acceptRemote({ wss, token });
    direct.on('problem', ({ code }) => problems.push(code));
    const other = offer(member, {
      FARHAND_URL: `http://127.0.0.1:${wss.address().port}`,
      FARHAND_TOKEN: 'wrong',
    });
    expect(await other.done).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('closed the connection at once: unauthorized'),
    });
    expect(problems).toEqual(['unauthorized', 'unauthorized']);
  });

  it('[REG-4] meet directly at a bare WebSocketServer, which answers a registration with 426', async () => {
    const home = await realHome();
    const wss = await socketServer();
    const client = acceptRemote({ wss, token });
    const watched = watch(client);
    const base = `http://127.0.0.1:${wss.address().port}`;
    expect((await fetch(`${base}/v1/environments/register`, { method: 'POST' })).status).toBe(426);
    const remote = offer(home.join(), { FARHAND_URL: base, FARHAND_TOKEN: token });
    const event = await remote.next();
    expect(event).toEqual({ ...connected, mode: 'direct', connectionId: expect.stringMatching(/^direct-/) });
    client.send(input(scopeOf(event), '#script=short', 'cm-1'));
    await watched.until('turn_finished');
    expect(textOf(watched.seen)).toBe('That is all there is.');
  });
});

async function socketServer() {
  // As a program beside this one would load it.
  const { WebSocketServer } = createRequire(import.meta.url)('ws') as {
    WebSocketServer: new (
      options: object,
    ) => SocketServer & NodeJS.EventEmitter & { address(): AddressInfo; close(): void };
  };
  const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(wss, 'listening');
  onTestFinished(() => wss.close());
  return wss;
}
