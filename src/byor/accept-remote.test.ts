import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isDialFailure } from '../link/dial-failure.ts';
import { dial } from '../link/node/websocket.ts';
import type { Pipe } from '../link/pipe.ts';
import { record } from '../link/recorder.ts';
import { virtualClock } from '../link/virtual-clock.ts';
import { acceptRemote, type Frame, type Remote, type SocketServer } from './index.ts';

const token = 'tok-of-the-test';
const bearer = { authorization: `Bearer ${token}` };
const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

async function listening(onRequest?: RequestListener) {
  const server = createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A runtime by hand. */
async function runtime(url: string, headers: Record<string, string> = bearer) {
  const pipe = await dial(url, { headers });
  if (isDialFailure(pipe)) throw new Error(pipe.message);
  onTestFinished(() => pipe.close(1006));
  const heard = record(pipe);
  return { pipe, heard, next: async () => JSON.parse(await heard.next()) as Frame, closed: heard.closed };
}

const told = <E extends 'event' | 'online' | 'offline' | 'problem'>(remote: Remote, event: E) =>
  new Promise<Parameters<Parameters<typeof remote.on<E>>[1]>[0]>((resolve) => {
    const off = remote.on(event, (value) => {
      off();
      resolve(value);
    });
  });

const say = (pipe: Pipe, frame: Frame) => pipe.send(JSON.stringify(frame));

describe('acceptRemote on an HTTP server', () => {
  it('takes a runtime, and passes commands and events', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token });
    expect(remote.online).toBe(false);
    expect(remote.send({ type: 'sync' })).toMatchObject({ ok: false, code: 'unreachable' });

    const online = told(remote, 'online');
    const { pipe, next } = await runtime(`ws://${host}/?deviceId=d-1&connectionName=desk`);
    expect(await online).toEqual({ deviceId: 'd-1', name: 'desk' });
    expect(remote.online).toBe(true);

    expect(remote.send({ type: 'input', runtime: scope })).toEqual({ ok: true });
    expect(await next()).toEqual({ type: 'input', runtime: scope });
    const event = told(remote, 'event');
    say(pipe, { type: 'stream_delta', delta: { message_type: 'x' } });
    expect(await event).toEqual({ type: 'stream_delta', delta: { message_type: 'x' } });

    const offline = told(remote, 'offline');
    pipe.close(1001, 'bye');
    expect(await offline).toEqual({ code: 1001, reason: 'bye' });
    expect(remote.online).toBe(false);
  });

  it('[SEC-1] closes a wrong token, a missing one and an unknown origin with 1008 before anything', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token, origins: ['https://mine.example'] });
    remote.on('online', () => expect.unreachable());
    const attempts: [Record<string, string>, string][] = [
      [{ authorization: 'Bearer wrong' }, 'unauthorized'],
      [{}, 'unauthorized'],
      [{ authorization: token }, 'unauthorized'],
      [{ ...bearer, origin: 'https://other.example' }, 'origin not allowed'],
    ];
    for (const [headers, reason] of attempts) {
      const problem = told(remote, 'problem');
      const { closed, heard } = await runtime(`ws://${host}`, headers);
      expect(await closed).toEqual({ code: 1008, reason });
      expect(heard.messages).toEqual([]);
      expect((await problem).message).toMatch(`turned away: ${reason}`);
    }
    expect(remote.online).toBe(false);
  });

  it('lets a page of an allowed origin in', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token, origins: ['https://mine.example'] });
    const online = told(remote, 'online');
    await runtime(`ws://${host}`, { ...bearer, origin: 'https://mine.example' });
    await online;
  });

  it('says so by a process warning where nobody listens for problems', async () => {
    const { server, host } = await listening();
    acceptRemote({ server, token });
    const warning = once(process, 'warning');
    await runtime(`ws://${host}`, {});
    expect((await warning)[0]).toMatchObject({ name: 'FarhandWarning', code: 'unauthorized' });
  });

  it('reports what is no frame, and goes on', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token });
    const { pipe } = await runtime(`ws://${host}`);
    const problem = told(remote, 'problem');
    pipe.send('{"type":');
    expect(await problem).toMatchObject({ code: 'frame_not_json' });
    const event = told(remote, 'event');
    say(pipe, { type: 'turn_finished' });
    await event;
  });

  it('sends a ping every 30 s, keeps pongs to itself and answers the ping of a stock runtime', async () => {
    const { server, host } = await listening();
    const clock = virtualClock();
    const remote = acceptRemote({ server, token, clock });
    const events: Frame[] = [];
    remote.on('event', (frame) => events.push(frame));
    const online = told(remote, 'online');
    const { pipe, next } = await runtime(`ws://${host}`);
    await online;
    await clock.advance(29_999);
    await clock.advance(1);
    expect(await next()).toEqual({ type: 'ping' });
    say(pipe, { type: 'pong', timestamp: 1 });
    say(pipe, { type: 'ping' });
    expect(await next()).toEqual({ type: 'pong', timestamp: clock.now() });
    expect(events).toEqual([]);
  });

  it('[LINK-1] marks a runtime offline that gives no sign of life for 90 s', async () => {
    const { server, host } = await listening();
    const clock = virtualClock();
    const remote = acceptRemote({ server, token, clock });
    const online = told(remote, 'online');
    const pipe = await dial(`ws://${host}`, { headers: bearer });
    if (isDialFailure(pipe)) throw new Error(pipe.message);
    // Without a listener nothing is read there, so that no ping is answered.
    await online;
    const offline = told(remote, 'offline');
    await clock.advance(89_999);
    expect(remote.online).toBe(true);
    await clock.advance(1);
    expect(await offline).toEqual({ code: 1006, reason: 'no byte from the peer for 90 s' });
    expect(remote.online).toBe(false);
    pipe.close(1006);
  });

  it('[REG-2] gives the place to the newest, and tells the one before', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token });
    const states: string[] = [];
    remote.on('online', ({ name }) => states.push(`online ${name}`));
    remote.on('offline', ({ code }) => states.push(`offline ${code}`));
    const first = await runtime(`ws://${host}/?connectionName=one`);
    const second = await runtime(`ws://${host}/?connectionName=two`);
    expect(await first.closed).toEqual({ code: 1000, reason: 'Replaced by new connection' });
    remote.send({ type: 'sync' });
    expect(await second.next()).toEqual({ type: 'sync' });
    expect(states).toEqual(['online one', 'offline 1000', 'online two']);
  });

  it('[SYNC-1] syncs what is followed when a runtime connects, and goes on where it was after that', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token, follow: [scope] });
    const first = await runtime(`ws://${host}`);
    expect(await first.next()).toEqual({ type: 'sync', runtime: scope });
    const other = { agent_id: null, conversation_id: 'conv-2' };
    remote.follow(other);
    expect(await first.next()).toEqual({ type: 'sync', runtime: other });

    let heard = 0;
    const all = new Promise<void>((resolve) => {
      remote.on('event', () => {
        if (++heard === 3) resolve();
      });
    });
    const device_status = {};
    say(first.pipe, {
      type: 'update_device_status',
      runtime: scope,
      device_status,
      snapshot: true,
      log_id: 'log',
      event_seq: 4,
    });
    say(first.pipe, { type: 'stream_delta', runtime: scope, delta: {}, event_seq: 5 });
    say(first.pipe, {
      type: 'stream_delta',
      runtime: { ...scope, conversation_id: 'conv-9' },
      delta: {},
      event_seq: 9,
    });
    await all;
    const offline = told(remote, 'offline');
    first.pipe.close(1006);
    await offline;

    const second = await runtime(`ws://${host}`);
    expect([await second.next(), await second.next()]).toEqual([
      { type: 'sync', runtime: scope, log_id: 'log', after_event_seq: 5 },
      { type: 'sync', runtime: other },
    ]);
  });

  it('lets the runtime go on close and takes no other, while the server goes on', async () => {
    const { server, host } = await listening((_request, response) => void response.end('mine'));
    const remote = acceptRemote({ server, token });
    const { closed } = await runtime(`ws://${host}`);
    remote.close();
    expect(await closed).toMatchObject({ code: 1012 });
    expect(remote.send({ type: 'ping' })).toMatchObject({ ok: false, message: 'This remote was closed.' });
    expect(await (await register(host)).text()).toBe('mine');
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('wants a token', async () => {
    const { server } = await listening();
    expect(() => acceptRemote({ server, token: ' ' })).toThrow(TypeError);
  });
});

