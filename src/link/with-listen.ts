import type { Closed, Pipe } from './pipe.ts';

/** The same pipe with another way to listen to it. */
export const withListen = (pipe: Pipe, listen: Pipe['listen']): Pipe => ({
  send: (text) => pipe.send(text),
  get unsent() {
    return pipe.unsent;
  },
  get open() {
    return pipe.open;
  },
  close: (code, reason) => pipe.close(code, reason),
  listen,
});

/** The same pipe, whose end is told to one more, after its listener. */
export function tellingEnd(pipe: Pipe, onEnd: (why: Closed) => void): Pipe {
  if (pipe.whenEnded) {
    pipe.whenEnded(onEnd);
    return pipe;
  }
  return withListen(pipe, (listener) =>
    pipe.listen({
      message: (text) => listener.message(text),
      drained: () => listener.drained?.(),
      closed(why) {
        listener.closed(why);
        onEnd(why);
      },
    }),
  );
}
