import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Pipe } from '../pipe.ts';
import { record } from '../recorder.ts';
import { virtualClock } from '../virtual-clock.ts';
import { countWrites, dialByHand, expectPipe, serve, serveSilent, turns } from './test-peers.ts';
import { accept, dial } from './websocket.ts';

const MiB = 1024 * 1024;

async function pair(options: Parameters<typeof serve>[0] = {}, dialOptions: Parameters<typeof dial>[1] = {}) {
  const { url, next, port } = await serve(options);
  const near = expectPipe(await dial(url, dialOptions));
  return { near, ...(await next()), url, port, next };
}

describe('a WebSocket pipe', () => {
  it('wraps the socket of anybody’s server', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const accepted = new Promise<Pipe>((resolve) => {
      server.on('connection', (socket, request) => resolve(accept(socket, { raw: request.socket })));
    });
    const { port } = server.address() as { port: number };
    const near = expectPipe(await dial(`ws://127.0.0.1:${port}`));
    const [a, b] = [record(near), record(await accepted)];
    near.send('{"type":"x"}');
    expect(await b.next()).toBe('{"type":"x"}');
    near.close(4000, 'bye');
    expect([await a.closed, await b.closed]).toEqual(Array(2).fill({ code: 4000, reason: 'bye' }));
  });

  it('takes binary messages for text', async () => {
    const { url, next } = await serve();
    const client = new WebSocket(url);
    const far = record((await next()).pipe);
    await once(client, 'open');
    client.send(Buffer.from('{"é":1}'), { binary: true });
    expect(await far.next()).toBe('{"é":1}');
    client.terminate();
    expect((await far.closed).code).toBe(1006);
  });

  it('writes what is sent in one turn of the event loop once, on both sides', async () => {
    const made: Socket[] = [];
    const note = (message: unknown) => made.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', note);
    const { near, pipe, raw } = await pair();
    unsubscribe('net.client.socket', note);
    const dialled = made.find((socket) => socket.localPort === raw.remotePort) ?? expect.unreachable();
    const [a, b] = [record(near), record(pipe)];
    const counts = [countWrites(dialled), countWrites(raw)];
    for (let n = 0; n < 50; n++) {
      near.send(`{"n":${n}}`);
      pipe.send(`{"n":${n}}`);
    }
    await Promise.resolve();
    process.nextTick(() => {
      for (let n = 50; n < 100; n++) {
        near.send(`{"n":${n}}`);
        pipe.send(`{"n":${n}}`);
      }
    });
    for (let n = 0; n < 100; n++)
      expect([await a.next(), await b.next()]).toEqual(Array(2).fill(`{"n":${n}}`));
    expect(counts.map((count) => count())).toEqual([1, 1]);

    near.send('{}');
    await b.next();
    near.send('{}');
    await b.next();
    expect(counts[0]?.()).toBe(3);
  });

  it('shows as unsent what a paused reader does not take, and tells when it is gone', async () => {
    const { near, pipe } = await pair();
    const text = 'x'.repeat(MiB);
    const a = record(near);
    for (let n = 0; n < 64; n++) near.send(text);
    expect(near.unsent).toBeGreaterThanOrEqual(64 * MiB);
    await turns(50);
    expect(near.unsent).toBeGreaterThan(32 * MiB);
    expect(a.heard).toEqual([]);
    const b = record(pipe);
    await a.drained;
    expect(near.unsent).toBe(0);
    for (let n = 0; n < 64; n++) expect((await b.next()).length).toBe(MiB);
    expect(a.heard).toEqual(['drained']);
  });

  it('ends with 1006 when the process of the peer is killed', async () => {
    const { url, next } = await serve();
    const script = `import { WebSocket } from 'ws'; const s = new WebSocket('${url}'); s.on('open', () => s.send('ready'));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const far = record((await next()).pipe);
    expect(await far.next()).toBe('ready');
    child.kill('SIGKILL');
    expect((await far.closed).code).toBe(1006);
  });

  it('cuts a long reason between two characters and tells it whole on this side', async () => {
    const { near, pipe } = await pair();
    const [a, b] = [record(near), record(pipe)];
    const reason = `x${'é'.repeat(100)}`;
    near.close(4000, reason);
    expect(await b.closed).toEqual({ code: 4000, reason: `x${'é'.repeat(61)}` });
    expect(await a.closed).toEqual({ code: 4000, reason });
  });

  it('ends with 1007 when a message is not UTF-8', async () => {
    const { port, next } = await serve();
    const peer = await dialByHand(port);
    const far = record((await next()).pipe);
    peer.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]));
    expect(await far.closed).toEqual({ code: 1007, reason: 'a message of the peer is not UTF-8' });
  });

  it('ends with 1002 when the peer speaks no WebSocket', async () => {
    const { port, next } = await serve();
    const peer = await dialByHand(port);
    const far = record((await next()).pipe);
    peer.write('GET / HTTP/1.1\r\n\r\n');
    expect((await far.closed).code).toBe(1002);
  });

  it('can be closed before anybody listened to it', async () => {
    const clock = virtualClock();
    const { near, pipe } = await pair({ clock });
    const heard = record(near);
    near.send('{"type":"unread"}');
    await turns(3);
    pipe.close(4000, 'no interest');
    expect(await heard.closed).toEqual({ code: 4000, reason: 'no interest' });
    await vi.waitFor(() => expect(clock.pending).toBe(0));
  });

  it('cuts off a peer that does not answer a close', async () => {
    const clock = virtualClock();
    const { url, sockets } = await serveSilent();
    const pipe = expectPipe(await dial(url, { clock }));
    const end = record(pipe);
    pipe.close(4000, 'bye');
    await turns(10);
    expect(end.heard).toEqual([]);
    await clock.advance(10_000);
    expect(await end.closed).toEqual({ code: 4000, reason: 'bye' });
    expect([sockets.length, clock.pending]).toEqual([1, 0]);
  });
});

describe('[LINK-1] a WebSocket pipe', () => {
  it('probes a peer that is silent and ends with 1006 when it is dead', async () => {
    const clock = virtualClock();
    const { url, sockets } = await serveSilent();
    const pipe = expectPipe(await dial(url, { clock }));
    const end = record(pipe);
    const [peer] = sockets;
    if (!peer) return expect.unreachable();
    const ping = once(peer, 'data');
    await clock.advance(30_000);
    expect((await ping)[0][0]).toBe(0x89);
    await clock.advance(59_999);
    expect(pipe.open).toBe(true);
    await clock.advance(1);
    expect(await end.closed).toEqual({ code: 1006, reason: 'no byte from the peer for 90 s' });
    expect(clock.pending).toBe(0);
  });

  it('keeps a peer that only ever answers the pings', async () => {
    const clock = virtualClock();
    const { url, next } = await serve({ clock });
    const client = new WebSocket(url);
    const { pipe, raw } = await next();
    const far = record(pipe);
    for (let n = 0; n < 20; n++) {
      const pong = once(raw, 'data');
      await clock.advance(30_000);
      await pong;
    }
    expect([pipe.open, far.heard]).toEqual([true, []]);
    client.terminate();
    await far.closed;
    expect(clock.pending).toBe(0);
  });

  it('takes any byte for life, also one of an unfinished frame', async () => {
    const clock = virtualClock();
    const { port, next } = await serve({ clock });
    const peer = await dialByHand(port);
    const { pipe, raw } = await next();
    const far = record(pipe);
    await clock.advance(89_000);
    const arrived = once(raw, 'data');
    peer.write(Buffer.from([0x81]));
    await arrived;
    await clock.advance(89_000);
    expect(pipe.open).toBe(true);
    await clock.advance(1_000);
    expect((await far.closed).code).toBe(1006);
  });
});

describe('[LINK-3] a peer that sends as much as it can', () => {
  it('is worked a little in each turn of the event loop, so that others have theirs, and all in the end', async () => {
    const { near, pipe } = await pair();
    const frames = 8_000;
    for (let n = 0; n < frames; n++) near.send(`{"type":"${'x'.repeat(1_024)}"}`);
    // Much of it waits on this side by now.
    await turns(100);
    let turn = 0;
    const inTurn = new Map<number, number>();
    const next = () => {
      turn += 1;
      setImmediate(next).unref();
    };
    next();
    let heard = 0;
    const all = new Promise<void>((resolve) =>
      pipe.listen({
        message(text) {
          inTurn.set(turn, (inTurn.get(turn) ?? 0) + text.length);
          heard += 1;
          if (heard === frames) resolve();
        },
        closed: () => undefined,
      }),
    );
    await all;
    // What was worked so far, and the rest of the piece that was read from the socket.
    expect(Math.max(...inTurn.values())).toBeLessThan(160 * 1_024);
  });
});

describe('[LINK-3] the largest frame of a WebSocket', () => {
  const frame = (bytes: number) => `{"type":"${'x'.repeat(bytes - 11)}"}`;

  it('is 16 MiB; a larger one closes that connection with 1009 and a reason, and no other', async () => {
    const { near, pipe, url, next } = await pair();
    const other = expectPipe(await dial(url));
    const [a, b, c, d] = [near, pipe, other, (await next()).pipe].map(record) as [Rec, Rec, Rec, Rec];
    near.send(frame(16 * MiB));
    pipe.send(frame(16 * MiB));
    expect([(await b.next()).length, (await a.next()).length]).toEqual([16 * MiB, 16 * MiB]);

    near.send(frame(17 * MiB));
    const why = {
      code: 1009,
      reason: 'a frame is larger than the 16777216 bytes accepted here; send it in parts',
    };
    expect(await b.closed).toEqual(why);
    expect(await a.closed).toEqual(why);
    expect(b.messages.length).toBe(1);

    other.send('{"type":"still here"}');
    expect(await d.next()).toBe('{"type":"still here"}');
    expect(c.heard).toEqual(['drained']);
  });

  it('is limited on the dialling side too', async () => {
    const { near, pipe } = await pair({}, { maxPayload: 100 });
    const [a, b] = [record(near), record(pipe)];
    pipe.send(frame(101));
    const why = {
      code: 1009,
      reason: 'a frame is larger than the 100 bytes accepted here; send it in parts',
    };
    expect([await a.closed, await b.closed]).toEqual([why, why]);
  });

  it('is what the option says', async () => {
    const { near, pipe } = await pair({ maxPayload: 40 * MiB });
    const b = record(pipe);
    near.send(frame(40 * MiB));
    expect((await b.next()).length).toBe(40 * MiB);
  });
});

type Rec = ReturnType<typeof record>;
