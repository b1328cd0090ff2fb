import type { Clock } from '../../link/clock.ts';
import { delivery } from '../../link/delivery.ts';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import { parseTrusted } from '../../link/parse-trusted.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { withListen } from '../../link/with-listen.ts';
import { routeOf } from '../../protocol/routing.ts';

/** What a broker that acknowledges each socket of a pair knows the pair by. */
export type Pairing = {
  /** A fresh uuid for every attempt. */
  readonly generation: string;
  /** 1, 2, …: counts the attempts of this process. */
  readonly attempt: number;
};

export type SplitOptions = {
  dial(url: string): Promise<Pipe | DialFailure>;
  readonly url: string;
  readonly clock: Clock;
  /** Null: the broker acknowledges nothing. */
  readonly pairing: Pairing | null;
};

const READY_WITHIN_MS = 30_000;

/**
 * Two sockets as one pipe: what a stock program streams goes out on the second, all else goes and comes on the first, and when one ends
 * so does the other (protocol reference 1.1.4).
 */
export async function dialSplit({ dial, url, clock, pairing }: SplitOptions): Promise<Pipe | DialFailure> {
  const open = async (channel: 'control' | 'stream'): Promise<Pipe | DialFailure> => {
    const socket = await dial(labelled(url, channel, pairing));
    return pairing && !isDialFailure(socket) ? acknowledged(socket, pairing, clock) : socket;
  };
  const first = open('control');
  // A pair comes up one after the other, sockets without acknowledgement together.
  const second = pairing && !isUp(await first) ? null : open('stream');
  const [control, stream] = await Promise.all([first, second]);
  if (stream === null || isDialFailure(control)) {
    if (stream && !isDialFailure(stream)) stream.close(1001, 'the control socket did not open');
    return control;
  }
  if (!isDialFailure(stream)) return joined(control, stream);
  control.close(1001, 'the stream socket did not open');
  return stream;
}

/** One that has ended already is handed on as it is, so that the reason of its end is heard. */
const isUp = (socket: Pipe | DialFailure): boolean => !isDialFailure(socket) && socket.open;

function labelled(url: string, channel: string, pairing: Pairing | null): string {
  const place = new URL(url);
  place.searchParams.set('channel', channel);
  if (pairing) {
    place.searchParams.set('connectionGeneration', pairing.generation);
    place.searchParams.set('connectionAttempt', String(pairing.attempt));
  }
  return place.href;
}

/** Waits for the broker's word that it knows the socket; what else comes meanwhile is kept for whoever listens then. */
function acknowledged(socket: Pipe, pairing: Pairing, clock: Clock): Promise<Pipe | DialFailure> {
  const { promise, resolve } = Promise.withResolvers<Pipe | DialFailure>();
  const told = delivery();
  const pipe = withListen(socket, (listener) => told.listen(listener));
  const fail = (failure: DialFailure): void => {
    socket.close(1001, failure.message);
    resolve(failure);
  };
  const timer = clock.after(READY_WITHIN_MS, () =>
    fail({ kind: 'timeout', message: `no listener_ready within ${READY_WITHIN_MS / 1000} s` }),
  );
  socket.listen({
    message(text) {
      const frame = parseTrusted(text);
      if (frame?.type !== 'listener_ready') return told.message(text);
      timer.cancel();
      const { connection_generation, connection_attempt } = frame;
      if (connection_generation === pairing.generation && connection_attempt === pairing.attempt)
        resolve(pipe);
      else fail({ kind: 'error', message: 'listener_ready names another pair of sockets' });
    },
    drained: () => told.drained(),
    closed(why) {
      timer.cancel();
      told.end(why);
      resolve(pipe);
    },
  });
  return promise;
}

function joined(control: Pipe, stream: Pipe): Pipe {
  const both = [control, stream];
  return {
    send(text) {
      const type = parseTrusted(text)?.type ?? '';
      if (type === 'ping') for (const socket of both) socket.send(text);
      else (isStreamed(type) && stream.open ? stream : control).send(text);
    },
    get unsent() {
      return control.unsent + stream.unsent;
    },
    get open() {
      return control.open && stream.open;
    },
    close(code, reason) {
      for (const socket of both) socket.close(code, reason);
    },
    listen(listener) {
      let ended = false;
      const drained = (): void => {
        if (control.unsent + stream.unsent === 0) listener.drained?.();
      };
      const closed = (why: Closed): void => {
        for (const socket of both) socket.close(why.code, why.reason);
        if (!ended) listener.closed(why);
        ended = true;
      };
      control.listen({ message: (text) => listener.message(text), drained, closed });
      // Commands come on the other one; here a broker only answers pings.
      stream.listen({ message: () => undefined, drained, closed });
    },
  };
}

function isStreamed(type: string): boolean {
  const route = routeOf(type);
  return route?.kind === 'event' && route.stream;
}
