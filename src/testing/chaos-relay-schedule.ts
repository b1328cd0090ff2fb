import type { Passers } from './chaos-passers.ts';
import { type Random, seededRandom } from './chaos-random.ts';
import type { moments } from './chaos-schedule.ts';

/** What passes through a broker's hands, so that it can die at it. */
export const passages = [
  /** A frame of the device. */
  'event',
  /** A command to the device; one that had waited for it; its answer to one of those. */
  'command',
  'delivery',
  'taken',
  /** What the inbox takes in, and what it puts out. */
  'parking',
  'delivered',
  /** A stored event that a client has received. */
  'told',
] as const;
export type Passage = (typeof passages)[number];
export type Side = 'before' | 'after';

/** When a broker dies. Numbers count from 1 in each of its lives. */
export type BrokerKill =
  /** `before`: it comes to nothing. `after`: it has come to pass, and nothing came of it. */
  | { readonly at: Passage; readonly n: number; readonly side: Side }
  | { readonly at: 'time'; readonly ms: number };

/** A connection that is lost while both its ends live on. */
export type Cut = {
  readonly whose: 'device' | 'client';
  /** So long after the broker heard that, or when `null` after the beginning. */
  readonly moment: keyof typeof moments | null;
  readonly afterMs: number;
  /** Until it may be made again. */
  readonly forMs: number;
  /** Somebody stops what runs while it is cut. */
  readonly abort: boolean;
};

export type RelaySchedule = {
  /** One list for each life of the broker but the last; it dies of what comes first. */
  readonly brokers: readonly (readonly BrokerKill[])[];
  readonly cuts: readonly Cut[];
  readonly passers: Passers;
  /** How long the device stays away after each of its deaths; after later ones no time. */
  readonly absencesMs: readonly number[];
  /** The device dies together with the broker. */
  readonly both: boolean;
  /** Whether what a broker sent last arrives after its death. */
  readonly lingers: boolean;
  /** After its first death the broker has lost its disk. */
  readonly losesDisk: boolean;
};

const most: Readonly<Record<Passage, number>> = {
  event: 40,
  command: 6,
  delivery: 2,
  taken: 2,
  parking: 2,
  delivered: 2,
  told: 40,
};
/** More than the 30 s after which what waits is told again, as clocks run in the relayed world. */
const longMs = 3_600;

/** What befalls the broker and the connections of a seed's schedule. */
export function relayScheduleOf(seed: number): RelaySchedule {
  const random = seededRandom(seed + 5_000_000);
  const many = <T>(most: number, one: () => T): readonly T[] =>
    Array.from({ length: random.int(0, most) }, one);
  const brokers = Array.from({ length: random.int(1, 3) }, () => lifeOf(random));
  const cuts = many(3, () => cutOf(random));
  const passers = {
    senders: many(2, () => ({ afterMs: random.int(0, 300), livesMs: random.pick([0, 0, 5, 30, 80]) })),
    guests: many(1, () => ({ afterMs: random.int(20, 600) })),
    leavers: many(3, () => ({ afterMs: random.int(0, 300), patienceMs: random.pick([0, 300, 600]) })),
  };
  const all = {
    absencesMs: Array.from({ length: 4 }, () => random.pick([0, 10, 40, 120, 250])),
    both: random.chance(0.3),
    lingers: random.chance(0.5),
    losesDisk: false,
  };
  const usual = { ...all, brokers, passers, cuts };
  const kind = random.weighted({ usual: 82, long: 8, disk: 10 });
  if (kind === 'long') return { ...usual, cuts: [longCut(random)] };
  return kind === 'disk' ? { ...usual, ...diskLoss(random), losesDisk: true } : usual;
}

/** While the device is away and things wait for it: whoever sent them has to send them again, and those who have gone cannot. */
function diskLoss(random: Random): Pick<RelaySchedule, 'brokers' | 'cuts' | 'passers'> {
  const sender = () => ({ afterMs: random.int(20, 100), livesMs: random.pick([0, 40, 80]) });
  const away = {
    whose: 'device',
    moment: null,
    afterMs: random.int(0, 40),
    forMs: 450,
    abort: false,
  } as const;
  return {
    brokers: [[{ at: 'time', ms: random.int(150, 350) }], lifeOf(random)],
    cuts: [away],
    passers: { senders: [sender(), sender()], guests: [] },
  };
}

function lifeOf(random: Random): readonly BrokerKill[] {
  const weights = {
    event: 5,
    told: 5,
    command: 3,
    delivery: 4,
    taken: 3,
    parking: 4,
    delivered: 3,
    time: 3,
  };
  const at = random.weighted(weights);
  const kill: BrokerKill =
    at === 'time'
      ? { at, ms: random.int(0, 300) }
      : { at, n: random.int(1, most[at]), side: random.pick(['before', 'after']) };
  // Whatever does not come to pass must not keep the broker alive.
  return [kill, { at: 'time', ms: random.int(250, 900) }];
}

function cutOf(random: Random): Cut {
  const whose = random.pick(['device', 'device', 'client'] as const);
  const moment = random.weighted({ none: 4, approval: 5, tool_start: 5, text: 2, tool_end: 1, started: 1 });
  return {
    whose,
    moment: moment === 'none' ? null : moment,
    afterMs: moment === 'none' ? random.int(0, 400) : random.pick([0, 0, 3, 10, 40]),
    forMs: random.pick([0, 5, 40, 150, 250]),
    abort: whose === 'device' && random.chance(0.25),
  };
}

const longCut = (random: Random): Cut => ({
  whose: 'device',
  moment: random.pick(['approval', 'tool_start', 'text']),
  afterMs: random.pick([0, 3, 10]),
  forMs: longMs,
  abort: false,
});
