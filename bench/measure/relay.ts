import { notBuilt } from '../built-remote.ts';
import { interleave, type Measurement, ms, p50, quantile, type Row, type Sample } from '../harness.ts';
import { type RelayDevice, startRelayDevice } from '../relay-device.ts';
import { bareRelay, farhandRelay, type Place, type Relay } from '../relays.ts';
import { withFolder } from '../scratch.ts';
import { type Subscribers, startSubscribers } from '../subscribers.ts';

/** Subscribers, how many frames they are sent, and how many times the bare relay's speed is wanted. */
const crowds = [
  { subscribers: 1, frames: 50_000, goal: 0.5 },
  { subscribers: 10, frames: 20_000, goal: 5 },
  { subscribers: 100, frames: 5_000, goal: 20 },
] as const;
const rounds = { rounds: 5, warmUp: 1 };

const RATE = 2_000;
const PACED_FRAMES = 4_000;
const PACED_SUBSCRIBERS = 10;

/** What a broker makes of a stream of frames. */
export const relay: Measurement = {
  name: 'relay',
  about: `A device sends frames of some 450 bytes as fast as they go, to 1, 10 and 100 subscribers of one conversation, until the last of them has the last frame: through the built \`farhand serve\`, which numbers and stores them, and through a bare \`ws\` server that sends each to each with one \`ws.send\`. The device and the subscribers are processes of their own, and as cheap as they can be: the frames are made beforehand, and only one subscriber reads them. It checks the order; what was stored is checked by a client that comes afterwards. Then ${RATE} frames a second to ${PACED_SUBSCRIBERS} subscribers, and how old a frame is when it arrives.`,
  run: async () => notBuilt() ?? (await withFolder('disk', measured)),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const [bare, farhand] = await Promise.all([bareRelay(), farhandRelay(folder)]);
  const stand = { bare, farhand, device: startRelayDevice(), subscribers: startSubscribers() };
  try {
    const rows: Row[] = [];
    for (const crowd of crowds) rows.push(await speed(crowd, stand));
    rows.push(await age(stand));
    return rows;
  } finally {
    await Promise.all(Object.values(stand).map((one) => one.stop()));
  }
}

type Stand = {
  readonly bare: Relay;
  readonly farhand: Relay;
  readonly device: RelayDevice;
  readonly subscribers: Subscribers;
};

/** A device with a conversation of its own at that relay, and those who hear it. */
async function gathered(
  { device, subscribers }: Stand,
  relay: Relay,
  crowd: { readonly subscribers: number; readonly frames: number },
): Promise<Place> {
  const place = await relay.place();
  await device.link(place.device);
  await subscribers.open({ ...place.subscriber, ...crowd });
  return place;
}

async function speed({ subscribers, frames, goal }: (typeof crowds)[number], stand: Stand): Promise<Row> {
  const perSecond = (relay: Relay) => async () => {
    const place = await gathered(stand, relay, { subscribers, frames });
    const [began, { done }] = await Promise.all([stand.device.flood(frames), stand.subscribers.arrived()]);
    const kept = await place.kept();
    if (kept !== null && kept !== frames) throw new Error(`${kept} of ${frames} frames were kept.`);
    return (frames / (done - began)) * 1_000;
  };
  const taken = await interleave({ bare: perSecond(stand.bare), farhand: perSecond(stand.farhand) }, rounds);
  return {
    what: `Frames a second to ${subscribers} subscriber${subscribers === 1 ? '' : 's'}`,
    farhand: rate(taken.farhand),
    bare: rate(taken.bare),
    figure: { value: p50(taken.farhand) / p50(taken.bare), unit: '×' },
    goal,
    atLeast: true,
    stock: '',
    repetitions: rounds.rounds,
  };
}

async function age(stand: Stand): Promise<Row> {
  const p99 = (relay: Relay) => async () => {
    await gathered(stand, relay, { subscribers: PACED_SUBSCRIBERS, frames: PACED_FRAMES });
    const [{ ages }] = await Promise.all([
      stand.subscribers.arrived(),
      stand.device.pace(PACED_FRAMES, RATE),
    ]);
    return quantile(ages, 0.99);
  };
  const taken = await interleave({ bare: p99(stand.bare), farhand: p99(stand.farhand) }, rounds);
  return {
    what: `Age of a frame at ${RATE} a second, 99th percentile`,
    farhand: ms(p50(taken.farhand)),
    bare: ms(p50(taken.bare)),
    figure: { value: p50(taken.farhand) / p50(taken.bare), unit: '×' },
    goal: 2,
    stock: '',
    repetitions: rounds.rounds,
  };
}

const rate = (sample: Sample): string => `${Math.round(p50(sample)).toLocaleString('en')} frames/s`;
