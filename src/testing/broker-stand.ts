import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, createBroker } from '../broker/broker.ts';
import { openTokens } from '../broker/store/sqlite-tokens.ts';
import type { TokenRequest } from '../broker/store/tokens.ts';
import { type Listening, listen } from '../cli/serve/listen.ts';
import { systemClock } from '../link/clock.ts';
import { memoryPair } from '../link/memory.ts';
import type { Pipe } from '../link/pipe.ts';
import { privileges } from '../protocol/privileges.ts';
import { ulid } from '../runtime/ulid.ts';
import { LinkedDevice } from './linked-device.ts';

/** A device of the stand, which comes and goes. */
export type StandDevice = {
  readonly device: LinkedDevice;
  up(): void;
  down(): void;
};

/** A real broker behind a real server, on this machine, with devices that have no runtime. */
export type BrokerStand = {
  readonly url: string;
  /** A client's token that may do everything. */
  readonly token: string;
  make(more?: Partial<TokenRequest>): { readonly id: string; readonly token: string };
  revoke(id: string): void;
  /** One that is there at once. */
  device(name: string, deviceId?: string): StandDevice;
  /** The broker's program ends. */
  stop(): Promise<void>;
  /** It runs again at the same address; with `lost` its files are gone, but for the tokens. */
  start(options?: { readonly lost?: boolean }): Promise<void>;
  close(): Promise<void>;
};

const everything: TokenRequest = {
  kind: 'client',
  name: 'test',
  privileges,
  devices: null,
  agents: null,
  expiresAt: null,
};

export async function brokerStand(): Promise<BrokerStand> {
  const home = mkdtempSync(join(tmpdir(), 'farhand-stand-'));
  const devices: StandDevice[] = [];
  let running: { readonly broker: Broker; readonly server: Listening } | null = null;
  let port = 0;

  async function start({ lost = false } = {}): Promise<void> {
    if (lost)
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(home, `broker.db${suffix}`), { force: true });
    const broker = createBroker({
      home,
      version: '0.0.0-test',
      clock: systemClock,
      mint: () => ulid(Date.now()),
      log: () => undefined,
      durability: 'process',
    });
    const server = await listen(broker, { host: '127.0.0.1', port, tls: null });
    if ('code' in server) throw new Error(server.message);
    port = Number(new URL(server.url).port);
    running = { broker, server };
    for (const { up } of devices) up();
  }
  async function stop(): Promise<void> {
    const { broker, server } = running ?? {};
    running = null;
    await broker?.close();
    server?.close();
  }
  function withTokens<T>(work: (tokens: ReturnType<typeof openTokens>) => T): T {
    const tokens = openTokens(home);
    try {
      return work(tokens);
    } finally {
      tokens.close();
    }
  }
  const make: BrokerStand['make'] = (more = {}) =>
    withTokens((tokens) => {
      const { record, token } = tokens.create({ ...everything, ...more }, Date.now());
      return { id: record.id, token };
    });

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    token: make().token,
    make,
    revoke: (id) => void withTokens((tokens) => tokens.revoke(id, Date.now())),
    device(name, deviceId = `device-${devices.length + 1}`) {
      const device = new LinkedDevice();
      device.handlers.set('agent_list', ({ request_id }) =>
        device.send({ type: 'agent_list_response', request_id, success: true, agents: [] }),
      );
      let link: Pipe | null = null;
      const one: StandDevice = {
        device,
        up() {
          const { broker } = running ?? {};
          const metadata = { farhand: { v: 1, features: [] } };
          const registration = { deviceId, listenerInstanceId: null, connectionName: name, metadata };
          const lease = broker?.enrol(registration);
          if (!broker || !lease || 'code' in lease) throw new Error('the broker does not run');
          const [near, far] = memoryPair();
          device.attach(near);
          link = near;
          broker.attach(lease, far);
        },
        down: () => link?.close(1006, 'gone'),
      };
      one.up();
      devices.push(one);
      return one;
    },
    stop,
    start,
    async close() {
      await stop();
      rmSync(home, { recursive: true });
    },
  };
}
