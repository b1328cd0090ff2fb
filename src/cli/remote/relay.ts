import type { Clock } from '../../link/clock.ts';
import type { DialFailure } from '../../link/dial-failure.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { readFrame } from '../../link/read-frame.ts';
import { keepConnected } from '../../link/reconnect.ts';
import { errorTable } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { Connection } from '../../runtime/link.ts';
import { type Doors, doorFrame } from '../home/door.ts';
import { Owed } from './owed.ts';

export type RelayOptions = {
  readonly socket: Pipe;
  readonly member: Doors;
  /** Null: the socket is a client's, of an app-server. */
  readonly connection: Connection | null;
  /** The query of the URL that the client came by. */
  readonly query?: URLSearchParams | undefined;
  readonly clock: Clock;
  random(): number;
  /** A frame of the peer that is for this side of the relay; true keeps it from the owner. */
  intercept(frame: Frame | null): boolean;
  /** The owner could not be reached; it is tried again after `delayMs`. */
  ownerAway(delayMs: number, failure: DialFailure): void;
};

/** What may wait in either direction. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const MAX_AWAY_MS = 30_000;
/** A device may say what a model made up, nested deeper than any client's frame. */
const MAX_DEPTH = 1_000;

/**
 * Makes a socket a door of the home: its frames pass verbatim to whoever owns the home and back, until the socket ends. The owner may
 * change meanwhile: what the peer sends then is kept, and what it missed is asked for (HOME-1).
 */
export function relay(options: RelayOptions): void {
  const { socket, member, connection, query, clock } = options;
  const owed = new Owed({ url: query, appServer: connection === null });
  let owner: Pipe | null = null;
  let awaySince = clock.now();
  let kept: string[] = [];
  let keptBytes = 0;

  const link = keepConnected({
    open: () => member.open(),
    onUp(pipe) {
      owner = pipe;
      pipe.listen({ message: hearOwner, closed: () => {} });
      pipe.send(doorFrame({ type: 'door', origin: 'direct', ...owed.dialect, connection }));
      for (const frame of owed.resume()) pipe.send(JSON.stringify(frame));
      const waited = kept;
      kept = [];
      keptBytes = 0;
      for (const text of waited) ask(pipe, text);
    },
    onDown(why) {
      owner = null;
      awaySince = clock.now();
      if (!isOwnerGone(why)) return socket.close(why.code, why.reason);
      for (const frame of owed.lost()) socket.send(JSON.stringify(frame));
    },
    onRetry({ delayMs, failure }) {
      if (failure) options.ownerAway(delayMs, failure);
      if (clock.now() - awaySince < MAX_AWAY_MS) return;
      const { close } = errorTable.owner_gone;
      socket.close(close, 'nobody runs this home; connect again in a moment');
    },
    clock,
    random: options.random,
  });

  function hearPeer(text: string): void {
    if (options.intercept(frameOf(text))) return;
    if (owner) return ask(owner, text);
    kept.push(text);
    keptBytes += text.length;
    bound(keptBytes);
  }
  function ask(pipe: Pipe, text: string): void {
    const frame = frameOf(text);
    if (frame) owed.asked(frame);
    pipe.send(text);
    bound(pipe.unsent);
  }
  function hearOwner(text: string): void {
    const frame = frameOf(text);
    if (frame && !owed.told(frame)) return;
    socket.send(text);
    bound(socket.unsent);
  }
  /** [LINK-3] The peer is told by the end of the socket, and says again what it still wants when it is connected again. */
  function bound(bytes: number): void {
    if (bytes <= MAX_WAITING_BYTES) return;
    socket.close(errorTable.slow_reader.close, 'too much waits to be passed on; connect and sync again');
  }

  socket.listen({ message: hearPeer, closed: () => link.stop() });
}

/** The owner's process ended or restarts. Any other close is the hub's word to this client. */
const isOwnerGone = ({ code }: Closed): boolean => code === 1001 || code === 1006 || code === 1012;

/** For bookkeeping alone: what cannot be read is passed on like the rest, for the hub to refuse. */
function frameOf(text: string): Frame | null {
  const read = readFrame(text, { maxBytes: limits.frameFromDevice, maxDepth: MAX_DEPTH });
  return read.ok ? read.frame : null;
}
