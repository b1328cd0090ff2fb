import { type Random, seededRandom } from '../../src/testing/chaos-random.ts';

/** Whatever a fuzz test chooses follows from this and its own name. */
const seed = Number(process.env.FARHAND_SEED ?? 20_260_101);
/** Frames at each door. */
export const framesPerDoor = Number(process.env.FARHAND_FUZZ_FRAMES ?? 100_000);

/** Runs with chances that the seed repeats; a failure says how to see it again. */
export async function fuzz(name: string, run: (random: Random) => void | Promise<void>): Promise<void> {
  let hash = seed;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  try {
    await run(seededRandom(hash));
  } catch (error) {
    const again = `FARHAND_SEED=${seed} FARHAND_FUZZ_FRAMES=${framesPerDoor} npx vitest run test/fuzz- -t '${name}'`;
    console.error(`${name} failed. To see it again: ${again}`);
    throw error;
  }
}
