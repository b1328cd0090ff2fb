import { seededRandom } from './chaos-random.ts';

/** When a broker dies. Numbers count from 1 in each of its lives. */
export type BrokerKill =
  /** At a frame of the device, or at a command for it, that it has in its hands. */
  | { readonly at: 'event' | 'command'; readonly n: number; readonly side: Side }
  /** At a command that it parks. `before`: it is not durable. `after`: it is, and nobody was told. */
  | { readonly at: 'parking' | 'delivered'; readonly n: number; readonly side: Side }
  | { readonly at: 'time'; readonly ms: number };
export type Side = 'before' | 'after';

/** A connection that is lost while both its ends live on. */
export type Cut = {
  readonly whose: 'device' | 'client';
  readonly afterMs: number;
  /** Until it may be made again. */
  readonly forMs: number;
};

export type RelaySchedule = {
  /** One list for each life of the broker but the last; it dies of what comes first. */
  readonly brokers: readonly (readonly BrokerKill[])[];
  readonly cuts: readonly Cut[];
  /** Client processes that die after they have put a message into their outbox, each with a successor on the same outbox. */
  readonly senders: readonly { readonly afterMs: number; readonly livesMs: number }[];
  /** The device dies together with the broker. */
  readonly both: boolean;
};

/** What befalls the broker and the connections of a seed's schedule. */
export function relayScheduleOf(seed: number): RelaySchedule {
  const random = seededRandom(seed + 5_000_000);
  const side = () => random.pick(['before', 'after'] as const);
  const kill = (): BrokerKill => {
    const at = random.weighted({ event: 8, command: 4, parking: 4, delivered: 3, time: 4 });
    if (at === 'time') return { at, ms: random.int(0, 300) };
    const most = { event: 40, command: 6, parking: 2, delivered: 2 }[at];
    return { at, n: random.int(1, most), side: side() };
  };
  // Whatever does not come to pass must not keep the broker alive.
  const life = () => [kill(), { at: 'time', ms: random.int(150, 700) } as const];
  return {
    brokers: Array.from({ length: random.int(1, 3) }, life),
    cuts: Array.from({ length: random.int(0, 3) }, () => ({
      whose: random.pick(['device', 'device', 'client'] as const),
      afterMs: random.int(0, 400),
      forMs: random.pick([0, 5, 40, 150]),
    })),
    senders: Array.from({ length: random.int(0, 2) }, () => ({
      afterMs: random.int(0, 300),
      livesMs: random.pick([0, 0, 5, 30]),
    })),
    both: random.chance(0.3),
  };
}
