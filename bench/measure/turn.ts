import { join } from 'node:path';
import { bareCommits } from '../bare-commits.ts';
import { interleave, type Measurement, p50, type Row, spread, timed } from '../harness.ts';
import { burst } from '../replies.ts';
import { hasMemoryDisk, type Medium, withFolder } from '../scratch.ts';
import { withStand } from '../stand.ts';

const REPLY = burst(10);
const rounds = { rounds: 120, warmUp: 15 };

/** What a turn costs beyond the model call that it makes. */
export const turn: Measurement = {
  name: 'turn',
  about:
    'A turn with an answer of ten deltas, from the input to its end at a client on the private socket, less the same model call made bare. A turn flushes the disk for the input, for the first words and for the end; in the second row the home is on a disk of memory, where that is free.',
  async run() {
    const rows = [await overhead('disk', 'Turn overhead')];
    if (hasMemoryDisk()) rows.push(await overhead('memory', 'Turn overhead where a flush is free'));
    return rows;
  },
};

const overhead = (medium: Medium, what: string): Promise<Row> =>
  withFolder(medium, (folder) =>
    withStand(async ({ read, farhand }) => {
      const commits = bareCommits(join(folder, 'bare.db'));
      const conversation = await farhand.conversation();
      const taken = await interleave(
        {
          bare: () => timed(() => read(REPLY)),
          farhand: async () => (await conversation.turn(REPLY)).endMs,
          commit: () => timed(() => commits.one()),
        },
        rounds,
      );
      commits.close();
      return {
        what,
        farhand: spread(taken.farhand),
        bare: `${spread(taken.bare)} the model call; ${spread(taken.commit)} one bare commit`,
        figure: { value: p50(taken.farhand) - p50(taken.bare), unit: ' ms' },
        goal: medium === 'disk' ? 5 : null,
        stock: medium === 'disk' ? '18 ms' : '',
        repetitions: rounds.rounds,
      };
    }, medium),
  );
