import { type Failure, failure } from '../../protocol/errors.ts';
import { limits } from '../../protocol/limits.ts';
import type { Database } from '../../sqlite/open.ts';
import { parseStored } from '../../sqlite/stored-text.ts';
import type { Environment, Lease, Listing, Observed, Registrar, Registration, Registry } from './registry.ts';
import type { WriteBehind, Writer } from './write-behind.ts';

export type RegistryOptions = {
  /** Where a registration is made durable. */
  readonly db: Database;
  /** Where what is written behind goes. */
  readonly later: Database;
  readonly behind: WriteBehind;
  random(): string;
};

/** Leases of one environment that are kept, however short they were. */
const leasesKept = 1_000;
const defaultLimit = 100;
const mostListed = 1_000;

type Row = {
  readonly id: string;
  readonly device_id: string;
  readonly listener_instance_id: string;
  readonly connection_name: string;
  readonly metadata: string;
  readonly last_heartbeat: number | null;
  readonly last_seen_at: number;
  readonly first_seen_at: number;
  readonly current_mode: string | null;
  readonly working_directory: string | null;
  readonly git_branch: string | null;
  readonly bound_to: string | null;
};

/** All environments are in memory, for they are few and asked for often; the file is for the next process. */
export class SqliteRegistry implements Registry, Writer {
  readonly #options: RegistryOptions;
  readonly #environments = new Map<string, Environment>();
  readonly #byDevice = new Map<string, Set<string>>();
  readonly #changed = new Set<string>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    options.db.each<Row>('SELECT * FROM environment ORDER BY n', [], (row) => {
      this.#keep(toEnvironment(row));
      return true;
    });
  }

  register(registration: Registration, by: Registrar, now: number): Lease | Failure {
    const { db, random } = this.#options;
    const others = this.#ofDevice(registration.deviceId);
    const bound = others[0] ? others[0].boundTo : (by?.id ?? null);
    const takesOver = by?.devices?.includes(registration.deviceId) ?? false;
    if (by && by.id !== bound && !takesOver) return refused(registration.deviceId);
    const boundTo = by && takesOver ? by.id : bound;
    const known = others.find((one) => one.listenerInstanceId === registration.listenerInstanceId);
    if (by && !known && this.#countOf(by.id) >= limits.devicesPerToken) return tooMany;
    const environment: Environment = {
      ...(known ?? { ...unseen, id: `env-${random()}`, firstSeenAt: now }),
      ...registration,
      lastSeenAt: now,
      boundTo,
    };
    const lease: Lease = {
      connectionId: `conn-${random()}`,
      environmentId: environment.id,
      token: by?.id ?? null,
    };
    db.transaction(() => {
      putEnvironment(db, environment);
      db.run('UPDATE environment SET bound_to = ? WHERE device_id = ?', boundTo, environment.deviceId);
      putLease(db, lease, now);
    });
    this.#keep(environment);
    for (const one of others) this.#patch(one.id, { boundTo });
    return lease;
  }

  lease(connectionId: string): Lease | null {
    const sql = `SELECT connection_id AS connectionId, environment AS environmentId, token
      FROM lease WHERE connection_id = ?`;
    const row = this.#options.db.get<Lease>(sql, connectionId);
    return row ? { ...row } : null;
  }

  /** [REG-6] What a device may choose comes last, so that none can take the name of another. */
  find(selector: string): Environment | null {
    const id = this.#environments.has(selector) ? selector : this.lease(selector)?.environmentId;
    if (id !== undefined) return this.#environments.get(id) ?? null;
    const [best] = this.#ofDevice(selector).sort(
      (a, b) => Number(isOnline(b)) - Number(isOnline(a)) || b.lastSeenAt - a.lastSeenAt,
    );
    return best ?? null;
  }

  list({ onlineOnly = false, deviceId, limit = defaultLimit, after }: Listing): {
    readonly environments: readonly Environment[];
    readonly hasNextPage: boolean;
  } {
    const all = deviceId === undefined ? [...this.#environments.values()] : this.#ofDevice(deviceId);
    const last = after === undefined ? -1 : all.findIndex((one) => one.id === after);
    // A page after nobody is empty: whoever walks on from it comes to an end.
    const rest = after !== undefined && last === -1 ? [] : all.slice(last + 1);
    const wanted = onlineOnly ? rest.filter(isOnline) : rest;
    const size = Math.min(limit, mostListed);
    return { environments: wanted.slice(0, size), hasNextPage: wanted.length > size };
  }

  connected(connectionId: string, now: number): void {
    const lease = this.lease(connectionId);
    if (lease) this.#change(lease.environmentId, { connectionId, connectedAt: now, lastSeenAt: now });
  }

  disconnected(connectionId: string, now: number): void {
    const environment = this.#environments.get(this.lease(connectionId)?.environmentId ?? '');
    if (environment?.connectionId !== connectionId) return;
    this.#change(environment.id, { connectionId: null, connectedAt: null, lastSeenAt: now });
  }

  heartbeat(environmentId: string, now: number): void {
    this.#change(environmentId, { lastHeartbeat: now, lastSeenAt: now });
  }

  observe(environmentId: string, seen: Observed): void {
    const known = this.#environments.get(environmentId);
    if (!known) return;
    const { defaultAgentId = known.metadata.defaultAgentId, ...rest } = seen;
    const { currentMode, workingDirectory, gitBranch } = { ...known, ...rest };
    const same =
      currentMode === known.currentMode &&
      workingDirectory === known.workingDirectory &&
      gitBranch === known.gitBranch &&
      defaultAgentId === known.metadata.defaultAgentId;
    const metadata = { ...known.metadata, ...(defaultAgentId !== undefined && { defaultAgentId }) };
    if (!same) this.#change(environmentId, { currentMode, workingDirectory, gitBranch, metadata });
  }

  get waiting(): number {
    return 0;
  }

  write(): void {
    const { later } = this.#options;
    for (const id of this.#changed) {
      const environment = this.#environments.get(id);
      if (!environment) continue;
      putEnvironment(later, environment);
      const { connectionId, lastSeenAt } = environment;
      if (connectionId !== null)
        later.run('UPDATE lease SET seen_at = ? WHERE connection_id = ?', lastSeenAt, connectionId);
    }
  }

  written(): void {
    this.#changed.clear();
  }

  shed(): number {
    return 0;
  }

  #countOf(token: string): number {
    let count = 0;
    for (const { boundTo } of this.#environments.values()) if (boundTo === token) count += 1;
    return count;
  }

  #ofDevice(deviceId: string): Environment[] {
    return [...(this.#byDevice.get(deviceId) ?? [])].flatMap((id) => this.#environments.get(id) ?? []);
  }

  #keep(environment: Environment): void {
    this.#environments.set(environment.id, environment);
    const ids = this.#byDevice.get(environment.deviceId) ?? new Set();
    this.#byDevice.set(environment.deviceId, ids.add(environment.id));
  }

  #patch(id: string, patch: Partial<Environment>): void {
    const known = this.#environments.get(id);
    if (known) this.#environments.set(id, { ...known, ...patch });
  }

  #change(id: string, patch: Partial<Environment>): void {
    this.#patch(id, patch);
    this.#changed.add(id);
    this.#options.behind.add(this, 0);
  }
}

