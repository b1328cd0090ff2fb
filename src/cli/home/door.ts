import type { Hub } from '../../hub/hub.ts';
import { parseTrusted } from '../../link/parse-trusted.ts';
import type { Pipe, PipeListener } from '../../link/pipe.ts';
import { withListen } from '../../link/with-listen.ts';
import { owner } from '../../protocol/privileges.ts';
import type { Device } from '../../runtime/device.ts';

/**
 * What a process says first on the owner's socket when it relays a door of its own, such as a server that it dialled: the peer behind
 * it hears every conversation of the device. Without it the socket is a client like any other.
 */
export type DoorFrame = {
  readonly type: 'door';
  readonly origin: 'direct';
  readonly connection: { readonly id: string; readonly name: string };
};

/** Hands a pipe of the private socket to the hub, as the door that its first frame names. */
export function admit(pipe: Pipe, hub: Hub, device: Device): void {
  let door: DoorFrame | null = null;
  const session: { listener?: PipeListener } = {};
  const rest = withListen(pipe, (listener) => {
    session.listener = listener;
  });
  pipe.listen({
    message(text) {
      const admitted = session.listener;
      if (admitted) return admitted.message(text);
      door = readDoor(text);
      if (door) device.connectedAs(door.connection);
      hub.accept(rest, { principal: owner(door?.origin ?? 'private'), hears: door ? 'all' : 'followed' });
      if (!door) session.listener?.message(text);
    },
    closed(why) {
      if (door) device.connectedAs(null);
      session.listener?.closed(why);
    },
    drained: () => session.listener?.drained?.(),
  });
}

function readDoor(text: string): DoorFrame | null {
  if (!text.startsWith('{"type":"door"')) return null;
  const frame = parseTrusted(text);
  return frame?.type === 'door' ? (frame as unknown as DoorFrame) : null;
}

export const doorFrame = (connection: DoorFrame['connection']): string =>
  JSON.stringify({ type: 'door', origin: 'direct', connection } satisfies DoorFrame);
