import { interleave, type Measurement, p50 } from '../harness.ts';
import { burst, whole } from '../replies.ts';
import { withStand } from '../stand.ts';

const DELTAS = 2_000;
const REPLY = burst(DELTAS);
const rounds = { rounds: 8, warmUp: 2 };

/** What a long answer weighs. */
export const wire: Measurement = {
  name: 'wire',
  about:
    'Everything that a client receives in a turn of 2,000 deltas at full speed, statuses and receipts included, divided by 2,000; five bytes of each delta are its text.',
  run: () =>
    withStand(async ({ farhand, bare }) => {
      const conversation = await farhand.conversation();
      const bareConversation = bare.conversation();
      const { device, subject } = await interleave(
        {
          device: async () => whole(await bareConversation.turn(REPLY), DELTAS).bytes / DELTAS,
          subject: async () => whole(await conversation.turn(REPLY), DELTAS).bytes / DELTAS,
        },
        rounds,
      );
      return [
        {
          what: 'Bytes on the wire per delta',
          farhand: `${p50(subject).toFixed(1)} bytes`,
          bare: `${p50(device).toFixed(1)} bytes, a frame each`,
          figure: { value: p50(subject), unit: ' bytes' },
          goal: 20,
          stock: '551 bytes',
          repetitions: rounds.rounds,
        },
      ];
    }),
};
