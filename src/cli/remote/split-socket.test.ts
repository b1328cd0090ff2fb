import { describe, expect, it } from 'vitest';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import { memoryPair } from '../../link/memory.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { type Recorder, record } from '../../link/recorder.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import { dialSplit } from './split-socket.ts';

const pairing = { generation: 'gen-1', attempt: 3 };
const ready = (more: object = {}) =>
  JSON.stringify({ type: 'listener_ready', connection_generation: 'gen-1', connection_attempt: 3, ...more });
const busy: DialFailure = { kind: 'refused', message: 'nobody listens' };

/** A broker of two sockets; `refused` names those that it does not open. */
function broker({ paired = false, refused = [] as string[] } = {}) {
  const clock = virtualClock();
  const urls: string[] = [];
  const sockets: Record<string, { readonly pipe: Pipe; readonly heard: Recorder }> = {};
  const dialled = dialSplit({
    url: 'ws://h/ws?x=1',
    clock,
    pairing: paired ? pairing : null,
    async dial(url) {
      urls.push(url);
      const channel = new URL(url).searchParams.get('channel') ?? '';
      if (refused.includes(channel)) return busy;
      const [near, far] = memoryPair({ clock });
      sockets[channel] = { pipe: far, heard: record(far) };
      return near;
    },
  });
  return {
    clock,
    urls,
    dialled,
    socket(channel: 'control' | 'stream') {
      const socket = sockets[channel];
      if (!socket) throw new Error(`no ${channel} socket`);
      return socket;
    },
    async up(): Promise<Pipe> {
      const pipe = await dialled;
      if (isDialFailure(pipe)) throw new Error(pipe.message);
      return pipe;
    },
  };
}

describe('two sockets as one', () => {
  it('are dialled together, each with its name, and end together for the same reason', async () => {
    for (const first of ['control', 'stream'] as const) {
      const { clock, urls, up, socket } = broker();
      const heard = record(await up());
      expect(urls).toEqual(['ws://h/ws?x=1&channel=control', 'ws://h/ws?x=1&channel=stream']);
      const why: Closed = { code: 1000, reason: 'Replaced by new connection' };
      socket(first).pipe.close(why.code, why.reason);
      await clock.advance(0);
      expect(await heard.closed).toEqual(why);
      const { heard: other } = socket(first === 'control' ? 'stream' : 'control');
      expect(await other.closed).toEqual(why);
      expect(heard.heard).toEqual(['closed 1000']);
    }
  });

  it('stream on the second what the contract calls streamed, ping on both, and hear the first alone', async () => {
    const { clock, up, socket } = broker();
    const pipe = await up();
    const heard = record(pipe);
    const say = (type: string) => pipe.send(JSON.stringify({ request_id: 'r', type }));
    for (const type of ['update_queue', 'turn_finished', 'ping', 'stream_delta', 'x']) say(type);
    pipe.send('no frame');
    expect(pipe.unsent).toBeGreaterThan(0);
    await clock.advance(0);
    const typesOn = (channel: 'control' | 'stream') =>
      socket(channel).heard.messages.map((text) => /"type":"(\w+)"/.exec(text)?.[1]);
    expect(typesOn('stream')).toEqual(['update_queue', 'ping', 'stream_delta']);
    expect(typesOn('control')).toEqual(['turn_finished', 'ping', 'x', undefined]);
    expect(heard.heard).toEqual(['drained']);
    socket('stream').pipe.send('{"type":"pong"}');
    socket('control').pipe.send('{"type":"sync"}');
    await clock.advance(0);
    expect(heard.messages).toEqual(['{"type":"sync"}']);
    pipe.close(1001, 'bye');
    expect(pipe.open).toBe(false);
    await clock.advance(0);
    for (const channel of ['control', 'stream'] as const)
      expect(await socket(channel).heard.closed).toEqual({ code: 1001, reason: 'bye' });
  });

  it.each([
    [false, 'control', 'stream'],
    [false, 'stream', 'control'],
    [true, 'stream', 'control'],
  ] as const)('are none when one does not open (pair: %s, %s)', async (paired, missing, other) => {
    const { clock, dialled, socket } = broker({ paired, refused: [missing] });
    await clock.advance(0);
    if (paired) socket('control').pipe.send(ready());
    await clock.advance(0);
    expect(await dialled).toEqual(busy);
    await clock.advance(0);
    expect(await socket(other).heard.closed).toMatchObject({ code: 1001 });
    expect(clock.pending).toBe(0);
  });
});

describe('two sockets that a broker acknowledges', () => {
  it('come up one after the other, and what comes meanwhile is heard afterwards, in order', async () => {
    const { clock, urls, up, socket } = broker({ paired: true });
    await clock.advance(0);
    const named = 'connectionGeneration=gen-1&connectionAttempt=3';
    expect(urls).toEqual([`ws://h/ws?x=1&channel=control&${named}`]);
    for (const text of ['1', ready(), '2']) socket('control').pipe.send(text);
    await clock.advance(0);
    expect(urls[1]).toBe(`ws://h/ws?x=1&channel=stream&${named}`);
    socket('control').pipe.send('3');
    await clock.advance(29_999);
    socket('stream').pipe.send(ready());
    await clock.advance(0);
    const heard = record(await up());
    socket('control').pipe.send('4');
    await clock.advance(60_000);
    expect(heard.messages).toEqual(['1', '2', '3', '4']);
    expect(clock.pending).toBe(0);
  });

  it.each(['control', 'stream'] as const)(
    'are given up when %s is not acknowledged in 30 s',
    async (late) => {
      const { clock, dialled, socket } = broker({ paired: true });
      await clock.advance(0);
      if (late === 'stream') socket('control').pipe.send(ready());
      await clock.advance(30_000);
      await clock.advance(0);
      expect(await dialled).toEqual({ kind: 'timeout', message: 'no listener_ready within 30 s' });
      await clock.advance(0);
      expect(await socket('control').heard.closed).toMatchObject({ code: 1001 });
      expect(await socket(late).heard.closed).toMatchObject({ code: 1001 });
    },
  );

  it.each([{ connection_generation: 'gen-0' }, { connection_attempt: 2 }, { connection_attempt: '3' }])(
    'are given up when the acknowledgement is of another pair: %o',
    async (other) => {
      const { clock, urls, dialled, socket } = broker({ paired: true });
      await clock.advance(0);
      socket('control').pipe.send(ready(other));
      await clock.advance(0);
      expect(await dialled).toMatchObject({
        kind: 'error',
        message: expect.stringContaining('another pair'),
      });
      expect(urls).toHaveLength(1);
      expect(clock.pending).toBe(0);
    },
  );

  it.each(['control', 'stream'] as const)(
    '[REG-3] say why they ended when %s ends before',
    async (channel) => {
      const { clock, up, socket } = broker({ paired: true });
      await clock.advance(0);
      if (channel === 'stream') socket('control').pipe.send(ready());
      await clock.advance(0);
      socket(channel).pipe.close(1008, 'lease unknown');
      await clock.advance(0);
      const heard = record(await up());
      await clock.advance(0);
      expect(await heard.closed).toEqual({ code: 1008, reason: 'lease unknown' });
    },
  );
});
