import { describe, expect, it } from 'vitest';
import { type CaptureLine, haveCaptures, readCapture } from '../../testing/captures.ts';
import { type Door, start, stubEndpoint, stubHome, type Upgraded } from './test-peers.ts';

/** A line about a socket or an HTTP request. */
type Line = CaptureLine & {
  readonly socket: string;
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
};

const linesOf = (name: string) => readCapture(`0.32.18/${name}`) as Line[];

/** What the recorded broker answered to registrations, with our own address to dial. */
const answersOf = (lines: readonly Line[], port: number) =>
  lines.flatMap(({ event, status, body }, n) => {
    if (event !== 'http_response' || !lines[n - 1]?.url.endsWith('/register')) return [];
    const wsUrl = `ws://127.0.0.1:${port}/ws`;
    const isLease = typeof body === 'object' && body !== null && 'wsUrl' in body;
    const said = isLease ? { ...body, wsUrl } : body;
    return [{ status, body: typeof said === 'string' ? said : JSON.stringify(said) }];
  });

/** How a socket says what it is. */
function labelOf(url: string) {
  const query = new URL(url, 'ws://h').searchParams;
  return {
    channel: query.get('channel') ?? 'single',
    attempt: query.get('connectionAttempt'),
    generation: query.get('connectionGeneration'),
  };
}

/** One connection of ours, of one socket or two, at a broker that does what a recorded one did. */
async function meet(lines: readonly Line[]) {
  const endpoint = await stubEndpoint();
  endpoint.answer(...answersOf(lines, endpoint.port));
  const home = stubHome();
  const remote = start(endpoint.base, home);
  let sockets: Record<string, Upgraded> = {};
  let left: Record<string, Upgraded> = {};
  let door: Door | null = null;
  const generations: (string | null)[] = [];
  const opened: unknown[] = [];

  const up = async (): Promise<Door> => {
    if (door) return door;
    expect(await remote.next()).toMatchObject({ event: 'connected', mode: 'broker' });
    door = await home.door();
    return door;
  };
  const at = (channel: string): Upgraded => {
    const socket = sockets[channel];
    if (!socket) throw new Error(`no ${channel} socket`);
    return socket;
  };
  return {
    opened,
    generations,
    async open() {
      const socket = await endpoint.socket();
      const { channel, attempt, generation } = labelOf(socket.url);
      sockets[channel] = socket;
      opened.push({ channel, attempt });
      generations.push(generation);
    },
    async cut({ socket }: Line) {
      await up();
      left = sockets;
      sockets = {};
      door = null;
      left[socket]?.pipe.close(1006);
      expect(await remote.next()).toMatchObject({ event: 'disconnected', code: 1006 });
      await remote.retried();
    },
    async closed({ socket }: Line) {
      await left[socket]?.closed;
    },
    async hear({ socket, frame }: Line) {
      if (frame?.type === 'listener_ready') {
        const { generation, attempt } = labelOf(at(socket).url);
        expect(String(frame.connection_attempt)).toBe(attempt);
        const ack = { ...frame, connection_generation: generation };
        return at(socket).pipe.send(JSON.stringify(ack));
      }
      const text = JSON.stringify(frame);
      const { next } = await up();
      at(socket).pipe.send(text);
      // The answer to our own ping is nobody else's.
      if (frame?.type !== 'pong') expect(await next()).toBe(text);
    },
    async say({ socket, frame }: Line) {
      const { pipe } = await up();
      const text = JSON.stringify(frame);
      // Both sockets of a pair ping in the same moment.
      if (frame?.type !== 'ping') pipe.send(text);
      else if (socket !== 'stream') await remote.clock.advance(30_000);
      expect(await at(socket).next()).toBe(text);
    },
  };
}

describe.runIf(haveCaptures())('at a broker as stock programs meet it', () => {
  it.each(['01-register-single', '01-register-split', '01-register-paired', '03-text-turn-split'])(
    '[REG-1] the same sockets, and the same frames on each: %s',
    async (name) => {
      const lines = linesOf(name);
      const here = await meet(lines);
      for (const line of lines) {
        if (line.event === 'ws_open') await here.open();
        else if (line.event === 'ws_close_sent') await here.cut(line);
        else if (line.event === 'ws_close') await here.closed(line);
        else if (line.frame) await (line.dir === 'runtime->broker' ? here.say(line) : here.hear(line));
      }
      const recorded = lines.flatMap(({ event, url }) => (event === 'ws_open' ? [labelOf(url)] : []));
      const labels = recorded.map(({ channel, attempt }) => ({ channel, attempt }));
      expect(here.opened).toEqual(expect.arrayContaining(labels));
      expect(here.opened).toHaveLength(labels.length);
      expect(new Set(here.generations).size).toBe(new Set(recorded.map(({ generation }) => generation)).size);
    },
  );

  it('[REG-1] tries again after the same answers, and gives up at the same', async () => {
    const endpoint = await stubEndpoint();
    const [busy, broken, slow, lease, denied, odd] = answersOf(linesOf('01-register-errors'), endpoint.port);
    if (!busy || !broken || !slow || !lease || !denied || !odd) throw new Error('not the recording it was');
    expect([busy, broken, slow, lease, denied, odd].map(({ status }) => status)).toEqual([
      503, 500, 429, 200, 401, 200,
    ]);
    endpoint.answer(busy, broken, slow, lease);
    const remote = start(endpoint.base, stubHome());
    for (let n = 0; n < 3; n++) await remote.retried();
    expect(await remote.next()).toMatchObject({ event: 'connected', connectionId: 'conn-stub-4' });
    endpoint.answer(denied);
    expect(await start(endpoint.base, stubHome()).done).toMatchObject({ code: 'unauthorized' });
    endpoint.answer(odd);
    expect(await start(endpoint.base, stubHome()).done).toMatchObject({ code: 'unreachable' });
  });
});
