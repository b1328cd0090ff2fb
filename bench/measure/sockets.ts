import { setTimeout as pause } from 'node:timers/promises';
import { notBuilt } from '../built-remote.ts';
import type { Measurement, Row } from '../harness.ts';
import { bareRelay, farhandRelay, type Relay } from '../relays.ts';
import { residentMiB } from '../resident.ts';
import { withFolder } from '../scratch.ts';
import { startSubscribers } from '../subscribers.ts';

const SOCKETS = 10_000;
const SETTLE_MS = 2_000;

/** What clients cost that only wait. */
export const sockets: Measurement = {
  name: 'sockets',
  about: `Resident memory that ${SOCKETS.toLocaleString('en')} idle client sockets on one conversation add to the built \`farhand serve\`, beside what they add to the bare relay.`,
  run: async () => notBuilt() ?? (await withFolder('disk', measured)),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const subscribers = startSubscribers();
  const added = async (relay: Relay): Promise<{ before: number; after: number }> => {
    try {
      const { subscriber } = await relay.place();
      const before = residentMiB(relay.pid);
      await subscribers.open({ ...subscriber, subscribers: SOCKETS, frames: 0 });
      await pause(SETTLE_MS);
      return { before, after: residentMiB(relay.pid) };
    } finally {
      await relay.stop();
    }
  };
  try {
    const bare = await added(await bareRelay());
    const farhand = await added(await farhandRelay(folder));
    const mib = ({ before, after }: typeof bare) =>
      `${before.toFixed(0)} MiB and ${(after - before).toFixed(0)} more`;
    return [
      {
        what: `Memory of ${SOCKETS.toLocaleString('en')} idle client sockets`,
        farhand: mib(farhand),
        bare: mib(bare),
        figure: { value: farhand.after / bare.after, unit: '×' },
        goal: 1.5,
        stock: '',
        repetitions: 1,
      },
    ];
  } finally {
    await subscribers.stop();
  }
}
