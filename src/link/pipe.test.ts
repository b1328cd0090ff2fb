import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DialFailure, isDialFailure } from './dial-failure.ts';
import { memoryPair } from './memory.ts';
import { dialLocal, listenLocal } from './node/local-socket.ts';
import { acceptUpgrades } from './node/upgrade.ts';
import { dial } from './node/websocket.ts';
import type { Pipe } from './pipe.ts';
import { type Recorder, record } from './recorder.ts';
import { webSocketPipe } from './web-socket.ts';

type Pair = { near: Pipe; far: Pipe; end(): Promise<void> };

async function memory(): Promise<Pair> {
  const [near, far] = memoryPair();
  return { near, far, end: async () => {} };
}

/** `connect`: how the near end is made. */
const webSocketBy = (connect: (url: string) => Promise<Pipe | DialFailure>) => async (): Promise<Pair> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upgrade = acceptUpgrades();
  const accepted = new Promise<Pipe>((resolve) => {
    server.once('upgrade', (request, socket, head) => upgrade(request, socket, head, resolve));
  });
  const near = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  if (isDialFailure(near)) throw new Error(near.message);
  return { near, far: await accepted, end: async () => void server.close() };
};

async function localSocket(): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'farhand-test-'));
  let onPipe = (_pipe: Pipe) => {};
  const accepted = new Promise<Pipe>((resolve) => {
    onPipe = resolve;
  });
  const listener = await listenLocal(join(folder, 'socket'), onPipe);
  const near = await dialLocal(join(folder, 'socket'));
  if (isDialFailure(near) || 'kind' in listener) throw new Error('no local socket');
  const end = async () => {
    listener.close();
    await rm(folder, { recursive: true });
  };
  return { near, far: await accepted, end };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ['in memory', memory],
  ['over a WebSocket', webSocketBy(dial)],
  ["over a page's WebSocket", webSocketBy(webSocketPipe)],
  ['over a local socket', localSocket],
])('a pipe %s', (_name, connect) => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await connect();
  });
  afterEach(async () => {
    pair.near.close();
    pair.far.close();
    await pair.end();
  });

  it('delivers every text exactly and in order, both ways', async () => {
    const texts = [
      '{"type":"a"}',
      '{\n  "type": "pretty",\r\n  "n": 1.0\n}',
      '{"type":"raw newline in a string: \n"}',
      '"a string"',
      '"not a string',
      '[1000,"no close"]',
      ' {"type":"space"} ',
      'no json',
      '{"type":"é 漢 🙂 \u2028"}',
      '',
      '\n',
      '{"type":"last"}',
    ];
    const near = record(pair.near);
    const far = record(pair.far);
    for (const text of texts) {
      pair.near.send(text);
      pair.far.send(text);
    }
    for (const text of texts) {
      expect(await far.next()).toBe(text);
      expect(await near.next()).toBe(text);
    }
  });

  it('keeps frames and the end for a listener that comes late', async () => {
    for (const text of ['{"n":1}', '{"n":2}', '{"n":3}']) pair.near.send(text);
    pair.near.close(4000, 'done');
    await turn();
    await turn();
    const far = record(pair.far);
    expect(await far.closed).toEqual({ code: 4000, reason: 'done' });
    expect(far.heard).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', 'closed 4000']);
  });

  it('loses nothing that came with the end, when the listener is set outside of any promise', async () => {
    pair.near.send('{"n":1}');
    pair.near.close(4000);
    for (let n = 0; n < 5; n++) await turn();
    const far = await new Promise<Recorder>((resolve) => setImmediate(() => resolve(record(pair.far))));
    await far.closed;
    expect(far.heard).toEqual(['{"n":1}', 'closed 4000']);
  });

  it('calls the listener never from inside listen, send or close', async () => {
    pair.far.send('{"early":true}');
    await turn();
    await turn();
    const near = record(pair.near);
    const far = record(pair.far);
    expect(near.heard).toEqual([]);
    pair.near.send('{"n":1}');
    pair.near.close();
    expect([...near.heard, ...far.heard]).toEqual([]);
    await Promise.all([near.closed, far.closed]);
  });

  it('tells both sides the code and the reason, once', async () => {
    const near = record(pair.near);
    const far = record(pair.far);
    pair.near.close(4410, 'revoked "for" good\n');
    pair.near.close(4000, 'again');
    const why = { code: 4410, reason: 'revoked "for" good\n' };
    expect(await near.closed).toEqual(why);
    expect(await far.closed).toEqual(why);
    pair.far.close(4001);
    await turn();
    expect(near.heard).toEqual(['closed 4410']);
    expect(far.heard).toEqual(['closed 4410']);
  });

  it('is open until it is closed, with 1000 by default', async () => {
    const near = record(pair.near);
    const far = record(pair.far);
    expect([pair.near.open, pair.far.open]).toEqual([true, true]);
    pair.near.close();
    expect(pair.near.open).toBe(false);
    expect(await far.closed).toEqual({ code: 1000, reason: '' });
    await near.closed;
    expect(pair.far.open).toBe(false);
  });

  it('shows a code that no close may carry as none to the peer', async () => {
    const near = record(pair.near);
    const far = record(pair.far);
    pair.near.close(1006, 'given up');
    expect(await near.closed).toEqual({ code: 1006, reason: 'given up' });
    // A page can end a connection only with a close, which may name no code (1005); anyone else just goes (1006).
    expect([1005, 1006]).toContain((await far.closed).code);
  });

  it('does nothing and hears nothing but the end after its own close', async () => {
    const near = record(pair.near);
    const far = record(pair.far);
    pair.far.send('{"crossing":true}');
    pair.near.send('{"last":true}');
    pair.near.close();
    pair.near.send('{"late":true}');
    await Promise.all([near.closed, far.closed]);
    pair.near.send('{"later":true}');
    await turn();
    expect(near.messages).toEqual([]);
    expect(far.messages).toEqual(['{"last":true}']);
  });

  it('keeps to its own close when the peer closed in the same breath', async () => {
    const heard: string[] = [];
    const ended = new Promise<void>((resolve) => {
      pair.far.listen({
        message(text) {
          heard.push(text);
          pair.far.close(4000);
        },
        closed({ code }) {
          heard.push(`closed ${code}`);
          resolve();
        },
      });
    });
    record(pair.near);
    for (const text of ['{"n":1}', '{"n":2}', '{"n":3}']) pair.near.send(text);
    pair.near.close(4001);
    await ended;
    await turn();
    expect(heard).toEqual(['{"n":1}', 'closed 4000']);
  });

  it('counts unsent bytes and tells when they are gone, once', async () => {
    const near = record(pair.near);
    const far = record(pair.far);
    expect(pair.near.unsent).toBe(0);
    const text = `{"type":"${'é'.repeat(1000)}"}`;
    pair.near.send(text);
    pair.near.send(text);
    expect(pair.near.unsent).toBeGreaterThanOrEqual(2 * Buffer.byteLength(text));
    expect(pair.near.unsent).toBeLessThanOrEqual(2 * Buffer.byteLength(text) + 20);
    await near.drained;
    expect(pair.near.unsent).toBe(0);
    await far.next();
    await far.next();
    expect(near.heard).toEqual(['drained']);
  });

  it('lets a listener hand over to another between two frames', async () => {
    const first: string[] = [];
    const second = new Promise<string>((resolve) => {
      pair.far.listen({
        message(text) {
          first.push(text);
          pair.far.listen({ message: resolve, closed: () => {} });
        },
        closed: () => {},
      });
    });
    pair.near.send('{"type":"hello"}');
    pair.near.send('{"type":"next"}');
    expect(await second).toBe('{"type":"next"}');
    expect(first).toEqual(['{"type":"hello"}']);
  });
});
