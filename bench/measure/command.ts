import { setTimeout as pause } from 'node:timers/promises';
import type { FarhandClient } from '../farhand-client.ts';
import { type Measurement, ms, p50, quantile, type Sample, timed } from '../harness.ts';
import { withStand } from '../stand.ts';
import { CONVERSATIONS, REPLY } from './many.ts';

const EVERY_MS = 5;
const SECONDS = 6;

/** Whether a busy device still answers. */
export const command: Measurement = {
  name: 'command',
  about: `Another client asks for the list of agents every ${EVERY_MS} ms, whether it was answered or not, while ${CONVERSATIONS} conversations are given one input of 200 deltas after the other; and the same with nothing else going on.`,
  run: () =>
    withStand(async ({ farhand, farhandClient }) => {
      const other = await farhandClient();
      const crowd = await Promise.all(Array.from({ length: CONVERSATIONS }, () => farhand.conversation()));
      const load = () => Promise.all(crowd.map((conversation) => conversation.turn(REPLY)));
      await load();
      const quiet = await ask(other, pause(1_000 * (SECONDS / 3)));
      const busy = await ask(other, repeat(load, 1_000 * SECONDS));
      return [
        {
          what: 'An unrelated command under load',
          farhand: toTheTail(busy),
          bare: `${toTheTail(quiet)} without load`,
          figure: { value: quantile(busy, 0.99), unit: ' ms' },
          goal: 50,
          stock: '1,300 ms',
          repetitions: busy.length,
        },
      ];
    }),
};

async function repeat(work: () => Promise<unknown>, forMs: number): Promise<void> {
  const end = performance.now() + forMs;
  while (performance.now() < end) await work();
}

/** How long each of the questions waits that are asked at even intervals until `over`. */
async function ask(client: FarhandClient, over: Promise<unknown>): Promise<Sample> {
  const waits: Promise<number>[] = [];
  const timer = setInterval(() => waits.push(timed(() => client.call('agent_list', {}))), EVERY_MS);
  await over;
  clearInterval(timer);
  return Promise.all(waits);
}

const toTheTail = (sample: Sample): string => `${ms(p50(sample))} (p99 ${ms(quantile(sample, 0.99))})`;
