import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../clock.ts';
import { maySend, tooLarge, VANISHED } from '../close-code.ts';
import { delivery } from '../delivery.ts';
import type { Closed, Pipe } from '../pipe.ts';
import { corkPerTurn } from './cork.ts';
import { closeLine, frameLine, lineSplitter, readLine } from './ndjson.ts';

export type LocalOptions = {
  /** Bytes of the longest line the peer may send. Default 40 MiB. */
  readonly maxPayload?: number | undefined;
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
};

/** A peer that does not answer our close is cut off after this. */
const CLOSE_WITHIN_MS = 10_000;

/** A pipe over a connected stream socket, see `frameLine` for what travels on it. Nothing is read before `listen`. */
export function linePipe(socket: Socket, options: LocalOptions = {}): Pipe {
  const { clock = systemClock, maxPayload = 40 * 1024 * 1024 } = options;
  const cork = corkPerTurn(socket);
  const told = delivery();
  let own: Closed | undefined;
  let theirs: Closed | undefined;
  let failure: Error | undefined;
  let owesDrained = false;

  const isOpen = () => !own && !theirs && socket.writable;

  function close(code = 1000, reason = ''): void {
    if (!isOpen()) return;
    own = { code, reason };
    told.seal();
    // What the peer still sends must be read, else the kernel throws our last line away with it.
    socket.resume();
    if (!maySend(code)) {
      socket.destroy();
      return;
    }
    socket.end(closeLine(own));
    const timer = clock.after(CLOSE_WITHIN_MS, () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }
  function written(error?: Error | null): void {
    // A failed write is told by the end of the socket.
    if (error || !owesDrained || socket.writableLength > 0) return;
    owesDrained = false;
    told.drained();
  }
  function read(line: string): void {
    const parsed = readLine(line);
    if (!parsed || theirs) return;
    if ('text' in parsed) return told.message(parsed.text);
    theirs = parsed.closed;
    // The peer reads no frame after its own close, so there is nothing to wait for.
    socket.destroy();
  }

  socket.pause();
  socket.on(
    'data',
    lineSplitter(maxPayload, read, () => {
      const { code, reason } = tooLarge(maxPayload);
      close(code, reason);
    }),
  );
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => told.end(own ?? theirs ?? { code: VANISHED, reason: failure?.message ?? '' }));

  return {
    send(text) {
      if (!isOpen()) return;
      cork();
      owesDrained = true;
      socket.write(Buffer.from(frameLine(text)), written);
    },
    get unsent() {
      return socket.writableLength;
    },
    get open() {
      return isOpen();
    },
    close,
    listen(listener) {
      told.listen(listener);
      socket.resume();
    },
  };
}
