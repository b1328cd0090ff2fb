import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { tellingEnd } from '../link/with-listen.ts';
import { speaksOf } from './http/lease.ts';
import { type BrokerEvent, logged } from './log.ts';
import type { DeviceLink } from './station/device-link.ts';
import type { Station, StationOptions } from './station/station.ts';
import type { Inbox } from './store/inbox.ts';
import type { Mirror } from './store/mirror.ts';
import type { Environment, Registry } from './store/registry.ts';

/** What the broker keeps, see `openBrokerStore`. */
export type Stores = {
  readonly registry: Registry;
  mirror(environmentId: string): Mirror;
  inbox(environmentId: string): Inbox;
};

export type StationsOptions = {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly version: string;
  mint(): string;
  log(event: BrokerEvent): void;
  createStation(options: StationOptions): Station;
};

/** The stations of all devices, each made when somebody first comes for it. */
export type Stations = {
  of(environment: Environment): Station;
  /** A device has opened its link. */
  connect(environment: Environment, connectionId: string, pipe: Pipe): void;
  close(code: number, reason: string): void;
};

export function createStations(options: StationsOptions): Stations {
  const { stores, clock, version, mint, log, createStation } = options;
  const { registry } = stores;
  const stations = new Map<string, Station>();
  const links = new Map<string, DeviceLink>();

  const trouble = (device: string, what: string, error: unknown): void =>
    log({ event: 'trouble', device, what: logged(what), why: logged(messageOf(error)) });

  function create({ id, deviceId, connectionName, lastSeenAt }: Environment): Station {
    return createStation({
      known: { since: lastSeenAt, lastSeen: lastSeenAt, connectionName },
      mirror: stores.mirror(id),
      inbox: stores.inbox(id),
      clock,
      version,
      mint,
      observed: (seen) => registry.observe(id, seen),
      heartbeat: () => registry.heartbeat(id, clock.now()),
      trouble: (what, error) => trouble(deviceId, what, error),
    });
  }

  function of(environment: Environment): Station {
    const known = stations.get(environment.id);
    if (known) return known;
    const fresh = create(environment);
    stations.set(environment.id, fresh);
    return fresh;
  }

  /** [REG-7] The end of a link that another has replaced says nothing about the device. */
  function ended({ id, deviceId }: Environment, link: DeviceLink, code: number): void {
    const current = links.get(id) === link;
    try {
      if (current) registry.disconnected(link.connectionId, clock.now());
    } catch (error) {
      trouble(deviceId, 'the registry cannot be written', error);
    }
    if (current) links.delete(id);
    log({
      event: 'device_offline',
      device: deviceId,
      connection: link.connectionId,
      code,
      replaced: !current,
    });
  }

  return {
    of,
    connect(environment, connectionId, pipe) {
      const { id, deviceId, connectionName, metadata } = environment;
      const link: DeviceLink = {
        pipe: tellingEnd(pipe, ({ code }) => ended(environment, link, code)),
        connectionId,
        connectionName,
        speaks: speaksOf(metadata),
      };
      links.set(id, link);
      registry.connected(connectionId, clock.now());
      registry.heartbeat(id, clock.now());
      log({
        event: 'device_online',
        device: deviceId,
        name: logged(connectionName),
        connection: connectionId,
        speaks: link.speaks,
      });
      of(environment).connect(link);
    },
    close(code, reason) {
      for (const station of stations.values()) station.close(code, reason);
    },
  };
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
