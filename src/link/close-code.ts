import type { Closed } from './pipe.ts';

/** The peer went away without a word: its process died, the network did, or this side gave it up for dead. */
export const VANISHED = 1006;
export const FRAME_TOO_LARGE = 1009;

/** RFC 6455 7.4: codes that a close frame may carry. The others (1004, 1005, 1006, 1015) only describe an end. */
export function maySend(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
    (code >= 3000 && code <= 4999)
  );
}

export function tooLarge(maxPayload: number): Closed {
  return {
    code: FRAME_TOO_LARGE,
    reason: `a frame is larger than the ${maxPayload} bytes accepted here; send it in parts`,
  };
}
