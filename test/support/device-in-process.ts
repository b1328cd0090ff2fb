import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { admit } from '../../src/cli/home/door.ts';
import { applyVersion } from '../../src/core/apply.ts';
import type { Hub } from '../../src/hub/hub.ts';
import { hubOn } from '../../src/hub/hub-on.ts';
import { memoryPair } from '../../src/link/memory.ts';
import { linePipe } from '../../src/link/node/line-pipe.ts';
import type { Pipe } from '../../src/link/pipe.ts';
import { type VirtualClock, virtualClock } from '../../src/link/virtual-clock.ts';
import { owner } from '../../src/protocol/privileges.ts';
import { Device } from '../../src/runtime/device.ts';
import { ulid } from '../../src/runtime/ulid.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { memoryHome } from '../../src/store/memory-home.ts';

/** A runtime on a virtual clock, with a store in memory, no models, and the doors of an owner. */
export type DeviceInProcess = {
  readonly hub: Hub;
  readonly clock: VirtualClock;
  readonly troubles: readonly unknown[];
  readonly agentId: string;
  /** A client of the app-server. */
  appServer(query?: URLSearchParams): Pipe;
  /** The other end of the owner's private socket, as bytes. */
  privateSocket(): Socket;
  close(): Promise<void>;
};

export function deviceInProcess(): DeviceInProcess {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-fuzz-')));
  const clock = virtualClock();
  const troubles: unknown[] = [];
  const store = openMemoryStore({ applyVersion, home: memoryHome() });
  const device = new Device({
    store,
    home: join(folder, '.home'),
    scratch: join(folder, '.home', 'scratch'),
    cwd: folder,
    version: '0.0.0-test',
    clock,
    env: { PATH: process.env.PATH, FARHAND_MODEL: 'none/none' },
    mint: () => ulid(clock.now()),
    trouble: (what, error) => troubles.push(what, error),
    fenced: (error) => troubles.push(error),
  });
  const [near, far] = memoryPair();
  device.attach(far);
  const hub = hubOn(near, { log: store, clock, version: '0.0.0-test' });
  device.start();
  return {
    hub,
    clock,
    troubles,
    agentId: device.defaultAgent(),
    appServer(query) {
      const [own, other] = memoryPair();
      hub.accept(other, { principal: owner('direct'), hears: 'followed', query, appServer: true });
      return own;
    },
    privateSocket() {
      const [own, other] = duplexPair();
      // A stream has all of a socket that is used of one here.
      admit(linePipe(other as Socket, { clock }), hub, device);
      return own as Socket;
    },
    async close() {
      await device.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
