import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../link/clock.ts';
import { acceptUpgrades, refuseUpgrade } from '../../link/node/upgrade.ts';
import type { Closed, Pipe } from '../../link/pipe.ts';
import { errorTable, failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import { type Access, type Denial, denial, isDenial } from '../access/access.ts';
import { type Knock, knockOfUpgrade } from '../access/knock.ts';
import { clientFor } from '../access/principal.ts';
import type { LiveSockets } from '../access/sockets.ts';
import { type BrokerEvent, logged } from '../log.ts';
import { messageOf, type Stations } from '../stations.ts';
import { splitPairs } from '../stock/split-pairs.ts';
import type { Environment, Registry } from '../store/registry.ts';
import type { TokenRecord } from '../store/tokens.ts';
import { notFound, reachable } from './environments.ts';

export type DoorsOptions = {
  readonly access: Access;
  readonly sockets: LiveSockets;
  readonly registry: Registry;
  readonly stations: Stations;
  readonly clock: Clock;
  log(event: BrokerEvent): void;
  draining(): boolean;
};

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A stock runtime registers again when it is closed so, and only then (protocol reference 1.1.6). */
const leaseGone = 1008;

/** The two WebSockets of a broker: that of a client and that of a device. Whoever may not come in is refused before there is one. */
export function createDoors(options: DoorsOptions): Upgrade {
  const { access, sockets, registry, stations, clock, log } = options;
  const acceptClient = acceptUpgrades({ maxPayload: limits.frameFromClient, clock, threw });
  const acceptDevice = acceptUpgrades({ maxPayload: limits.frameFromDevice, clock, threw });
  const pairs = splitPairs({
    clock,
    gap: (connection, from, to) =>
      log({ event: 'trouble', what: 'events of a device are missing', connection, from, to }),
  });

  /** Null where the socket was closed at once, because its token has too many. */
  function entered(token: TokenRecord, pipe: Pipe, ended: (why: Closed) => void): Pipe | null {
    const watched = sockets.enter(token, pipe, ended);
    if (watched) return watched;
    const why = `this token has ${limits.socketsPerToken} sockets open; close some of them`;
    pipe.close(errorTable.quota.close, why);
    log({ event: 'refused', why: 'quota', code: 'quota', token: token.id });
    return null;
  }

  /** [LINK-3] A fault of this program that a peer has found ends that peer's socket and no other. */
  function threw(error: unknown, pipe: Pipe): void {
    log({ event: 'trouble', what: 'what a peer said could not be worked', why: logged(messageOf(error)) });
    pipe.close(1011, 'the broker could not do this; its log says why');
  }

  function clientDoor(knock: Knock, selector: string): Door {
    const token = access.token(knock, 'client');
    if (isDenial(token)) return token;
    const environment = reachable(registry, token, selector);
    if (!environment) return access.refuse(knock, 'environment', notFound);
    return { accept: acceptClient, onPipe: (pipe) => clientCame(pipe, token, environment, knock) };
  }

  function clientCame(
    socket: Pipe,
    token: TokenRecord,
    environment: Environment,
    { query, peer }: Knock,
  ): void {
    const who = { device: environment.deviceId, token: token.id, name: logged(token.name) };
    const pipe = entered(token, socket, ({ code }) => log({ event: 'client_offline', ...who, code }));
    if (!pipe) return;
    log({ event: 'client_online', ...who, address: peer.address });
    stations.of(environment).hub.accept(pipe, clientFor(token, query));
  }

  function deviceDoor(knock: Knock, connectionId: string): Door {
    const token = access.token(knock, 'device');
    if (isDenial(token)) return token;
    const lease = registry.lease(connectionId);
    const environment = lease?.token === token.id ? registry.find(lease.environmentId) : null;
    // [SEC-8] Another token may have taken the device over since.
    if (environment?.boundTo === token.id)
      return {
        accept: acceptDevice,
        onPipe: (pipe) => deviceCame(pipe, token, environment, connectionId, knock),
      };
    access.refuse(knock, 'lease', failure('environment_not_found', ''));
    return {
      accept: acceptDevice,
      onPipe: (pipe) => pipe.close(leaseGone, 'this lease is not known here; register again'),
    };
  }

  function deviceCame(
    socket: Pipe,
    token: TokenRecord,
    environment: Environment,
    connectionId: string,
    { query }: Knock,
  ): void {
    const pipe = entered(token, socket, () => undefined);
    const link = pipe && pairs.came(connectionId, query?.get('channel') ?? null, pipe);
    if (link) stations.connect(environment, connectionId, link);
  }

  function doorFor(knock: Knock): Door {
    const place = access.place(knock);
    if (isDenial(place)) return place;
    if (options.draining()) return denial(failure('broker_restarting', 'The broker is restarting'));
    const [, selector, door] = /^\/v1\/environments\/([^/]+)\/(status|device)\/ws\/?$/.exec(knock.path) ?? [];
    if (selector === undefined) return denial(failure('not_found', 'Not Found'));
    const id = decoded(selector);
    return door === 'status' ? clientDoor(knock, id) : deviceDoor(knock, id);
  }

  return (request, socket, head) => {
    let came: Pipe | null = null;
    try {
      const door = doorFor(knockOfUpgrade(request));
      if (isDenial(door)) return refuseUpgrade(socket, door.status, door.message);
      door.accept(request, socket, head, (pipe) => {
        came = pipe;
        door.onPipe(pipe);
      });
    } catch (error) {
      log({ event: 'trouble', what: 'an upgrade failed', why: logged(messageOf(error)) });
      const pipe = came as Pipe | null;
      if (pipe) pipe.close(1011, 'the broker could not do this; its log says why');
      else refuseUpgrade(socket, 500);
    }
  };
}

type Door = Denial | { readonly accept: ReturnType<typeof acceptUpgrades>; onPipe(pipe: Pipe): void };

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Then it is no id, and nothing is found under it.
    return part;
  }
}
