import type { Conversation } from '../farhand-client.ts';
import { interleave, type Measurement, ms, p50, p95, quantile, type Sample, spread } from '../harness.ts';
import { sinceMs } from '../moment.ts';
import { paced } from '../replies.ts';
import { withStand } from '../stand.ts';

export const DELTAS = 60;
export const EVERY_MS = 5;
const rounds = { rounds: 16, warmUp: 3 };

/** How old the words are that a person sees. */
export const delay: Measurement = {
  name: 'delay',
  about: `A model that writes a delta every ${EVERY_MS} ms, each being the moment when it was written; its age when the client has it. The goal for any delta is held against the 95th percentile.`,
  run: () =>
    withStand(async ({ farhand, bare }) => {
      const conversation = await farhand.conversation();
      const bareConversation = bare.conversation();
      const { device, subject } = await interleave(
        { device: () => ages(bareConversation), subject: () => ages(conversation) },
        rounds,
      );
      const first = (turns: readonly Sample[]) => turns.flatMap(([age]) => age ?? []);
      return [
        {
          what: 'Age of the first delta',
          farhand: spread(first(subject)),
          bare: spread(first(device)),
          figure: { value: p50(first(subject)), unit: ' ms' },
          goal: 5,
          stock: '',
          repetitions: rounds.rounds,
        },
        {
          what: 'Age of any delta',
          farhand: spreadToWorst(subject.flat()),
          bare: spreadToWorst(device.flat()),
          figure: { value: p95(subject.flat()), unit: ' ms' },
          goal: 20,
          stock: '',
          repetitions: rounds.rounds * DELTAS,
        },
      ];
    }),
};

/** The age of each delta of one turn of a model that writes at that pace. */
export async function ages(conversation: Conversation): Promise<Sample> {
  const seen: number[] = [];
  await conversation.turn(paced(DELTAS, EVERY_MS), (text) => {
    for (const moment of text.trim().split(' ')) seen.push(sinceMs(moment));
  });
  if (seen.length !== DELTAS) throw new Error(`${seen.length} of ${DELTAS} deltas came.`);
  return seen;
}

const spreadToWorst = (sample: Sample): string => `${spread(sample)}, worst ${ms(quantile(sample, 1))}`;
