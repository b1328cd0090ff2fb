import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { notBuilt, remoteServer, startRemote } from '../built-remote.ts';
import { bareEnvironment, startChild } from '../child.ts';
import { farhandClient } from '../farhand-client.ts';
import { type Measurement, p50, type Row, type Sample } from '../harness.ts';
import { burst } from '../replies.ts';
import { residentMiB } from '../resident.ts';
import { withFolder } from '../scratch.ts';
import { farhandEnvironment, startModel } from '../stand.ts';

const PROCESSES = 3;
const TURNS = 50;
const REPLY = burst(200);
const SETTLE_MS = 1_500;
const BARE = 'process.stdin.on("close", () => {}).resume(); console.log("{}")';

/** What a device that waits for work keeps from other programs. */
export const memory: Measurement = {
  name: 'memory',
  about: `Resident memory of the built \`farhand remote\`, which owns its home: ${SETTLE_MS / 1_000} s after it connected, and after ${TURNS} turns of 200 deltas that a client on the private socket held with it; beside a Node that does nothing.`,
  run: async () => notBuilt() ?? (await measured()),
};

async function measured(): Promise<readonly Row[]> {
  const samples: { bare: number; idle: number; after: number }[] = [];
  for (let n = 0; n < PROCESSES; n++) samples.push(await withFolder('disk', one));
  const row = (what: string, sample: Sample, goal: number, stock: string): Row => ({
    what,
    farhand: mib(sample),
    bare: `${mib(samples.map(({ bare }) => bare))} node`,
    figure: { value: p50(sample), unit: ' MiB' },
    goal,
    stock,
    repetitions: PROCESSES,
  });
  return [
    row(
      'Memory, idle',
      samples.map(({ idle }) => idle),
      80,
      '242 MiB',
    ),
    row(
      `Memory after ${TURNS} turns`,
      samples.map(({ after }) => after),
      110,
      '273 MiB',
    ),
  ];
}

async function one(folder: string) {
  const model = await startModel();
  const node = await startChild(['-e', BARE], bareEnvironment());
  const server = await remoteServer();
  const env = { ...farhandEnvironment(folder, String(model.said.url)), ...server.env };
  const remote = await startRemote(env);
  try {
    await pause(SETTLE_MS);
    const [bare, idle] = [residentMiB(node.pid), residentMiB(remote.pid)];
    const client = await farhandClient(join(folder, 'home', 'owner.sock'));
    const conversation = await client.conversation();
    for (let n = 0; n < TURNS; n++) await conversation.turn(REPLY);
    client.close();
    await pause(SETTLE_MS);
    return { bare, idle, after: residentMiB(remote.pid) };
  } finally {
    await remote.stop();
    server.close();
    await Promise.all([node.stop(), model.stop()]);
  }
}

const mib = (sample: Sample): string => `${p50(sample).toFixed(1)} MiB`;
