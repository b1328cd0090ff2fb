import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { notBuilt } from '../built-remote.ts';
import { interleave, type Measurement, ms, p50, quantile, type Row, type Sample } from '../harness.ts';
import { nowText } from '../moment.ts';
import { bareRelay, farhandRelay, type Relay } from '../relays.ts';
import { withFolder } from '../scratch.ts';
import { type Subscribers, startSubscribers } from '../subscribers.ts';

/** Subscribers, how many frames they are sent, and how many times the bare relay's speed is wanted. */
const crowds = [
  { subscribers: 1, frames: 20_000, goal: 0.5 },
  { subscribers: 10, frames: 10_000, goal: 5 },
  { subscribers: 100, frames: 3_000, goal: 20 },
] as const;
const rounds = { rounds: 5, warmUp: 1 };

const RATE = 2_000;
const PACED_FRAMES = 4_000;
const PACED_SUBSCRIBERS = 10;

const AT_ONCE = 100;
const MAX_UNSENT = 256 * 1024;

/** What a broker makes of a stream of frames. */
export const relay: Measurement = {
  name: 'relay',
  about: `A device sends frames of some 450 bytes as fast as they go, to 1, 10 and 100 subscribers of one conversation, until the last of them has the last frame: through the built \`farhand serve\`, which numbers and stores them, and through a bare \`ws\` server that sends each to each with one \`ws.send\`. The order is checked at one subscriber, and what was stored by a client that comes afterwards. Then ${RATE} frames a second to ${PACED_SUBSCRIBERS} subscribers, and how old a frame is when it arrives.`,
  run: async () => notBuilt() ?? (await withFolder('disk', measured)),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const bare = await bareRelay();
  const farhand = await farhandRelay(folder);
  const subscribers = await startSubscribers();
  try {
    const rows: Row[] = [];
    for (const crowd of crowds) rows.push(await speed(crowd, { bare, farhand, subscribers }));
    rows.push(await age({ bare, farhand, subscribers }));
    return rows;
  } finally {
    await Promise.all([bare.stop(), farhand.stop(), subscribers.stop()]);
  }
}

type Stand = { readonly bare: Relay; readonly farhand: Relay; readonly subscribers: Subscribers };

async function speed(
  { subscribers: count, frames, goal }: (typeof crowds)[number],
  { bare, farhand, subscribers }: Stand,
): Promise<Row> {
  const texts = Array.from({ length: frames }, (_, n) => `word ${n} of a reply`);
  const perSecond = (place: Relay) => async () => {
    const device = await place.device();
    await subscribers.open({ url: device.url, headers: device.headers, subscribers: count, frames });
    const start = performance.timeOrigin + performance.now();
    for (let n = 0; n < frames; n += AT_ONCE) {
      device.send(texts.slice(n, n + AT_ONCE));
      do await turn();
      while (device.unsent() > MAX_UNSENT);
    }
    const { done } = await subscribers.arrived();
    const kept = await device.kept();
    if (kept !== null && kept !== frames) throw new Error(`${kept} of ${frames} frames were kept.`);
    device.close();
    return (frames / (done - start)) * 1_000;
  };
  const taken = await interleave({ bare: perSecond(bare), farhand: perSecond(farhand) }, rounds);
  return {
    what: `Frames a second to ${count} subscriber${count === 1 ? '' : 's'}`,
    farhand: rate(taken.farhand),
    bare: rate(taken.bare),
    figure: { value: p50(taken.farhand) / p50(taken.bare), unit: '×' },
    goal,
    atLeast: true,
    stock: '',
    repetitions: rounds.rounds,
  };
}

async function age({ bare, farhand, subscribers }: Stand): Promise<Row> {
  const p99 = (place: Relay) => async () => {
    const device = await place.device();
    await subscribers.open({
      url: device.url,
      headers: device.headers,
      subscribers: PACED_SUBSCRIBERS,
      frames: PACED_FRAMES,
    });
    const start = performance.now();
    for (let sent = 0; sent < PACED_FRAMES; ) {
      const due = Math.min(PACED_FRAMES, Math.floor(((performance.now() - start) * RATE) / 1_000));
      for (; sent < due; sent++) device.send([`${nowText()} `]);
      await pause(1);
    }
    const { ages } = await subscribers.arrived();
    device.close();
    return quantile(ages, 0.99);
  };
  const taken = await interleave({ bare: p99(bare), farhand: p99(farhand) }, { rounds: 5, warmUp: 1 });
  return {
    what: `Age of a frame at ${RATE} a second, 99th percentile`,
    farhand: ms(p50(taken.farhand)),
    bare: ms(p50(taken.bare)),
    figure: { value: p50(taken.farhand) / p50(taken.bare), unit: '×' },
    goal: 2,
    stock: '',
    repetitions: 5,
  };
}

const rate = (sample: Sample): string => `${Math.round(p50(sample)).toLocaleString('en')} frames/s`;
