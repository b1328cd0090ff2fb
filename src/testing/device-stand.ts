import { type Client, type ClientOptions, createClient } from '../client/index.ts';
import { hubOn } from '../hub/hub-on.ts';
import { systemClock } from '../link/clock.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { owner } from '../protocol/privileges.ts';
import { type TestDevice, type TestDeviceOptions, testDevice } from './device.ts';

/** Clients, a hub and a real device in one process, on links in memory. */
export type DeviceStand = {
  readonly test: TestDevice;
  connect(options?: Partial<ClientOptions>): Client;
  /** Breaks the newest connection of a client. */
  cut(): void;
  close(): Promise<void>;
};

export function deviceStand(options?: TestDeviceOptions): DeviceStand {
  const test = testDevice(options);
  const [near, far] = memoryPair();
  test.device.attach(far);
  const hub = hubOn(near, { log: test.store, clock: systemClock, version: '0.0.0-test' });
  const clients: Client[] = [];
  let newest: Pipe | undefined;

  const open = async (): Promise<Pipe> => {
    const [own, other] = memoryPair();
    newest = other;
    hub.accept(other, { principal: owner('private'), hears: 'followed' });
    return own;
  };
  return {
    test,
    connect(more = {}) {
      const client = createClient({ open, ...more });
      clients.push(client);
      return client;
    },
    cut: () => newest?.close(1006, 'cut'),
    async close() {
      for (const client of clients) client.close();
      await test.close();
    },
  };
}
