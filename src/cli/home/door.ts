import type { Hub } from '../../hub/hub.ts';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import { parseTrusted } from '../../link/parse-trusted.ts';
import type { Pipe, PipeListener } from '../../link/pipe.ts';
import { withListen } from '../../link/with-listen.ts';
import { limits } from '../../protocol/limits.ts';
import { owner } from '../../protocol/privileges.ts';
import type { Device } from '../../runtime/device.ts';
import type { Connection } from '../../runtime/link.ts';

/**
 * What a process says first on the owner's socket when it passes on a door of its own. Without it the socket is a client like any other.
 */
export type DoorFrame =
  /**
   * The peer is a client. With a connection, such as to a server that was dialled, it hears every conversation of the device; without
   * one it is a client of an app-server, and hears those it names.
   */
  | {
      readonly type: 'door';
      readonly origin: 'direct';
      /** What the peer is known to speak, where it has shown that to an earlier owner. */
      readonly dialect?: 'farhand' | 'stock';
      readonly connection: Connection | null;
    }
  /** The peer is a broker that knows the extensions. */
  | { readonly type: 'door'; readonly origin: 'broker'; readonly connection: Connection };

/** A process's place in its home, as far as a door needs it. */
export type Doors = { open(): Promise<Pipe | DialFailure> };

/** What the far end of a broker's door says when its own peer takes no more for now, and when it does again. */
export const flow = { stop: '{"type":"door_stop"}', go: '{"type":"door_go"}' } as const;

/** The home's end of a door for a broker that knows the extensions: whatever that broker says may be sent to it. */
export async function openBrokerDoor(member: Doors, connection: Connection): Promise<Pipe | DialFailure> {
  const pipe = await member.open();
  if (!isDialFailure(pipe)) pipe.send(doorFrame({ type: 'door', origin: 'broker', connection }));
  return pipe;
}

export const doorFrame = (door: DoorFrame): string => JSON.stringify(door);

/** Hands a pipe of the private socket to the hub, or to the device, as the door that its first frame names. */
export function admit(pipe: Pipe, hub: Hub, device: Device): void {
  let disconnected = (): void => undefined;
  const inside: { listener?: PipeListener } = {};
  const rest = withListen(pipe, (listener) => {
    inside.listener = listener;
  });
  pipe.listen({
    message(text) {
      const admitted = inside.listener;
      if (admitted) return admitted.message(text);
      const door = readDoor(text);
      if (door?.origin === 'broker') return device.attachBroker(regulated(rest), door.connection);
      if (door?.connection) disconnected = device.connectedAs(door.connection);
      const query = queryOf(door?.dialect);
      const hears = door?.connection ? 'all' : 'followed';
      const appServer = door?.connection === null;
      hub.accept(rest, { principal: owner(door?.origin ?? 'private'), hears, query, appServer });
      if (!door) inside.listener?.message(text);
    },
    closed(why) {
      disconnected();
      inside.listener?.closed(why);
    },
    drained: () => inside.listener?.drained?.(),
  });
}

/** A pipe that counts as full also while the peer behind its far end is. */
function regulated(pipe: Pipe): Pipe {
  let isStopped = false;
  return {
    send: (text) => pipe.send(text),
    get unsent() {
      return isStopped ? Math.max(pipe.unsent, limits.unsent) : pipe.unsent;
    },
    get open() {
      return pipe.open;
    },
    close: (code, reason) => pipe.close(code, reason),
    listen: (listener) =>
      pipe.listen({
        message(text) {
          if (text !== flow.stop && text !== flow.go) return listener.message(text);
          isStopped = text === flow.stop;
          if (!isStopped) listener.drained?.();
        },
        closed: (why) => listener.closed(why),
        drained() {
          if (!isStopped) listener.drained?.();
        },
      }),
  };
}

function readDoor(text: string): DoorFrame | null {
  if (!text.startsWith('{"type":"door"')) return null;
  const frame = parseTrusted(text);
  return frame?.type === 'door' ? (frame as unknown as DoorFrame) : null;
}

/** The hub reads a client's dialect in its URL, which a door has none of. */
function queryOf(dialect: 'farhand' | 'stock' | undefined): URLSearchParams | undefined {
  if (dialect === undefined) return undefined;
  return new URLSearchParams(dialect === 'farhand' ? { farhand: '1' } : { channel: 'control' });
}
