import type { Clock, Timer } from '../../link/clock.ts';
import { parseTrusted } from '../../link/parse-trusted.ts';
import type { Pipe, PipeListener } from '../../link/pipe.ts';
import { HeldBack } from './split-held-back.ts';

export type SplitOptions = {
  readonly clock: Clock;
  /** Events of these numbers did not come in time: what they told is known only by asking again. */
  gap?(from: number, to: number): void;
};

/** Two sockets of one stock device as one pipe. */
export type SplitLink = {
  readonly pipe: Pipe;
  /** The second socket, when it comes; another one takes its place. The link goes on without it, on the first one alone. */
  stream(pipe: Pipe): void;
};

/** How long an event that is ahead of its turn waits for those before it. */
const HOLD_MS = 2_000;

/**
 * A stock device with two sockets sends states and text on the second one and all else on the first, so that its events overtake each
 * other. They are put back into the order of the device's own numbers (SEQ-5). Commands go out on the first socket, the only one that is
 * read for them; a ping is answered on the socket it came by.
 */
export function splitLink(control: Pipe, { clock, gap }: SplitOptions): SplitLink {
  let listener: PipeListener | undefined;
  let second: Pipe | undefined;
  let timer: Timer | undefined;
  const held = new HeldBack((text) => listener?.message(text));

  function hear(text: string): void {
    const seq = parseTrusted(text)?.event_seq;
    held.take(text, typeof seq === 'number' ? seq : null);
    if (held.size === 0) {
      timer?.cancel();
      timer = undefined;
    } else timer ??= clock.after(HOLD_MS, giveUp);
  }

  function giveUp(): void {
    timer = undefined;
    const missing = held.skip();
    if (missing) gap?.(missing.from, missing.to);
    if (held.size > 0) timer = clock.after(HOLD_MS, giveUp);
  }

  function hearStream(pipe: Pipe): void {
    pipe.listen({
      message(text) {
        if (parseTrusted(text)?.type === 'ping')
          return pipe.send(JSON.stringify({ type: 'pong', timestamp: clock.now() }));
        hear(text);
      },
      closed() {
        if (second === pipe) second = undefined;
      },
    });
  }

  const pipe: Pipe = {
    send: (text) => control.send(text),
    get unsent() {
      return control.unsent;
    },
    get open() {
      return control.open;
    },
    close(code, reason) {
      second?.close(code, reason);
      control.close(code, reason);
    },
    listen(heard) {
      listener = heard;
      control.listen({
        message: hear,
        drained: () => heard.drained?.(),
        closed(why) {
          timer?.cancel();
          // What is still held came before the end.
          while (held.size > 0) held.skip();
          second?.close(why.code === 1006 ? 1001 : why.code, why.reason);
          heard.closed(why);
        },
      });
      if (second) hearStream(second);
    },
  };

  return {
    pipe,
    stream(next) {
      const former = second;
      second = next;
      former?.close(1000, 'the device opened another stream socket');
      if (!control.open) next.close(1001, 'the control socket is gone');
      else if (listener) hearStream(next);
    },
  };
}
