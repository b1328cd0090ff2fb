import type { Writable } from 'node:stream';

/** Returns what to call before each write, so that all writes of one turn of the event loop leave the process together. */
export function corkPerTurn(stream: Writable): () => void {
  let corked = false;
  return () => {
    if (corked) return;
    corked = true;
    stream.cork();
    setImmediate(() => {
      corked = false;
      stream.uncork();
    });
  };
}
