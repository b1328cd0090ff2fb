import { maySend } from '../../link/close-code.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { errorTable } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import { flow } from '../home/door.ts';

/** What may wait for an owner that does not read. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/**
 * Joins a broker's socket and the home's door for it, frame by frame as they are, until either ends. The device stops its feed while the
 * socket is full, as if it were its own (LINK-3).
 */
export function join(socket: Pipe, door: Pipe): void {
  let isStopped = false;
  socket.listen({
    message(text) {
      door.send(text);
      if (door.unsent > MAX_WAITING_BYTES)
        socket.close(errorTable.slow_reader.close, 'too much waits for the device; connect again');
    },
    drained() {
      if (isStopped) door.send(flow.go);
      isStopped = false;
    },
    closed: ({ code, reason }) => door.close(code, reason),
  });
  door.listen({
    message(text) {
      socket.send(text);
      if (isStopped || socket.unsent < limits.unsent) return;
      isStopped = true;
      door.send(flow.stop);
    },
    closed(why) {
      const { code, reason } = told(why);
      socket.close(code, reason);
    },
  });
}

/** An owner that died says nothing; the broker is told all the same that the device comes back. */
const told = (why: Closed): Closed =>
  maySend(why.code)
    ? why
    : { code: errorTable.owner_gone.close, reason: 'another process takes over this home' };
