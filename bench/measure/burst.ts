import { interleave, type Measurement, p50, spread, timed } from '../harness.ts';
import * as replies from '../replies.ts';
import { withStand } from '../stand.ts';

const DELTAS = 2_000;
const REPLY = replies.burst(DELTAS);
const rounds = { rounds: 20, warmUp: 5 };

/** How fast the words of a long answer arrive. */
export const burst: Measurement = {
  name: 'burst',
  about:
    'A warm turn whose model answers 2,000 deltas at full speed, from the input to the last delta at the client, against the same provider package read bare in the client itself, and against the bare device with its client.',
  run: () =>
    withStand(async ({ read, farhand, bare }) => {
      // A conversation each, so that no request carries the long answers before it.
      const subject = async () => {
        const conversation = await farhand.conversation();
        await conversation.turn(replies.burst(1));
        return replies.whole(await conversation.turn(REPLY), DELTAS).lastMs;
      };
      const { reader, device, farhandMs } = await interleave(
        {
          reader: () => timed(() => read(REPLY)),
          device: async () => replies.whole(await bare.conversation().turn(REPLY), DELTAS).lastMs,
          farhandMs: subject,
        },
        rounds,
      );
      const row = { farhand: spread(farhandMs), repetitions: rounds.rounds };
      return [
        {
          ...row,
          what: '2,000 deltas against the provider package read bare',
          bare: spread(reader),
          figure: { value: p50(farhandMs) / p50(reader), unit: '×' },
          goal: 1.5,
          stock: '',
        },
        {
          ...row,
          what: '2,000 deltas against a bare device',
          bare: spread(device),
          figure: { value: p50(farhandMs) / p50(device), unit: '×' },
          goal: 1,
          stock: '30×',
        },
      ];
    }),
};
