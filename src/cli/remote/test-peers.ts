import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { DialFailure } from '../../link/dial-failure.ts';
import { memoryPair } from '../../link/memory.ts';
import { acceptUpgrades } from '../../link/node/upgrade.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { record } from '../../link/recorder.ts';
import { type VirtualClock, virtualClock } from '../../link/virtual-clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { DoorFrame } from '../home/door.ts';
import { type Endpoint, readEndpoint } from './endpoint.ts';
import { type RemoteEvent, type RunningRemote, runRemote } from './remote.ts';

/** What comes is taken in turn; who is early waits. */
export function queue<T>() {
  const items: T[] = [];
  const asked: ((item: T) => void)[] = [];
  return {
    push(item: T): void {
      const next = asked.shift();
      if (next) next(item);
      else items.push(item);
    },
    next(): Promise<T> {
      const item = items.shift();
      return item === undefined ? new Promise((resolve) => asked.push(resolve)) : Promise.resolve(item);
    },
    get waiting(): number {
      return items.length;
    },
  };
}

/** The hub's end of a pipe that a relay has opened. */
export type Door = {
  readonly frame: DoorFrame;
  readonly connection: DoorFrame['connection'];
  readonly pipe: Pipe;
  next(): Promise<string>;
  readonly waiting: number;
  readonly closed: Promise<Closed>;
};

/** A home of which the test is the owner. It has one agent, `agent-1`. */
export function stubHome() {
  const doors = queue<Door>();
  let away: DialFailure | null = null;
  let opened = 0;

  function admit(pipe: Pipe): void {
    const texts = queue<string>();
    const closed = Promise.withResolvers<Closed>();
    let isDoor = false;
    pipe.listen({
      message(text) {
        if (isDoor) return texts.push(text);
        const frame = JSON.parse(text) as Frame | DoorFrame;
        if (isDoorFrame(frame)) {
          isDoor = true;
          const { connection } = frame;
          const { next } = texts;
          doors.push({
            frame,
            connection,
            pipe,
            next,
            closed: closed.promise,
            get waiting() {
              return texts.waiting;
            },
          });
        } else if (frame.type === 'agent_list') {
          const reply = {
            type: 'agent_list_response',
            request_id: frame.request_id,
            agents: [{ id: 'agent-1' }],
          };
          pipe.send(JSON.stringify(reply));
        }
      },
      closed: closed.resolve,
    });
  }
  return {
    door: doors.next,
    /** How often a pipe was asked for. */
    get opened() {
      return opened;
    },
    leave(why: DialFailure | null) {
      away = why;
    },
    member: {
      async open(): Promise<Pipe | DialFailure> {
        opened++;
        if (away) return away;
        const [near, far] = memoryPair();
        admit(far);
        return near;
      },
    },
  };
}

const isDoorFrame = (frame: Frame | DoorFrame): frame is DoorFrame => frame.type === 'door';

export type Asked = { readonly headers: IncomingHttpHeaders; readonly url: string; readonly body: unknown };
export type Answer = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
};
export type Upgraded = {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly pipe: Pipe;
  next(): Promise<string>;
  readonly heard: readonly string[];
  readonly closed: Promise<Closed>;
};

/** An endpoint that gives `answers` in turn, the last one for ever; without any it grants a lease. */
export async function stubEndpoint(...answers: Answer[]) {
  const asked = queue<Asked>();
  const sockets = queue<Upgraded>();
  let leases = 0;
  /** Refuses upgrades with this status. */
  let refuseWith = 0;
  const upgrade = acceptUpgrades();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, url = '' } = request;
    const body: unknown = JSON.parse(await readText(request));
    const given = (answers.length > 1 ? answers.shift() : answers[0]) ?? granted();
    response.writeHead(given.status, { connection: 'close', ...given.headers }).end(given.body);
    asked.push({ headers, url, body });
  }
  const granted = (): Answer => ({
    status: 200,
    body: JSON.stringify({
      connectionId: `conn-${++leases}`,
      wsUrl: `ws://127.0.0.1:${port}/ws?lease=${leases}`,
    }),
  });
  const server = createServer((request, response) => void answer(request, response));
  server.on('upgrade', (request, socket, head) => {
    if (refuseWith > 0) {
      socket.end(`HTTP/1.1 ${refuseWith} No\r\nContent-Length: 0\r\n\r\n`);
      sockets.push({} as Upgraded);
      return;
    }
    upgrade(request, socket, head, (pipe) => {
      onTestFinished(() => pipe.close(1006));
      const { heard, next, closed } = record(pipe);
      sockets.push({ url: request.url ?? '', headers: request.headers, pipe, next, heard, closed });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    base: `http://127.0.0.1:${port}`,
    port,
    server,
    asked: asked.next,
    get askedWaiting() {
      return asked.waiting;
    },
    socket: sockets.next,
    answer: (...next: Answer[]) => void answers.splice(0, answers.length, ...next),
    refuse(status: number) {
      refuseWith = status;
    },
  };
}

export const identity = { deviceId: 'device-1', listenerInstanceId: 'server-1' };

export type Started = RunningRemote & {
  /** The next thing it reported. */
  next(): Promise<RemoteEvent>;
  /** Lets the announced time pass. */
  retried(): Promise<void>;
  readonly clock: VirtualClock;
  /** The clock is looked at again: a connection does so for every sign of life. */
  nextReading(): Promise<void>;
};

/** `runRemote` on a clock that stands still. */
export function start(
  url: string,
  home: Pick<ReturnType<typeof stubHome>, 'member'>,
  flags: Partial<Endpoint> = {},
): Started {
  const time = virtualClock();
  let read = (): void => {};
  const clock: VirtualClock = {
    now() {
      read();
      return time.now();
    },
    after: time.after,
    advance: time.advance,
    get pending() {
      return time.pending;
    },
  };
  const events = queue<RemoteEvent>();
  const endpoint = readEndpoint({ url, token: 'tok' }, {}, { hostname: 'desk' });
  if ('code' in endpoint) throw new Error(endpoint.message);
  const remote = runRemote({
    member: home.member,
    endpoint: { ...endpoint, ...flags },
    identity,
    version: '9.9.9',
    clock,
    random: () => 0,
    report: events.push,
  });
  onTestFinished(() => remote.stop());
  return {
    ...remote,
    clock,
    next: events.next,
    nextReading: () =>
      new Promise((resolve) => {
        read = resolve;
      }),
    async retried() {
      const event = await events.next();
      if (event.event !== 'retry') throw new Error(`expected a retry, not ${JSON.stringify(event)}`);
      await clock.advance(event.delayMs);
    },
  };
}
