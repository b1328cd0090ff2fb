import { VANISHED } from '../link/close-code.ts';
import type { Closed, Pipe, PipeListener } from '../link/pipe.ts';

/** A pipe that ends as if its other side had died: what was on its way is lost, in both directions. */
export function breakable(pipe: Pipe, reason = 'the device died'): { readonly pipe: Pipe; cut(): void } {
  const why: Closed = { code: VANISHED, reason };
  let cut = false;
  let hearing: PipeListener | null = null;
  return {
    pipe: {
      send: (text) => void (cut || pipe.send(text)),
      get unsent() {
        return pipe.unsent;
      },
      get open() {
        return !cut && pipe.open;
      },
      close: (code, reason) => pipe.close(code, reason),
      listen(listener) {
        hearing = listener;
        if (cut) return queueMicrotask(() => listener.closed(why));
        pipe.listen({
          message: (text) => void (cut || listener.message(text)),
          closed: (own) => void (cut || listener.closed(own)),
          drained: () => void (cut || listener.drained?.()),
        });
      },
    },
    cut() {
      if (cut || !pipe.open) return;
      cut = true;
      pipe.close();
      queueMicrotask(() => hearing?.closed(why));
    },
  };
}

/** The end of a pipe that belongs to somebody who may die: the dead say and hear nothing. */
export const mortal = (pipe: Pipe, dead: () => boolean): Pipe => ({
  send: (text) => void (dead() || pipe.send(text)),
  get unsent() {
    return pipe.unsent;
  },
  get open() {
    return pipe.open;
  },
  close: (code, reason) => void (dead() || pipe.close(code, reason)),
  listen: (listener) =>
    pipe.listen({
      message: (text) => void (dead() || listener.message(text)),
      closed: (why) => void (dead() || listener.closed(why)),
      drained: () => void (dead() || listener.drained?.()),
    }),
});
