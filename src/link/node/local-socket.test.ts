import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Pipe } from '../pipe.ts';
import { record } from '../recorder.ts';
import { virtualClock } from '../virtual-clock.ts';
import type { LocalOptions } from './line-pipe.ts';
import { localAddress } from './local-address.ts';
import { dialLocal, type ListenFailure, type LocalListener, listenLocal } from './local-socket.ts';
import { countWrites, expectPipe, turns } from './test-peers.ts';

const MiB = 1024 * 1024;
const modeOf = (path: string) => statSync(path).mode & 0o777;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farhand-test-'));
  path = join(folder, 'home', 'socket');
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

function expectListener(listened: LocalListener | ListenFailure): LocalListener {
  if ('kind' in listened) throw new Error(listened.message);
  onTestFinished(() => listened.close());
  return listened;
}

/** Listens at `path`, hands out the pipes in the order of arrival. */
async function listen(options: LocalOptions = {}, at = path) {
  const pipes: Pipe[] = [];
  const asked: ((pipe: Pipe) => void)[] = [];
  const listener = expectListener(
    await listenLocal(
      at,
      (pipe) => {
        onTestFinished(() => pipe.close(1006));
        const resolve = asked.shift();
        if (resolve) resolve(pipe);
        else pipes.push(pipe);
      },
      options,
    ),
  );
  const next = async (): Promise<Pipe> => pipes.shift() ?? new Promise((resolve) => asked.push(resolve));
  return { listener, next };
}

async function pair(options: LocalOptions = {}, dialOptions: LocalOptions = {}) {
  const { next } = await listen(options);
  return { near: expectPipe(await dialLocal(path, dialOptions)), far: await next(), next };
}

