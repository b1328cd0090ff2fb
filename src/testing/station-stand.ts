import type { DeviceLink } from '../broker/station/device-link.ts';
import { createStation, type Station } from '../broker/station/station.ts';
import type { Client } from '../hub/session.ts';
import type { Clock } from '../link/clock.ts';
import { type ManualPair, manualPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { type VirtualClock, virtualClock } from '../link/virtual-clock.ts';
import { withListen } from '../link/with-listen.ts';
import type { Frame } from '../protocol/frames.ts';
import { owner } from '../protocol/privileges.ts';
import type { Peer } from './hub-stand.ts';
import { MemoryInbox } from './memory-inbox.ts';
import { MemoryMirror } from './memory-mirror.ts';

/** A station on stores in memory, where nothing moves until a test says so. */
export type StationStand = {
  readonly clock: VirtualClock;
  readonly mirror: MemoryMirror;
  readonly inbox: MemoryInbox;
  /** The present one; `restart` puts another in its place. */
  station(): Station;
  /** What was nobody's answer, oldest first. */
  readonly troubles: string[];
  readonly observed: unknown[];
  heartbeats(): number;
  /** Opens a link for whatever is attached to its device's end; `a` of the pair. */
  link(device: { attach(pipe: Pipe): void }, link?: Partial<Omit<DeviceLink, 'pipe'>>): ManualPair;
  /** A farhand client that reads whatever comes. */
  peer(client?: Partial<Client>): StationPeer;
  /** Moves everything on all links. */
  flush(): void;
  /** The broker dies and comes back on what its stores kept: every link ends, every timer with it. */
  restart(): void;
};

export type StationPeer = Peer & {
  /** The frames of a type that came. */
  readonly of: (type: string) => Frame[];
  /** Forgets what came so far. */
  readonly clear: () => void;
};

export function stationStand(
  stores: { mirror?: MemoryMirror; inbox?: MemoryInbox; clock?: VirtualClock } = {},
): StationStand {
  const { mirror = new MemoryMirror(), inbox = new MemoryInbox(), clock = virtualClock() } = stores;
  const troubles: string[] = [];
  const observed: unknown[] = [];
  let pairs = new Set<ManualPair>();
  let minted = 0;
  let heartbeats = 0;
  let links = 0;
  let life = 0;
  let station = create();

  /** What a process that died hears no more. */
  function mortal(pipe: Pipe): Pipe {
    const own = life;
    return withListen(pipe, (listener) =>
      pipe.listen({
        message: (text) => own === life && listener.message(text),
        drained: () => own === life && listener.drained?.(),
        closed: (why) => own === life && listener.closed(why),
      }),
    );
  }

  function create(): Station {
    life += 1;
    const own = life;
    const timers: Clock = {
      now: clock.now,
      after: (ms, run) => clock.after(ms, () => own === life && run()),
    };
    return createStation({
      mirror,
      inbox,
      clock: timers,
      version: '0.0.0-test',
      mint: () => `minted-${++minted}`,
      observed: (seen) => observed.push(seen),
      heartbeat: () => {
        heartbeats += 1;
      },
      trouble: (what) => troubles.push(what),
    });
  }
  function opened(): ManualPair {
    const pair = manualPair();
    pairs.add(pair);
    return pair;
  }
  return {
    clock,
    mirror,
    inbox,
    station: () => station,
    troubles,
    observed,
    heartbeats: () => heartbeats,
    link(device, more = {}) {
      const pair = opened();
      device.attach(pair.a);
      links += 1;
      const name = { connectionId: `conn-${links}`, connectionName: 'Work laptop' };
      station.connect({ pipe: mortal(pair.b), ...name, speaks: 'farhand', ...more });
      return pair;
    },
    peer(client = {}) {
      const pair = opened();
      const texts: string[] = [];
      let closed: number | null = null;
      pair.a.listen({
        message: (text) => texts.push(text),
        closed: ({ code }) => {
          closed = code;
        },
      });
      const query = new URLSearchParams({ farhand: '1' });
      station.hub.accept(mortal(pair.b), { principal: owner('broker'), hears: 'followed', query, ...client });
      const frames = (): Frame[] => texts.map((text) => JSON.parse(text) as Frame);
      return {
        pair,
        texts,
        frames,
        of: (type) => frames().filter((frame) => frame.type === type),
        clear: () => texts.splice(0),
        closed: () => closed,
        send: (frame) => pair.a.send(JSON.stringify(frame)),
      };
    },
    flush() {
      for (let moved = 1; moved > 0; ) {
        moved = 0;
        for (const pair of pairs) moved += pair.flush();
      }
    },
    restart() {
      life += 1;
      for (const pair of pairs) pair.cut();
      pairs = new Set();
      mirror.crash();
      station = create();
    },
  };
}
