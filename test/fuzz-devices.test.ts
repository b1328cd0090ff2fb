import { describe, expect, it, vi } from 'vitest';
import { stateTypes } from '../src/broker/store/mirror.ts';
import { type ManualPair, manualPair } from '../src/link/memory.ts';
import type { Frame } from '../src/protocol/frames.ts';
import { owner } from '../src/protocol/privileges.ts';
import type { Random } from '../src/testing/chaos-random.ts';
import { brokerInProcess } from './support/broker-in-process.ts';
import { framesPerDoor, fuzz } from './support/fuzz.ts';
import { clientTypes, deviceTypes, frameSource, scopes } from './support/mutated-frames.ts';
import { hello, metadataOf, type Speaks } from './support/raw-link.ts';

// The link of a device at a broker with real stores: whatever a device of any kind says, while clients of every generation ask for it.

vi.setConfig({ testTimeout: 600_000 });

const kinds = Object.keys(metadataOf) as Speaks[];
const longEnough = 400_000;

describe('a device says anything', () => {
  it.each(kinds)('[LINK-4] as a %s device, and its clients are served', async (speaks) => {
    await fuzz(`as a ${speaks} device`, async (random) => {
      const ground = brokerInProcess();
      const { broker, clock, log } = ground;
      const registration = { deviceId: 'device-1', listenerInstanceId: null, connectionName: 'x' };
      const lease = broker.enrol({ ...registration, metadata: metadataOf[speaks] });
      if ('code' in lease) throw new Error(lease.message);
      const link = aLink();
      const connect = (): void => {
        broker.attach(lease, link.open());
        link.flush();
        if (speaks === 'farhand') link.send(JSON.stringify(hello({ feed_id: 'feed-1', head: 10 })));
      };
      connect();
      const [station] = ground.stations;
      if (!station) throw new Error('no station');
      const clients = theClients(random, (pair, query) =>
        station.hub.accept(pair.b, {
          principal: owner('broker'),
          hears: random.pick(['all', 'followed']),
          query,
        }),
      );
      const source = frameSource(random, { request_id: ['perm-1', 'inbox:1', 'inbox:2'] });
      // The most is made of how things are.
      const states = Array(8)
        .fill([...stateTypes, 'control_request'])
        .flat();
      const types = [...deviceTypes, ...states, ...clientTypes.slice(0, 4), 'ping', 'no_such_type'];
      // A stock device counts over all its conversations.
      const heads = new Map<unknown, number>();
      const placed = (by: Random): object => {
        const runtime = by.pick(scopes);
        const log = speaks === 'farhand' ? runtime : null;
        const head = (heads.get(log) ?? 0) + (by.chance(0.99) ? 1 : by.int(-5, 5));
        heads.set(log, head);
        return { runtime, event_seq: head, log_id: 'log-1' };
      };

      const count = Math.ceil(framesPerDoor / kinds.length);
      for (let sent = 0; sent < count; sent++) {
        if (!link.isOpen()) connect();
        const stamp = link.stamp(random);
        const own = {
          ...(random.chance(0.5) && stamp && { request_id: stamp }),
          ...(random.chance(0.7) && placed(random)),
          ...(random.chance(0.05) && { snapshot: true }),
        };
        const type = random.pick(types);
        const frame = source.mutated(type, own);
        // Much of what nobody can read ends the link.
        link.send(source.text(random.chance(0.98) ? { ...frame, type } : frame, 0.003));
        if (random.chance(0.2)) link.flush();
        if (random.chance(0.1)) clients.flush();
        if (sent % 100 !== 99) continue;
        clients.ask(random);
        if (random.chance(0.1)) link.cut();
        link.flush();
        clients.flush();
        await clock.advance(random.int(0, 500));
        link.flush();
        clients.flush();
      }
      link.cut();
      await clock.advance(longEnough);
      clients.flush();
      const failures = log.filter(({ event, what }) => event === 'trouble' && !isExpected(String(what)));
      expect(failures.slice(0, 5)).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

      // Nobody waits for ever, and nothing is left of anybody.
      const asked = clients.askAll();
      clients.flush();
      await clock.advance(longEnough);
      clients.flush();
      expect(clients.unanswered(asked)).toEqual([]);
      clients.leave();
      await clock.advance(longEnough);
      expect(station.hub.stats()).toMatchObject({ sessions: 0, parted: 0, ringBytes: 0 });
      await ground.close();
      expect(clock.pending).toBe(0);
    });
  });
});

const isExpected = (what: string): boolean =>
  what.startsWith('the link was ended: ') ||
  what.startsWith('a frame was passed over: ') ||
  what.startsWith('an event was passed over: ');

/** The device's end of links, one after the other, with the stamps of what it is asked. */
function aLink() {
  let pair: ManualPair | null = null;
  let stamps: string[] = [];
  return {
    open() {
      const fresh = manualPair();
      pair = fresh;
      fresh.a.listen({
        message(text) {
          const { request_id } = JSON.parse(text) as Frame;
          if (typeof request_id === 'string') stamps = [...stamps.slice(-20), request_id];
        },
        closed() {
          if (pair === fresh) pair = null;
        },
      });
      return fresh.b;
    },
    isOpen: () => pair?.a.open === true,
    stamp: (random: Random) => (stamps.length > 0 ? random.pick(stamps) : null),
    send: (text: string) => pair?.a.send(text),
    flush: () => void pair?.flush(),
    cut() {
      pair?.cut();
      pair = null;
    },
  };
}

const queries = [{}, { channel: 'control' }, { farhand: '1' }] as const;

/** A client of every generation, who comes again when it is cut off. */
function theClients(random: Random, accept: (pair: ManualPair, query: URLSearchParams) => void) {
  let n = 0;
  let answered = new Set<unknown>();
  const come = (query: (typeof queries)[number]): ManualPair => {
    const pair = manualPair();
    accept(pair, new URLSearchParams(query));
    pair.a.listen({
      message: (text) => void answered.add((JSON.parse(text) as Frame).request_id),
      closed: () => undefined,
    });
    return pair;
  };
  let pairs = queries.map(come);
  const source = frameSource(random);
  const say = (pair: ManualPair, frame: object): void => pair.a.send(JSON.stringify(frame));
  return {
    flush() {
      for (const pair of pairs) pair.flush();
      pairs = pairs.map((pair, at) => (pair.a.open ? pair : come(queries[at] ?? {})));
    },
    ask(by: Random) {
      for (const pair of pairs) {
        const type = by.pick([
          'sync',
          'sync',
          'input',
          'abort_message',
          'agent_list',
          'approvals_list',
          'update_model',
        ]);
        say(pair, { ...source.valid(type), request_id: `r-${++n}` });
      }
      answered = new Set();
    },
    /** Every client asks how each conversation is, and says something in it; returns under which ids. */
    askAll: () =>
      pairs.flatMap((pair) =>
        scopes.flatMap((runtime) => {
          const messages = [{ role: 'user', content: 'hello', client_message_id: `cm-last-${++n}` }];
          const [sync, input] = [`r-${++n}`, `r-${++n}`];
          say(pair, { type: 'sync', request_id: sync, runtime });
          say(pair, {
            type: 'input',
            request_id: input,
            runtime,
            payload: { kind: 'create_message', messages },
          });
          return [sync, input];
        }),
      ),
    unanswered: (ids: readonly string[]) => ids.filter((id) => !answered.has(id)),
    leave() {
      for (const pair of pairs) {
        pair.a.close(1000);
        pair.flush();
      }
    },
  };
}