const register = (host: string, init: RequestInit = {}, path = '/v1/environments/register') =>
  fetch(`http://${host}${path}`, {
    method: 'POST',
    headers: bearer,
    body: JSON.stringify({ deviceId: 'd', connectionName: 'n', metadata: {} }),
    ...init,
  });

describe('registration on the same HTTP server', () => {
  it('names the WebSocket, by the Host that was asked', async () => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token, path: 'remote/' });
    const answer = await register(host, {}, '/remote//v1/environments/register');
    expect(answer.status).toBe(200);
    const lease = (await answer.json()) as { connectionId: string; wsUrl: string };
    expect(lease).toEqual({
      connectionId: expect.stringMatching(/^conn-/),
      wsUrl: `ws://${host}/remote`,
      supportsSplitStatusChannels: false,
      supportsPairedListenerGenerations: false,
    });
    const online = told(remote, 'online');
    await runtime(lease.wsUrl);
    await online;
  });

  it('names the public URL where there is one', async () => {
    const { server, host } = await listening();
    acceptRemote({ server, token, publicUrl: 'https://example.org/remote/' });
    expect(await (await register(host)).json()).toMatchObject({ wsUrl: 'wss://example.org/remote' });
  });

  it.each<[number, RequestInit]>([
    [401, { headers: { authorization: 'Bearer wrong' } }],
    [401, { headers: {} }],
    [403, { headers: { ...bearer, origin: 'https://other.example' } }],
    [400, { body: 'no json' }],
    [400, { body: '{"connectionName":"n"}' }],
    [413, { body: 'x'.repeat(1024 * 1024) }],
  ])('answers %i to what it does not take', async (status, init) => {
    const { server, host } = await listening();
    const remote = acceptRemote({ server, token });
    remote.on('problem', () => {});
    const answer = await register(host, init);
    expect([answer.status, await answer.json()]).toEqual([status, { message: expect.any(String) }]);
  });

  it('leaves everything else to the owner of the server, also what is added later', async () => {
    const { server, host } = await listening();
    acceptRemote({ server, token, path: '/remote' });
    server.on('request', (request, response) => void response.end(`${request.method} ${request.url}`));
    const ask = async (path: string, method: string) =>
      (await fetch(`http://${host}${path}`, { method })).text();
    expect(await ask('/v1/environments/register', 'POST')).toBe('POST /v1/environments/register');
    expect(await ask('/remote/v1/environments/register', 'GET')).toBe('GET /remote/v1/environments/register');
    expect((await register(host, {}, '/remote/v1/environments/register')).status).toBe(200);
  });

  it('leaves other WebSockets to their own listeners, and refuses those that have none', async () => {
    const { server, host } = await listening();
    acceptRemote({ server, token, path: '/remote' });
    expect(await dial(`ws://${host}/live`)).toMatchObject({ kind: 'status', status: 404 });
    server.on('upgrade', (request, socket) => {
      if (request.url === '/live') socket.end('HTTP/1.1 418 Mine\r\n\r\n');
    });
    expect(await dial(`ws://${host}/live`)).toMatchObject({ kind: 'status', status: 418 });
    await runtime(`ws://${host}/remote`);
  });

  it('has one place at each path, and refuses what is at none of them', async () => {
    const { server, host } = await listening();
    const first = acceptRemote({ server, token, path: '/a' });
    acceptRemote({ server, token, path: '/b' });
    expect(() => acceptRemote({ server, token, path: '/b/' })).toThrow(TypeError);
    expect(await dial(`ws://${host}/c`)).toMatchObject({ kind: 'status', status: 404 });
    first.close();
    acceptRemote({ server, token, path: '/a' });
    await runtime(`ws://${host}/a`);
    await runtime(`ws://${host}/b`);
  });
});

/** As a program beside this one would load it. */
const { WebSocketServer } = createRequire(import.meta.url)('ws') as {
  WebSocketServer: new (
    options: object,
  ) => SocketServer & NodeJS.EventEmitter & { address(): AddressInfo; close(): void };
};

describe('acceptRemote on a WebSocketServer', () => {
  it('takes a runtime and turns others away', async () => {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(wss, 'listening');
    const remote = acceptRemote({ wss, token });
    onTestFinished(() => {
      remote.close();
      wss.close();
    });
    const url = `ws://127.0.0.1:${wss.address().port}`;
    const problem = told(remote, 'problem');
    expect(await (await runtime(url, {})).closed).toEqual({ code: 1008, reason: 'unauthorized' });
    await problem;

    const online = told(remote, 'online');
    const { pipe, next } = await runtime(url);
    await online;
    remote.send({ type: 'sync', runtime: scope });
    expect(await next()).toEqual({ type: 'sync', runtime: scope });
    const event = told(remote, 'event');
    say(pipe, { type: 'turn_finished', runtime: scope });
    expect(await event).toEqual({ type: 'turn_finished', runtime: scope });
  });
});
