import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, brokerOn } from '../../src/broker/broker.ts';
import type { BrokerEvent } from '../../src/broker/log.ts';
import { createStation, type Station } from '../../src/broker/station/station.ts';
import { openTokens } from '../../src/broker/store/sqlite-tokens.ts';
import { openBrokerStore } from '../../src/broker/store/store.ts';
import type { TokenRequest } from '../../src/broker/store/tokens.ts';
import { type VirtualClock, virtualClock } from '../../src/link/virtual-clock.ts';
import { privileges } from '../../src/protocol/privileges.ts';

/** A broker with its real stores and stations on a virtual clock, without a server. */
export type BrokerInProcess = {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  /** Of every device, in the order in which somebody first came for it. */
  readonly stations: readonly Station[];
  readonly log: readonly BrokerEvent[];
  make(more?: Partial<TokenRequest>): string;
  close(): Promise<void>;
};

export function brokerInProcess(): BrokerInProcess {
  const home = mkdtempSync(join(tmpdir(), 'farhand-broker-'));
  const clock = virtualClock();
  const log: BrokerEvent[] = [];
  const stations: Station[] = [];
  const onTrouble = (what: string, error: unknown): void =>
    void log.push({ event: 'trouble', what, why: String(error) });
  const tokens = openTokens(home);
  const stores = openBrokerStore(home, { clock, onTrouble, durability: 'process' });
  let minted = 0;
  const ground = {
    stores,
    tokens,
    createStation(options: Parameters<typeof createStation>[0]): Station {
      const station = createStation(options);
      stations.push(station);
      return station;
    },
  };
  const mint = (): string => `minted-${++minted}`;
  const broker = brokerOn(ground, { home, version: '0.0.0', clock, mint, log: (event) => log.push(event) });
  return {
    broker,
    clock,
    stations,
    log,
    make(more = {}) {
      const request = {
        kind: 'client',
        name: 'test',
        privileges,
        devices: null,
        agents: null,
        expiresAt: null,
      };
      return tokens.create({ ...request, ...more } as TokenRequest, clock.now()).token;
    },
    async close() {
      const closed = broker.close();
      await clock.advance(10_000);
      await closed;
      rmSync(home, { recursive: true });
    },
  };
}
