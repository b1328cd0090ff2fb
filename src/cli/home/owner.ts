import { applyVersion } from '../../core/apply.ts';
import { hubOn } from '../../hub/hub-on.ts';
import type { Client } from '../../hub/session.ts';
import { systemClock } from '../../link/clock.ts';
import { memoryPair } from '../../link/memory.ts';
import { listenLocal } from '../../link/node/local-socket.ts';
import type { Pipe } from '../../link/pipe.ts';
import { tellingEnd } from '../../link/with-listen.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { Device } from '../../runtime/device.ts';
import { ulid } from '../../runtime/ulid.ts';
import type { OwnerLock } from '../../sqlite/owner-lock.ts';
import { openStore } from '../../store/sqlite.ts';
import type { StoreError } from '../../store/store.ts';
import { version } from '../version.ts';
import { admit } from './door.ts';
import type { HomePaths } from './paths.ts';

/** This process runs the home's conversations until it closes or is fenced. */
export type Owner = {
  readonly device: Device;
  /** A client's end of a pipe into the hub. */
  open(): Pipe;
  /** Lets a client in that came by a door of this process. */
  accept(pipe: Pipe, client: Client): void;
  /** Other processes that are attached now. */
  guests(): number;
  close(): Promise<void>;
};

export type OwnerOptions = {
  readonly cwd: string;
  /** Whether model servers on this machine are looked for when nobody has chosen a model. Default: no. */
  readonly discover?: boolean;
  readonly trouble: (what: string, error: unknown) => void;
  /** The lease is gone: another process owns the home. */
  readonly fenced: (error: StoreError) => void;
};

/** Opens the home under a lock that this process holds. @throws StoreError when the store cannot be opened. */
export async function becomeOwner(
  paths: HomePaths,
  lock: OwnerLock,
  options: OwnerOptions,
): Promise<Owner | Failure> {
  const store = openStore(paths.database, { applyVersion });
  const device = new Device({
    ...options,
    store,
    home: paths.home,
    scratch: paths.scratch,
    version,
    mint: () => ulid(systemClock.now()),
  });
  const [hubEnd, deviceEnd] = memoryPair();
  const hub = hubOn(hubEnd, { log: store, clock: systemClock, version });
  device.attach(deviceEnd);
  const guests = new Set<Pipe>();
  const server = await listenLocal(paths.socket, (pipe) => {
    guests.add(pipe);
    admit(
      tellingEnd(pipe, () => guests.delete(pipe)),
      hub,
      device,
    );
  });
  if ('kind' in server) {
    await device.close();
    return failure('home_unwritable', `The owner's socket cannot be opened: ${server.message}.`);
  }
  try {
    device.start();
  } catch (error) {
    // Whoever tries again finds everything free.
    server.close();
    await device.close();
    throw error;
  }
  return {
    device,
    open() {
      const [near, far] = memoryPair();
      admit(far, hub, device);
      return near;
    },
    accept: (pipe, client) => hub.accept(pipe, client),
    guests: () => guests.size,
    async close() {
      await device.close();
      server.close();
      lock.release();
    },
  };
}
