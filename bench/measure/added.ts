import { join } from 'node:path';
import { startAppServer } from '../built-app-server.ts';
import { notBuilt, startRemote } from '../built-remote.ts';
import { type FarhandClient, farClient } from '../farhand-client.ts';
import { interleave, type Measurement, p50, type Row, spread } from '../harness.ts';
import { farhandRelay } from '../relays.ts';
import { withFolder } from '../scratch.ts';
import { farhandEnvironment, startModel } from '../stand.ts';
import { ages, DELTAS, EVERY_MS } from './delay.ts';

const rounds = { rounds: 16, warmUp: 3 };

/** What the way over a broker adds. */
export const added: Measurement = {
  name: 'added',
  about: `The age of each delta of a model that writes one every ${EVERY_MS} ms, as in *delay*, at a client of the built \`farhand serve\` to which a built \`farhand remote\` is connected, less that at a client of the built \`farhand app-server\`, which owns a home of its own.`,
  run: async () => notBuilt() ?? (await withFolder('disk', measured)),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const open: { stop(): Promise<void> }[] = [];
  const kept = async <Started extends { stop(): Promise<void> }>(starting: Promise<Started>) => {
    const started = await starting;
    open.push(started);
    return started;
  };
  const clients: FarhandClient[] = [];
  const aged = async (url: string, token: string | null) => {
    const client = await farClient(url, token);
    clients.push(client);
    const conversation = await client.conversation();
    return () => ages(conversation);
  };
  try {
    const model = await kept(startModel());
    const home = (name: string) => farhandEnvironment(join(folder, name), String(model.said.url));
    const { served } = await kept(farhandRelay(join(folder, 'broker')));
    const { url, token, deviceToken } = served;
    await kept(startRemote({ ...home('remote'), FARHAND_URL: url, FARHAND_TOKEN: deviceToken }));
    const { wsUrl } = await kept(startAppServer(home('app-server')));
    const arms = { broker: await aged(url, token), appServer: await aged(wsUrl, null) };
    const taken = await interleave(arms, rounds);
    const [broker, appServer] = [taken.broker.flat(), taken.appServer.flat()];
    return [
      {
        what: 'Age of any delta that a broker adds',
        farhand: `${spread(broker)} over the broker`,
        bare: `${spread(appServer)} at the app-server`,
        figure: { value: p50(broker) - p50(appServer), unit: ' ms' },
        goal: 1,
        stock: '',
        repetitions: rounds.rounds * DELTAS,
      },
    ];
  } finally {
    for (const client of clients) client.close();
    for (const one of open.reverse()) await one.stop();
  }
}
