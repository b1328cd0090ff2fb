import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../link/clock.ts';
import type { Pipe } from '../link/pipe.ts';
import { errorTable, type Failure } from '../protocol/errors.ts';
import type { Durability } from '../sqlite/open.ts';
import { createAccess } from './access/access.ts';
import type { Bindings } from './access/knock.ts';
import { liveSockets } from './access/sockets.ts';
import { createTickets } from './access/tickets.ts';
import { createDoors } from './http/doors.ts';
import { createRoutes } from './http/routes.ts';
import { type BrokerEvent, logged } from './log.ts';
import { createStation, type Station, type StationOptions } from './station/station.ts';
import { createStations, messageOf, type Stores } from './stations.ts';
import type { Lease, Registration } from './store/registry.ts';
import { openTokens } from './store/sqlite-tokens.ts';
import { openBrokerStore } from './store/store.ts';
import type { Tokens } from './store/tokens.ts';

export type BrokerOptions = {
  /** The folder of `broker.db` and `tokens.db`. */
  readonly home: string;
  readonly version: string;
  readonly clock: Clock;
  /** A fresh ULID. */
  mint(): string;
  /** Structured log; never holds a token. */
  log(event: BrokerEvent): void;
  /** `http(s)://…` under which devices and clients reach this broker; default: the Host they came by, once checked. */
  readonly publicUrl?: string | undefined;
  /** Hosts besides loopback and that of `publicUrl`, and origins besides the broker's own, that are let in (SEC-10). */
  readonly allowHosts?: readonly string[] | undefined;
  readonly allowOrigins?: readonly string[] | undefined;
  /** Offer stock devices a second socket for their stream. Default false. */
  readonly splitChannels?: boolean | undefined;
  /** Default `power`. */
  readonly durability?: Durability | undefined;
};

export type Broker = {
  /** Answers a plain HTTP request. `bindings.incoming`: the request as Node has it. */
  fetch(request: Request, bindings?: Bindings): Response | Promise<Response>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A lease for a runtime inside this process. `forbidden` when its device id belongs to a token. */
  enrol(registration: Registration): Lease | Failure;
  /** The link of a runtime that was enrolled, which is served by the code that serves every other. */
  attach(lease: Lease, pipe: Pipe): void;
  /** [LINK-5] Says goodbye to everyone with 1012, makes durable what was taken, closes the stores. */
  close(): Promise<void>;
};

/** What a broker stands on. */
export type Ground = {
  readonly stores: Stores & { close(): void };
  readonly tokens: Tokens;
  createStation(options: StationOptions): Station;
};

const restarting = errorTable.broker_restarting;

/** How long sockets may take to end when the broker closes. */
const farewellMs = 2_000;

/**
 * Opens the broker of that home, which only one process may do at a time.
 * @throws StoreError when its files cannot be opened.
 */
export function createBroker(options: BrokerOptions): Broker {
  const { home, durability, clock, log } = options;
  const onTrouble = (what: string, error: unknown): void =>
    log({ event: 'trouble', what: logged(what), why: error === null ? null : logged(messageOf(error)) });
  const tokens = openTokens(home);
  try {
    const stores = openBrokerStore(home, { durability, clock, onTrouble });
    return brokerOn({ stores, tokens, createStation }, options);
  } catch (error) {
    tokens.close();
    throw error;
  }
}

export function brokerOn({ stores, tokens, createStation }: Ground, options: BrokerOptions): Broker {
  const { clock, log, version, mint, splitChannels = false } = options;
  const { registry } = stores;
  let closing: Promise<void> | null = null;
  let isDraining = false;
  const draining = (): boolean => isDraining;

  const tickets = createTickets(clock);
  const access = createAccess({ ...options, tokens, tickets });
  const sockets = liveSockets({ tokens, clock, log });
  const stations = createStations({ stores, clock, version, mint, log, createStation });
  const now = (): number => clock.now();
  const routes = createRoutes({
    access,
    registry,
    stations,
    tickets,
    splitChannels,
    now,
    mint,
    log,
    draining,
  });
  const upgrade = createDoors({ access, sockets, registry, stations, clock, log, draining });

  async function drain(): Promise<void> {
    isDraining = true;
    log({ event: 'draining' });
    stations.close(restarting.close, 'the broker is restarting; connect again in a moment');
    await sockets.gone(farewellMs);
    sockets.stop();
    stores.close();
    tokens.close();
  }

  return {
    fetch: (request, bindings) => routes.fetch(request, bindings),
    upgrade,
    enrol: (registration) => registry.register(registration, null, clock.now()),
    attach({ environmentId, connectionId }, pipe) {
      const environment = draining() ? null : registry.find(environmentId);
      if (environment) stations.connect(environment, connectionId, pipe);
      else pipe.close(restarting.close, 'the broker does not take this link');
    },
    close() {
      closing ??= drain();
      return closing;
    },
  };
}
