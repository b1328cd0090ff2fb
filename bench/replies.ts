import type { Turn } from './farhand-client.ts';

// What to say to the model endpoint, so that it answers this.

/** Deltas at full speed, each of them `word`. */
export const burst = (deltas: number): string => `burst ${deltas}`;
/** One delta every so many milliseconds, each being the moment when it was written and a space. */
export const paced = (deltas: number, everyMs: number): string => `paced ${deltas} ${everyMs}`;

export const word = 'tick ';

/** The turn. @throws Error when it was not answered the whole burst: a part of it takes no time worth telling. */
export function whole(turn: Turn, deltas: number): Turn {
  const characters = deltas * word.length;
  if (turn.characters === characters) return turn;
  throw new Error(`${turn.characters} of ${characters} characters of the answer came.`);
}
