import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { serveSilent } from '../../link/node/test-peers.ts';
import { start, stubEndpoint, stubHome } from './test-peers.ts';

const connected = (mode: string, connectionId: unknown) => ({
  event: 'connected',
  mode,
  connectionId,
  deviceId: 'device-1',
  agentId: 'agent-1',
});
const directId = expect.stringMatching(/^direct-/);
const retry = (delayMs: number) => ({ event: 'retry', delayMs, message: expect.any(String) });

/** A remote that is connected, and its peer. */
async function connect(...args: Parameters<typeof stubEndpoint>) {
  const endpoint = await stubEndpoint(...args);
  const home = stubHome();
  const remote = start(endpoint.base, home);
  const socket = await endpoint.socket();
  expect(await remote.next()).toMatchObject({ event: 'connected' });
  return { endpoint, home, remote, socket, door: await home.door() };
}

const onlyWebSocket = { status: 426 };
const no = { status: 401, body: '{"message":"who are you"}' };

describe('runRemote at a broker', () => {
  it('registers, dials what it is given with the token, and relays as that connection', async () => {
    const endpoint = await stubEndpoint();
    const home = stubHome();
    const remote = start(endpoint.base, home);
    const { url, headers, pipe, next } = await endpoint.socket();
    expect(url).toBe('/ws?lease=1&deviceId=device-1&connectionName=desk');
    expect(headers.authorization).toBe('Bearer tok');
    expect(await remote.next()).toEqual(connected('broker', 'conn-1'));

    const door = await home.door();
    expect(door.connection).toEqual({ id: 'conn-1', name: 'desk' });
    const odd = '{ "type":"sync",  "unknown":"\\u00e9" }';
    pipe.send(odd);
    expect(await door.next()).toBe(odd);
    door.pipe.send(odd);
    expect(await next()).toBe(odd);
  });

  it('[LINK-1] sends a ping every 30 s and keeps the pongs from the hub', async () => {
    const { remote, socket, door } = await connect();
    await remote.clock.advance(29_999);
    expect(socket.heard).toEqual([]);
    await remote.clock.advance(1);
    expect(await socket.next()).toBe('{"type":"ping"}');
    socket.pipe.send('{"type":"pong","timestamp":1}');
    socket.pipe.send('{"type":"ping"}');
    expect(await door.next()).toBe('{"type":"ping"}');
    await remote.clock.advance(30_000);
    expect(await socket.next()).toBe('{"type":"ping"}');
  });

  it('[REG-1] tries again while the broker is not itself, and waits as long as it wants', async () => {
    const endpoint = await stubEndpoint({ status: 503 }, { status: 429, headers: { 'retry-after': '20' } });
    const remote = start(endpoint.base, stubHome());
    expect(await remote.next()).toEqual(retry(1_000));
    await remote.clock.advance(1_000);
    expect(await remote.next()).toEqual(retry(20_000));
    await Promise.all([endpoint.asked(), endpoint.asked()]);
    endpoint.answer();
    await remote.clock.advance(19_999);
    expect(endpoint.askedWaiting).toBe(0);
    await remote.clock.advance(1);
    expect(await remote.next()).toEqual(connected('broker', 'conn-1'));
  });

  it('tries for ever where nobody answers yet, at most 30 s apart', async () => {
    const endpoint = await stubEndpoint({ status: 500 });
    const remote = start(endpoint.base, stubHome());
    const delays: unknown[] = [];
    for (let n = 0; n < 8; n++) {
      const event = await remote.next();
      delays.push('delayMs' in event ? event.delayMs : event);
      await remote.clock.advance(30_000);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000));
  });

  it.each([
    [401, /who are you.*--token, FARHAND_TOKEN or LETTA_API_KEY/, 'unauthorized'],
    [403, /who are you.*--token/, 'unauthorized'],
    [404, /who are you.*--url.*--direct/, 'unreachable'],
  ])('[REG-1] ends with a hint at a first %i', async (status, message, code) => {
    const endpoint = await stubEndpoint({ ...no, status });
    const remote = start(endpoint.base, stubHome());
    expect(await remote.next()).toEqual({ event: 'refused', message: expect.stringMatching(message) });
    expect(await remote.done).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(remote.clock.pending).toBe(0);
  });

  it('[REG-1] joins what the endpoint says and the hint by one full stop', async () => {
    const body = JSON.stringify({ message: 'Make one with farhand tokens.' });
    const endpoint = await stubEndpoint({ status: 403, body });
    const { message } = (await start(endpoint.base, stubHome()).done) ?? {};
    expect(message).toContain('Make one with farhand tokens. Check the token');
  });

  it('ends at an answer of the wrong shape', async () => {
    const endpoint = await stubEndpoint({ status: 200, body: '{"ok":true}' });
    const remote = start(endpoint.base, stubHome());
    expect(await remote.done).toMatchObject({
      message: expect.stringContaining('the answer names no lease'),
    });
  });

  it('[REG-3] registers again when it is closed with 1008, at once or soon after', async () => {
    const { endpoint, remote, socket, door } = await connect();
    await remote.clock.advance(10_000);
    socket.pipe.close(1008, 'lease unknown');
    expect(await remote.next()).toEqual({ event: 'disconnected', code: 1008, reason: 'lease unknown' });
    expect((await door.closed).code).toBe(1000);
    expect(await remote.next()).toEqual(retry(0));
    await remote.clock.advance(0);
    expect((await endpoint.socket()).url).toContain('lease=2');
    expect(await remote.next()).toEqual(connected('broker', 'conn-2'));
  });

  it('[REG-1] goes on for ever after one success, also when it is refused then', async () => {
    const { endpoint, remote, socket } = await connect();
    endpoint.answer(no);
    socket.pipe.close(1008);
    await remote.next();
    await remote.retried();
    expect(await remote.next()).toEqual({ ...retry(1_000), message: expect.stringContaining('who are you') });
    endpoint.answer();
    await remote.clock.advance(1_000);
    expect(await remote.next()).toEqual(connected('broker', 'conn-2'));
  });

  it('[REG-2] ends when another took its place', async () => {
    const { remote, socket } = await connect();
    socket.pipe.close(1000, 'Replaced by new connection');
    expect(await remote.next()).toMatchObject({ event: 'disconnected', code: 1000 });
    expect(await remote.next()).toMatchObject({ event: 'refused' });
    expect(await remote.done).toMatchObject({ code: 'lease_lost' });
    expect(remote.clock.pending).toBe(0);
  });

  it.each([
    [1000, ''],
    [1001, ''],
    [1006, ''],
    [1011, ''],
    [1012, 'restart'],
    [4000, 'own'],
  ])('comes back to the same lease after %i', async (code, reason) => {
    const { endpoint, remote, socket } = await connect();
    await remote.clock.advance(5_000);
    socket.pipe.close(code, reason);
    expect(await remote.next()).toMatchObject({ event: 'disconnected', code });
    expect(await remote.next()).toEqual(retry(0));
    await remote.clock.advance(0);
    expect((await endpoint.socket()).url).toContain('lease=1');
    expect(await remote.next()).toEqual(connected('broker', 'conn-1'));
  });

  it('registers again where the lease is not known, and after 5 minutes without success', async () => {
    const { endpoint, remote, socket } = await connect();
    endpoint.refuse(500);
    socket.pipe.close(1006);
    await remote.next();
    let passed = 0;
    while (passed < 5 * 60_000) {
      const event = await remote.next();
      if (event.event !== 'retry') throw new Error(event.event);
      passed += event.delayMs;
      if (passed >= 5 * 60_000) endpoint.refuse(404);
      await remote.clock.advance(event.delayMs);
    }
    expect(endpoint.askedWaiting).toBe(1);
    expect(await remote.next()).toMatchObject({ event: 'retry', message: expect.stringContaining('404') });
    endpoint.refuse(0);
    await remote.clock.advance(30_000);
    expect(await remote.next()).toEqual(connected('broker', 'conn-3'));
  });

  it('leaves with 1001 when it is stopped, and says so last', async () => {
    const { remote, socket, door } = await connect();
    remote.stop();
    expect(await socket.closed).toEqual({ code: 1001, reason: 'the runtime is stopping' });
    expect(await remote.done).toBeNull();
    expect(await door.closed).toMatchObject({ code: 1000 });
    expect(remote.clock.pending).toBe(0);
  });

  it('stops while it waits, too', async () => {
    const endpoint = await stubEndpoint({ status: 503, headers: { 'retry-after': '600' } });
    const remote = start(endpoint.base, stubHome());
    await remote.next();
    await remote.clock.advance(2_000);
    remote.stop();
    expect(await remote.done).toBeNull();
    await remote.clock.advance(0);
    expect(remote.clock.pending).toBe(0);
    expect(await endpoint.asked()).toBeDefined();
    expect(endpoint.askedWaiting).toBe(0);
  });

  it('[HOME-1] is not offered before somebody runs the home', async () => {
    const endpoint = await stubEndpoint();
    const home = stubHome();
    home.leave({ kind: 'refused', message: 'nobody is home' });
    const remote = start(endpoint.base, home);
    expect(await remote.next()).toEqual({ ...retry(1_000), message: 'nobody is home' });
    expect(endpoint.askedWaiting).toBe(0);
    home.leave(null);
    await remote.clock.advance(1_000);
    expect(await remote.next()).toEqual(connected('broker', 'conn-1'));
  });
});

