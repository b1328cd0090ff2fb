import type { Closed, Pipe } from '../../src/link/pipe.ts';
import type { Frame } from '../../src/protocol/frames.ts';

/** The test's end of a connection to a hub. */
export type Peer = {
  /** Everything that came so far. */
  readonly frames: readonly Frame[];
  /** When each of them came, by `performance.now`. */
  readonly times: readonly number[];
  readonly closed: Promise<Closed>;
  /** Sends a frame, or any text as it is. */
  send(what: object | string): void;
  /** Sends a command under a fresh request id; resolves with what answers it. */
  ask(frame: Frame): Promise<Frame>;
  /** The first frame, past or to come, that matches; those before `from`, an index into `frames`, do not count. */
  until(matches: (frame: Frame) => boolean, from?: number): Promise<Frame>;
  /** Once `look`, which is tried now and after every frame, gives something. Rejects after a while, and when
   * the connection ends, with `wanted` and what came last. */
  watch<T>(look: () => T | undefined, wanted: () => string): Promise<T>;
  close(): void;
};

const patienceMs = 20_000;

export function peerOn(pipe: Pipe): Peer {
  const frames: Frame[] = [];
  const times: number[] = [];
  const looking = new Set<() => void>();
  const closed = Promise.withResolvers<Closed>();
  let asked = 0;
  pipe.listen({
    message(text) {
      frames.push(JSON.parse(text) as Frame);
      times.push(performance.now());
      for (const look of [...looking]) look();
    },
    closed: closed.resolve,
  });

  function watch<T>(look: () => T | undefined, wanted: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        clearTimeout(timer);
        if (!looking.delete(attempt)) return;
        const last = frames.slice(-12).map((frame) => JSON.stringify(frame).slice(0, 300));
        reject(new Error(`${wanted()} did not come. The last frames:\n${last.join('\n')}`));
      };
      const timer = setTimeout(giveUp, patienceMs);
      const attempt = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        looking.delete(attempt);
        resolve(found);
      };
      looking.add(attempt);
      attempt();
      void closed.promise.then(giveUp);
    });
  }
  function until(matches: (frame: Frame) => boolean, from = 0): Promise<Frame> {
    let next = from;
    return watch(
      () => {
        for (; next < frames.length; next++) {
          const frame = frames[next];
          if (frame && matches(frame)) return frame;
        }
        return undefined;
      },
      () => `A frame with ${matches}`,
    );
  }
  const send = (what: object | string) => pipe.send(typeof what === 'string' ? what : JSON.stringify(what));
  return {
    frames,
    times,
    closed: closed.promise,
    send,
    ask(frame) {
      asked += 1;
      const request_id = `asked-${asked}`;
      send({ ...frame, request_id });
      return until(
        (reply) => reply.request_id === request_id && reply.type !== 'control_request',
        frames.length,
      );
    },
    until,
    watch,
    close: () => pipe.close(),
  };
}
