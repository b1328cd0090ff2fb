import { type Random, seededRandom } from '../../src/testing/chaos-random.ts';

/** Whatever a fuzz test chooses follows from this and its own name. */
const seed = Number(process.env.FARHAND_SEED ?? 20_260_101);
/** Frames at each door; `npm run test:fuzz` sends ten times as many. */
export const framesPerDoor = Number(process.env.FARHAND_FUZZ_FRAMES ?? 10_000);

/** Runs with chances that the seed repeats; a failure, also one that nobody waits for, says how to see it again. */
export async function fuzz(name: string, run: (random: Random) => void | Promise<void>): Promise<void> {
  let hash = seed;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  const faults: unknown[] = [];
  const note = (error: unknown): void => void faults.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  try {
    await run(seededRandom(hash));
    if (faults.length > 0) throw faults[0];
  } catch (error) {
    const again = `FARHAND_SEED=${seed} FARHAND_FUZZ_FRAMES=${framesPerDoor} npx vitest run test/fuzz- -t '${name}'`;
    console.error(`${name}: failed. To see it again: ${again}`);
    throw error;
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note);
  }
}
