/** Milliseconds of one turn of the event loop that what models say may take before everybody else is heard. */
const shareMs = 4;

let began: number | null = null;

/**
 * Whether this turn of the event loop has lasted long enough: whoever works on a burst then goes on in the next one. All bursts share one
 * measure, so that twenty of them hold up a command no longer than one does.
 */
export function isLongTurn(): boolean {
  const now = performance.now();
  if (began !== null) return now - began > shareMs;
  began = now;
  setImmediate(() => {
    began = null;
  });
  return false;
}
