import type { Clock, Timer } from '../../link/clock.ts';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { keepConnected } from '../../link/reconnect.ts';
import type { Failure } from '../../protocol/errors.ts';
import { type Doors, openBrokerDoor } from '../home/door.ts';
import { join } from './broker-door.ts';
import { askDefaultAgent } from './default-agent.ts';
import type { Endpoint } from './endpoint.ts';
import { Enrolment, isRefusal } from './enrolment.ts';
import type { Identity } from './identity.ts';
import type { Lease } from './lease.ts';
import { relay } from './relay.ts';

/** What happens to the connection, for whoever watches. */
export type RemoteEvent =
  | {
      readonly event: 'connected';
      readonly mode: Lease['mode'];
      readonly connectionId: string;
      readonly deviceId: string;
      /** The device's default agent; null where it has none. */
      readonly agentId: string | null;
    }
  /** It is tried again after `delayMs`. */
  | { readonly event: 'retry'; readonly delayMs: number; readonly message: string }
  | { readonly event: 'disconnected'; readonly code: number; readonly reason: string }
  /** It is not tried again; `done` gives the same. */
  | { readonly event: 'refused'; readonly message: string };

export type RemoteOptions = {
  readonly member: Doors;
  readonly endpoint: Endpoint;
  readonly identity: Identity;
  readonly version: string;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  report(event: RemoteEvent): void;
};

export type RunningRemote = {
  stop(): void;
  /** Why it ended; null after `stop`. Until then the process stays alive. */
  readonly done: Promise<Failure | null>;
};

const PING_EVERY_MS = 30_000;
const FAR_OFF_MS = 2 ** 31 - 1;

/**
 * Offers this home at an endpoint until it is told to stop: registers, dials what it was given (or the endpoint itself, when that is all
 * there is), relays, and begins again whenever that ends.
 */
export function runRemote(options: RemoteOptions): RunningRemote {
  const { member, endpoint, identity, version, clock, random, report } = options;
  const { promise: done, resolve: settle } = Promise.withResolvers<Failure | null>();
  const stopping = new AbortController();
  const registrant = { identity, version };
  const enrolment = new Enrolment({ endpoint, registrant, clock, signal: stopping.signal });
  // Between two attempts there is neither a socket nor a timer that counts.
  const alive = setInterval(() => {}, FAR_OFF_MS);
  let agentId: string | null = null;
  /** The device's end of a broker that knows the extensions. */
  let door: Pipe | null = null;
  let up = false;
  let pinging: Timer | undefined;

  async function open(): Promise<Pipe | DialFailure> {
    // A home that nobody runs is not offered.
    const agent = await askDefaultAgent(member, clock);
    if ('kind' in agent) return agent;
    agentId = agent.agentId;
    const socket = await enrolment.connect(agentId);
    const { lease } = enrolment;
    door = null;
    if (isDialFailure(socket) || !lease?.farhand) return socket;
    const opened = await openBrokerDoor(member, { id: lease.connectionId, name: endpoint.name });
    if (!isDialFailure(opened)) {
      door = opened;
      return socket;
    }
    socket.close(1001, 'nobody runs this home');
    return opened;
  }

  function onUp(socket: Pipe): void {
    const { lease } = enrolment;
    if (!lease) return socket.close();
    const { mode, connectionId } = lease;
    up = true;
    report({ event: 'connected', mode, connectionId, deviceId: identity.deviceId, agentId });
    if (door) return join(socket, door);
    relay({
      socket,
      member,
      connection: { id: connectionId, name: endpoint.name },
      clock,
      random,
      intercept(frame) {
        enrolment.heard();
        return mode === 'broker' && frame?.type === 'pong';
      },
      ownerAway: (delayMs, { message }) => report({ event: 'retry', delayMs, message }),
    });
    if (mode === 'broker') ping(socket);
  }

  /** [LINK-1] A broker counts these; a direct peer may not know them. */
  function ping(socket: Pipe): void {
    pinging = clock.after(PING_EVERY_MS, () => {
      socket.send('{"type":"ping"}');
      ping(socket);
    });
  }

  function onDown(why: Closed): void {
    up = false;
    pinging?.cancel();
    report({ event: 'disconnected', ...why });
    if (stopping.signal.aborted) return end(null);
    const over = enrolment.closed(why);
    if (over) refuse(over);
  }

  function refuse(why: Failure): void {
    connection.stop();
    report({ event: 'refused', message: why.message });
    end(why);
  }

  function end(why: Failure | null): void {
    clearInterval(alive);
    settle(why);
  }

  const connection = keepConnected({
    open,
    onUp,
    onDown,
    onRetry({ delayMs, failure }) {
      const message = failure?.message ?? 'the connection was lost';
      report({ event: 'retry', delayMs: Math.max(delayMs, enrolment.restMs), message });
    },
    fatal(failure) {
      if (isRefusal(failure)) refuse(failure.final);
      return isRefusal(failure);
    },
    clock,
    random,
  });

  return {
    stop() {
      stopping.abort();
      connection.stop(1001, 'the runtime is stopping');
      if (!up) end(null);
    },
    done,
  };
}