describe('[REG-4] runRemote at a plain WebSocket server', () => {
  it('dials the base URL when that is all there is', async () => {
    const { remote, socket } = await connect(onlyWebSocket);
    expect(socket.url).toBe('/?deviceId=device-1&connectionName=desk');
    expect(socket.headers.authorization).toBe('Bearer tok');
    await remote.clock.advance(60_000);
    expect(socket.heard).toEqual([]);
  });

  it('does so too when the WebSocket of a lease answers 426', async () => {
    const endpoint = await stubEndpoint();
    endpoint.refuse(426);
    const remote = start(endpoint.base, stubHome());
    await endpoint.socket();
    endpoint.refuse(0);
    expect(await remote.next()).toEqual(connected('direct', directId));
    expect((await endpoint.socket()).url).toMatch(/^\/\?/);
  });

  it('does not even ask for a lease with --direct', async () => {
    const endpoint = await stubEndpoint();
    const remote = start(endpoint.base, stubHome(), { direct: true });
    expect(await remote.next()).toEqual(connected('direct', directId));
    expect(endpoint.askedWaiting).toBe(0);
  });

  it('passes the pong of a direct peer on, since nobody here asked for it', async () => {
    const { socket, door } = await connect(onlyWebSocket);
    socket.pipe.send('{"type":"pong"}');
    expect(await door.next()).toBe('{"type":"pong"}');
  });

  it('[REG-1] ends with a hint when it is closed with 1008 before any frame', async () => {
    const { remote, socket } = await connect(onlyWebSocket);
    socket.pipe.close(1008, 'unauthorized');
    await remote.next();
    const message = expect.stringMatching(/closed the connection at once: unauthorized\. Check the token/);
    expect(await remote.next()).toEqual({ event: 'refused', message });
    expect(await remote.done).toMatchObject({ code: 'unauthorized', message });
  });

  it('[REG-1] ends with a hint when the upgrade is denied', async () => {
    const endpoint = await stubEndpoint(onlyWebSocket);
    endpoint.refuse(401);
    const remote = start(endpoint.base, stubHome());
    expect(await remote.done).toMatchObject({ code: 'unauthorized' });
  });

  it('comes back when it is closed with 1008 after a frame, then and later', async () => {
    const { endpoint, remote, socket, door } = await connect(onlyWebSocket);
    socket.pipe.send('{"type":"ping"}');
    await door.next();
    for (let n = 0, current = socket; n < 2; n++) {
      current.pipe.close(1008, 'later');
      await remote.next();
      await remote.retried();
      current = await endpoint.socket();
      expect(await remote.next()).toEqual(connected('direct', directId));
    }
  });

  it('[LINK-1] is not cut off in five silent minutes in which only protocol pings are answered', async () => {
    const { url, sockets } = await serveSilent();
    const remote = start(url, stubHome(), { direct: true });
    expect(await remote.next()).toMatchObject({ event: 'connected' });
    const [peer] = sockets;
    if (!peer) throw new Error('no socket');
    const heard: Buffer[] = [];
    peer.on('data', (chunk: Buffer) => heard.push(chunk));
    for (let n = 0; n < 10; n++) {
      const asked = once(peer, 'data');
      await remote.clock.advance(30_000);
      await asked;
      const read = remote.nextReading();
      peer.write(pong);
      await read;
    }
    expect(heard.map((chunk) => chunk[0])).toEqual(Array(10).fill(pingByte));
    remote.stop();
    // This peer does not answer a close either.
    await remote.clock.advance(10_000);
    expect(await remote.next()).toMatchObject({ event: 'disconnected', code: 1001 });
  });

  it('[LINK-1] finds a peer that died without a word, and dials again', async () => {
    const { url, sockets } = await serveSilent();
    const remote = start(url, stubHome(), { direct: true });
    expect(await remote.next()).toMatchObject({ event: 'connected' });
    await remote.clock.advance(90_000);
    expect(await remote.next()).toEqual({
      event: 'disconnected',
      code: 1006,
      reason: 'no byte from the peer for 90 s',
    });
    await remote.retried();
    expect(await remote.next()).toMatchObject({ event: 'connected' });
    expect(sockets).toHaveLength(2);
  });
});

/** RFC 6455 5.5: the first byte of a ping, and a whole pong without payload. */
const pingByte = 0x89;
const pong = Buffer.from([0x8a, 0x00]);
