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
  /** What the device said at registration, and what was observed since. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly currentMode: string | null;
  readonly workingDirectory: string | null;
  readonly gitBranch: string | null;
  /** The token that registered it first: no other may register this device (SEC-8). Null: the runtime inside the broker. */
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

/** The devices that this broker knows. Durable. */
export interface Registry {
  /** Gives a new lease. `forbidden` when the device is bound to another token. */
  register(
    registration: Registration,
    token: string | null,
    now: number,
  ): Lease | { readonly code: 'forbidden'; readonly message: string };
  lease(connectionId: string): Lease | null;
  /** By current or past connection id (30 days), device id or id. */
  find(selector: string): Environment | null;
  list(listing: Listing): { readonly environments: readonly Environment[]; readonly hasNextPage: boolean };
  /** The link of that lease is up; the environment's connection is that one from now on. */
  connected(connectionId: string, now: number): void;
  disconnected(connectionId: string, now: number): void;
  /** Kept in memory and written behind. */
  heartbeat(environmentId: string, now: number): void;
  observe(environmentId: string, seen: Observed): void;
}
