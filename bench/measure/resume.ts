import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { notBuilt, startRemote } from '../built-remote.ts';
import { interleave, type Measurement, p50, type Row, spread } from '../harness.ts';
import { nowMs } from '../moment.ts';
import type { ClientsJob, ClientsSaid } from '../processes/clients.ts';
import { bareRelay, farhandRelay, type Relay } from '../relays.ts';
import { withFolder } from '../scratch.ts';
import { farhandEnvironment } from '../stand.ts';
import { startTalkingChild } from '../talking-child.ts';

const DEVICES = 10;
const CLIENTS_OF_EACH = 10;
const CLIENTS = DEVICES * CLIENTS_OF_EACH;
/** A connection that was shorter is dialled again less soon. */
const STEADY_MS = 5_500;
const rounds = { rounds: 5, warmUp: 1 };

/** How soon everybody is back after a crash of what is in their midst. */
export const resume: Measurement = {
  name: 'resume',
  about: `The built \`farhand serve\` is killed with SIGKILL and started again at once, until ${CLIENTS} clients, each of which follows a conversation, know that the broker and their device are there and have caught up, and with them the ${DEVICES} devices, each a built \`farhand remote\` with a home of its own. Bare is the \`ws\` server, and ${CLIENTS + DEVICES} sockets that are dialled again as the clients are: at once, then a second or a little more later.`,
  run: async () => notBuilt() ?? (await withFolder('disk', measured)),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const open: { stop(): Promise<void> }[] = [];
  try {
    const farhand = await brokerArm(folder, open);
    const bare = await bareArm(open);
    const taken = await interleave({ bare, farhand }, rounds);
    return [
      {
        what: `Broker killed until ${CLIENTS} clients and ${DEVICES} devices are back`,
        farhand: spread(taken.farhand),
        bare: spread(taken.bare),
        figure: { value: p50(taken.farhand), unit: ' ms' },
        goal: 2_000,
        stock: '',
        repetitions: rounds.rounds,
      },
    ];
  } finally {
    for (const one of open.reverse()) await one.stop();
  }
}

type Open = { stop(): Promise<void> }[];

async function brokerArm(folder: string, open: Open): Promise<() => Promise<number>> {
  const port = await freePort();
  const start = () => farhandRelay(join(folder, 'broker'), port);
  const first = await start();
  const { url: broker, token, deviceToken } = first.served;
  return arm(first, start, open, async () => {
    const devices = [];
    for (let n = 0; n < DEVICES; n++) {
      const home = farhandEnvironment(join(folder, `device-${n}`), 'http://127.0.0.1:9/v1');
      const device = await startRemote({ ...home, FARHAND_URL: broker, FARHAND_TOKEN: deviceToken });
      open.push(device);
      devices.push({ deviceId: device.deviceId, agentId: device.agentId });
    }
    return { broker, token, devices, clients: CLIENTS_OF_EACH };
  });
}

async function bareArm(open: Open): Promise<() => Promise<number>> {
  const port = await freePort();
  const start = () => bareRelay(port);
  const first = await start();
  return arm(first, start, open, async () => ({
    bare: `${first.url}/subscriber`,
    sockets: CLIENTS + DEVICES,
  }));
}

/** Once all are there, what kills that relay again and again and measures how long it is until they are back. */
async function arm(
  first: Relay,
  start: () => Promise<Relay>,
  open: Open,
  job: () => Promise<ClientsJob>,
): Promise<() => Promise<number>> {
  let relay = first;
  open.push({ stop: () => relay.stop() });
  const clients = startTalkingChild<ClientsJob, ClientsSaid>('clients');
  open.push(clients);
  const all = async () =>
    (await clients.next('all clients', ({ all }) => all !== undefined)).all ?? Number.NaN;
  clients.tell(await job());
  let since = await all();
  return async () => {
    await pause(Math.max(0, since + STEADY_MS - nowMs()));
    const killed = nowMs();
    await relay.kill();
    relay = await start();
    since = await all();
    return since - killed;
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
