import type { Failure } from '../../protocol/errors.ts';
import type { TokenRecord } from './tokens.ts';

/** One installation, `(deviceId, listenerInstanceId)`, as the registry keeps it for ever. Times are milliseconds since the epoch. */
export type Environment = {
  readonly id: string;
  readonly deviceId: string;
  readonly listenerInstanceId: string | null;
  readonly connectionName: string;
  /** The lease of now; null while it is offline. */
  readonly connectionId: string | null;
  readonly connectedAt: number | null;
  readonly lastHeartbeat: number | null;
  readonly lastSeenAt: number;
  readonly firstSeenAt: number;
  /** What the device said at registration. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly currentMode: string | null;
  readonly workingDirectory: string | null;
  readonly gitBranch: string | null;
  /** The token that the device id belongs to (SEC-8). Null: to the runtime inside the broker. */
  readonly boundTo: string | null;
};

/** What `POST /v1/environments/register` carries, checked. */
export type Registration = {
  readonly deviceId: string;
  readonly listenerInstanceId: string | null;
  readonly connectionName: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** What frames tell about a device, see `observe.ts`. */
export type Observed = {
  readonly currentMode?: string;
  readonly workingDirectory?: string | null;
  readonly gitBranch?: string | null;
  /** Null: it has none. Shown in the metadata. */
  readonly defaultAgentId?: string | null;
};

/** A lease: a connection id, now or in the past 30 days, and the environment it led to. */
export type Lease = {
  readonly connectionId: string;
  readonly environmentId: string;
  readonly token: string | null;
};

export type Listing = {
  readonly onlineOnly?: boolean;
  readonly deviceId?: string;
  /** Default 100, at most 1,000. */
  readonly limit?: number;
  /** The `id` of the last one of the page before. */
  readonly after?: string;
};

/** Who registers a device: its token and the devices that the token names. Null: the runtime inside the broker. */
export type Registrar = Pick<TokenRecord, 'id' | 'devices'> | null;

/**
 * The devices that this broker knows. A registration is durable when it returns; signs of life and what was observed follow a little
 * later. After a restart every device is offline until its link is up again. All that reads or writes may throw `StoreError`.
 */
export interface Registry {
  /**
   * Gives a new lease. [SEC-8] A device id belongs to the token that registered it first: `forbidden` for every other one, but for a
   * token that names the device, which takes it over, and for the runtime inside the broker. `quota` for a further device of a token that
   * has registered `limits.devicesPerToken`.
   */
  register(registration: Registration, by: Registrar, now: number): Lease | Failure;
  lease(connectionId: string): Lease | null;
  /** By id, by current or past connection id (30 days), or by device id: the one online, else the one that was last seen. */
  find(selector: string): Environment | null;
  /** In the order of their first registration, so that pages neither skip nor repeat one. */
  list(listing: Listing): { readonly environments: readonly Environment[]; readonly hasNextPage: boolean };
  /** The link of that lease is up; the environment's connection is that one from now on. */
  connected(connectionId: string, now: number): void;
  /** Says nothing about an environment whose connection is another by now (REG-7). */
  disconnected(connectionId: string, now: number): void;
  /** Kept in memory and written behind. */
  heartbeat(environmentId: string, now: number): void;
  observe(environmentId: string, seen: Observed): void;
}