/** What nobody has seen yet. */
const unseen = {
  connectionId: null,
  connectedAt: null,
  lastHeartbeat: null,
  currentMode: null,
  workingDirectory: null,
  gitBranch: null,
} as const;

const isOnline = ({ connectionId }: Environment): boolean => connectionId !== null;

const refused = (deviceId: string): Failure =>
  failure(
    'forbidden',
    `The device id ${deviceId} belongs to another token. Register with that one, or let a new token take the device over: farhand tokens create --kind device --device ${deviceId}`,
  );

const tooMany = failure(
  'quota',
  `This token has registered ${limits.devicesPerToken} devices, and takes no more. Make another one: farhand tokens create --kind device`,
);

function toEnvironment(row: Row): Environment {
  return {
    ...unseen,
    id: row.id,
    deviceId: row.device_id,
    listenerInstanceId: row.listener_instance_id === '' ? null : row.listener_instance_id,
    connectionName: row.connection_name,
    lastHeartbeat: row.last_heartbeat,
    lastSeenAt: row.last_seen_at,
    firstSeenAt: row.first_seen_at,
    metadata: parseStored<Environment['metadata']>(row.metadata),
    currentMode: row.current_mode,
    workingDirectory: row.working_directory,
    gitBranch: row.git_branch,
    boundTo: row.bound_to,
  };
}

function putEnvironment(db: Database, one: Environment): void {
  db.run(
    `INSERT INTO environment (id, device_id, listener_instance_id, connection_name, metadata, last_heartbeat,
       last_seen_at, first_seen_at, current_mode, working_directory, git_branch, bound_to)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET connection_name = excluded.connection_name, metadata = excluded.metadata,
       last_heartbeat = excluded.last_heartbeat, last_seen_at = excluded.last_seen_at,
       current_mode = excluded.current_mode, working_directory = excluded.working_directory,
       git_branch = excluded.git_branch, bound_to = excluded.bound_to`,
    one.id,
    one.deviceId,
    one.listenerInstanceId ?? '',
    one.connectionName,
    JSON.stringify(one.metadata),
    one.lastHeartbeat,
    one.lastSeenAt,
    one.firstSeenAt,
    one.currentMode,
    one.workingDirectory,
    one.gitBranch,
    one.boundTo,
  );
}

function putLease(db: Database, { connectionId, environmentId, token }: Lease, now: number): void {
  const sql = 'INSERT INTO lease (connection_id, environment, token, seen_at) VALUES (?, ?, ?, ?)';
  db.run(sql, connectionId, environmentId, token, now);
  const beyond = 'SELECT n FROM lease WHERE environment = ? ORDER BY n DESC LIMIT -1 OFFSET ?';
  db.run(`DELETE FROM lease WHERE n IN (${beyond})`, environmentId, leasesKept);
}