/** A process that listens at `path` and says so. */
async function listenInChild() {
  const script = `require('node:net').createServer(() => {}).listen(process.argv[1], () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe.runIf(process.platform !== 'win32')('listenLocal', () => {
  it('makes a socket of mode 0600 in a folder of mode 0700, and removes it at the end', async () => {
    const { listener } = await listen();
    expect([listener.address, modeOf(path), modeOf(join(folder, 'home'))]).toEqual([path, 0o600, 0o700]);
    listener.close();
    expect(existsSync(path)).toBe(false);
    expect(await dialLocal(path)).toMatchObject({ kind: 'refused' });
  });

  it('that goes in the very moment of a call is nobody, not a fault', async () => {
    await mkdir(join(folder, 'home'), { mode: 0o700 });
    const leaving = createServer().listen(path);
    await once(leaving, 'listening');
    const dialled = dialLocal(path);
    leaving.close();
    expect(await dialled).toMatchObject({ kind: 'refused' });
  });

  it('tightens a folder that others may read', async () => {
    await mkdir(join(folder, 'home'), { mode: 0o755 });
    await chmod(join(folder, 'home'), 0o755);
    await listen();
    expect(modeOf(join(folder, 'home'))).toBe(0o700);
  });

  it('refuses a folder that is shared, and leaves it as it is', async () => {
    const shared = join(folder, 'shared');
    await mkdir(shared);
    await chmod(shared, 0o1777);
    expect(await listenLocal(join(shared, 'socket'), () => {})).toEqual({
      kind: 'error',
      message: `cannot listen at ${shared}/socket: ${shared} is a folder for all users; choose one of your own`,
    });
    expect(modeOf(shared)).toBe(0o777);
  });

  it('tells the second listener that there is one, which lives on', async () => {
    const { next } = await listen();
    expect(await listenLocal(path, () => {})).toEqual({
      kind: 'in_use',
      message: `another process listens at ${path}; connect to it, or end it first`,
    });
    await next();
    const near = expectPipe(await dialLocal(path));
    const far = record(await next());
    near.send('{"type":"x"}');
    expect(await far.next()).toBe('{"type":"x"}');
  });

  it('replaces the socket file that a killed process left', async () => {
    await mkdir(join(folder, 'home'));
    const child = await listenInChild();
    expect(await listenLocal(path, () => {})).toMatchObject({ kind: 'in_use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(path)).toBe(true);
    expect(await dialLocal(path)).toMatchObject({ kind: 'refused' });
    const { next } = await listen();
    const far = next();
    expectPipe(await dialLocal(path));
    await far;
  });

  it('does not touch a file that is no socket', async () => {
    await mkdir(join(folder, 'home'));
    await writeFile(path, 'precious');
    expect(await listenLocal(path, () => {})).toEqual({
      kind: 'error',
      message: `cannot listen at ${path}: a file that is no socket is in the way; remove it`,
    });
    expect(await readFile(path, 'utf8')).toBe('precious');
  });

  it('says why a folder cannot be used', async () => {
    await writeFile(join(folder, 'home'), 'a file');
    expect(await listenLocal(path, () => {})).toMatchObject({
      kind: 'error',
      message: expect.stringMatching(/cannot listen at .*home/),
    });
  });

  it('uses a short path of its own where the path is too long for a socket', async () => {
    const long = join(folder, 'x'.repeat(120), 'socket');
    const { listener, next } = await listen({}, long);
    onTestFinished(() => listener.close());
    expect(Buffer.byteLength(listener.address)).toBeLessThanOrEqual(103);
    expect([modeOf(listener.address), modeOf(join(listener.address, '..'))]).toEqual([0o600, 0o700]);
    expect(localAddress(`${long}2`).name).not.toBe(listener.address);
    expectPipe(await dialLocal(long));
    await next();
  });

  it('trusts no link in the place of that folder', async () => {
    const before = process.env.TMPDIR;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    process.env.TMPDIR = folder;
    const long = join(folder, 'x'.repeat(120), 'socket');
    const shortFolder = join(localAddress(long).name, '..');
    await mkdir(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), shortFolder);
    const problem = `${shortFolder} is no folder; remove it`;
    expect(await listenLocal(long, () => {})).toEqual({
      kind: 'error',
      message: `cannot listen at ${long}: ${problem}`,
    });
    expect(await dialLocal(long)).toEqual({
      kind: 'error',
      message: `cannot connect to ${long}: ${problem}`,
    });
  });
});

describe('a local pipe', () => {
  it('says that nobody listens', async () => {
    expect(await dialLocal(path)).toEqual({
      kind: 'refused',
      message: `nobody listens at ${path}; start the process that should`,
    });
  });

  it('is one JSON text per line, as anybody can type it', async () => {
    const { next } = await listen();
    const hand = connect(path);
    const far = await next();
    const heard = record(far);
    hand.write('{"type":"a"}\n\n{"type":"b"}\n[4000,"enough"]\n{"type":"too late"}\n');
    expect(await heard.closed).toEqual({ code: 4000, reason: 'enough' });
    expect(heard.messages).toEqual(['{"type":"a"}', '{"type":"b"}']);
    hand.destroy();
  });

  it('keeps characters whole that are split over chunks', async () => {
    const { next } = await listen();
    const hand = connect(path).setNoDelay();
    const heard = record(await next());
    for (const byte of Buffer.from('{"type":"漢🙂é"}\n')) {
      await new Promise((resolve) => hand.write(Buffer.from([byte]), resolve));
      await turns(2);
    }
    expect(await heard.next()).toBe('{"type":"漢🙂é"}');
    hand.destroy();
    expect((await heard.closed).code).toBe(1006);
  });

  it('writes what is sent in one turn of the event loop once', async () => {
    const sockets: Socket[] = [];
    const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', note);
    const { near, far } = await pair();
    unsubscribe('net.client.socket', note);
    const [socket] = sockets;
    if (!socket) return expect.unreachable();
    const count = countWrites(socket);
    const heard = record(far);
    for (let n = 0; n < 100; n++) near.send(`{"n":${n}}`);
    for (let n = 0; n < 100; n++) expect(await heard.next()).toBe(`{"n":${n}}`);
    expect(count()).toBe(1);
  });

  it('shows as unsent what a paused reader does not take, and tells when it is gone', async () => {
    const { near, far } = await pair();
    const a = record(near);
    const text = `{"type":"${'x'.repeat(MiB)}"}`;
    for (let n = 0; n < 16; n++) near.send(text);
    await turns(50);
    expect(near.unsent).toBeGreaterThan(8 * MiB);
    expect(a.heard).toEqual([]);
    const b = record(far);
    await a.drained;
    expect(near.unsent).toBe(0);
    for (let n = 0; n < 16; n++) expect(await b.next()).toBe(text);
  });

  it('ends with 1006 when the process of the peer is killed', async () => {
    const { next } = await listen();
    const script = `const s = require('node:net').connect(process.argv[1], () => s.write('{"type":"ready"}\\n'))`;
    const child = spawn(process.execPath, ['-e', script, path], { stdio: 'inherit' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const far = record(await next());
    await far.next();
    child.kill('SIGKILL');
    expect((await far.closed).code).toBe(1006);
  });

  it('can be closed before anybody listened to it', async () => {
    const clock = virtualClock();
    const { near, far } = await pair({ clock });
    const heard = record(near);
    near.send('{"type":"unread"}');
    await turns(3);
    far.close(4000, 'no interest');
    expect(await heard.closed).toEqual({ code: 4000, reason: 'no interest' });
    await vi.waitFor(() => expect(clock.pending).toBe(0));
  });

  it('cuts off a peer that does not answer a close', async () => {
    const clock = virtualClock();
    const { next } = await listen({ clock });
    const hand = connect({ path, allowHalfOpen: true });
    onTestFinished(() => void hand.destroy());
    const far = await next();
    const heard = record(far);
    far.close(4408, 'slow reader');
    hand.resume();
    await once(hand, 'end');
    await turns(10);
    expect(heard.heard).toEqual([]);
    await clock.advance(10_000);
    expect(await heard.closed).toEqual({ code: 4408, reason: 'slow reader' });
    expect(clock.pending).toBe(0);
  });
});

describe('[LINK-3] the longest line of a local socket', () => {
  const line = (bytes: number) => `{"type":"${'x'.repeat(bytes - 11)}"}`;

  it('is what the option says; a longer one closes that connection with 1009 and a reason, and no other', async () => {
    const { near, far, next } = await pair({ maxPayload: 16 * MiB });
    const other = expectPipe(await dialLocal(path));
    const a = record(near);
    const b = record(far);
    const d = record(await next());
    near.send(line(16 * MiB));
    expect((await b.next()).length).toBe(16 * MiB);
    near.send(line(17 * MiB));
    const why = {
      code: 1009,
      reason: 'a frame is larger than the 16777216 bytes accepted here; send it in parts',
    };
    expect(await b.closed).toEqual(why);
    expect(await a.closed).toEqual(why);
    expect(b.messages.length).toBe(1);
    other.send('{"type":"still here"}');
    expect(await d.next()).toBe('{"type":"still here"}');
  });

  it('is 40 MiB by default', async () => {
    const { near, far } = await pair();
    const [, b] = [record(near), record(far)];
    near.send(line(40 * MiB));
    expect((await b.next()).length).toBe(40 * MiB);
    near.send(line(40 * MiB + 1));
    expect((await b.closed).code).toBe(1009);
  });
});
