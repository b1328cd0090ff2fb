import type { Conversation } from '../farhand-client.ts';
import { interleave, type Measurement, p50, spread } from '../harness.ts';
import { burst } from '../replies.ts';
import { withStand } from '../stand.ts';

export const CONVERSATIONS = 20;
export const REPLY = burst(200);
const rounds = { rounds: 15, warmUp: 4 };

/** Whether a crowd makes anybody wait. */
export const many: Measurement = {
  name: 'many',
  about: `${CONVERSATIONS} conversations of one client are given an input at the same moment, each is answered 200 deltas at full speed; how long the last of them waits for its first delta.`,
  run: () =>
    withStand(async ({ farhand, bare }) => {
      const crowd = await Promise.all(Array.from({ length: CONVERSATIONS }, () => farhand.conversation()));
      const bareCrowd = Array.from({ length: CONVERSATIONS }, () => bare.conversation());
      const { device, subject } = await interleave(
        { device: () => slowestFirst(bareCrowd), subject: () => slowestFirst(crowd) },
        rounds,
      );
      return [
        {
          what: `Slowest first delta of ${CONVERSATIONS} conversations`,
          farhand: spread(subject),
          bare: spread(device),
          figure: { value: p50(subject) / p50(device), unit: '×' },
          goal: 1.5,
          stock: '30×',
          repetitions: rounds.rounds,
        },
      ];
    }),
};

async function slowestFirst(conversations: readonly Conversation[]): Promise<number> {
  const turns = await Promise.all(conversations.map((conversation) => conversation.turn(REPLY)));
  return Math.max(...turns.map(({ firstMs }) => firstMs));
}
