import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Broker, createBroker } from '../../src/broker/broker.ts';
import type { BrokerEvent } from '../../src/broker/log.ts';
import { openTokens } from '../../src/broker/store/sqlite-tokens.ts';
import type { TokenKind } from '../../src/broker/store/tokens.ts';
import { type Listening, listen } from '../../src/cli/serve/listen.ts';
import { systemClock } from '../../src/link/clock.ts';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { privileges } from '../../src/protocol/privileges.ts';
import { ulid } from '../../src/runtime/ulid.ts';
import { type Peer, peerOn } from '../support/peer.ts';

/** The whole broker on a port of loopback, which may be ended and started again at the same place. */
export type BrokerStand = {
  readonly url: string;
  readonly deviceToken: string;
  readonly clientToken: string;
  readonly log: readonly BrokerEvent[];
  end(): Promise<void>;
  start(): Promise<void>;
  /** Once the log has such a line, not counting the first `from`. */
  logged(matches: (event: BrokerEvent) => boolean, from?: number): Promise<BrokerEvent>;
  /** A client's socket; `environment` by any of its names. */
  client(environment: string, query?: string): Promise<Peer>;
  rest(path: string): Promise<unknown>;
};

const patienceMs = 30_000;

export async function brokerStand({ splitChannels = false } = {}): Promise<BrokerStand> {
  const home = mkdtempSync(join(tmpdir(), 'farhand-interop-broker-'));
  const log: BrokerEvent[] = [];
  const looking = new Set<() => void>();
  const [deviceToken, clientToken] = (['device', 'client'] as const).map((kind) => tokenIn(home, kind));
  let running: { readonly broker: Broker; readonly listening: Listening } | null = null;
  let port = 0;

  async function start(): Promise<void> {
    const broker = createBroker({
      home,
      version: '0.0.0-test',
      clock: systemClock,
      mint: () => ulid(systemClock.now()),
      log(event) {
        log.push(event);
        for (const look of [...looking]) look();
      },
      splitChannels,
      durability: 'process',
    });
    const listening = await listen(broker, { host: '127.0.0.1', port, tls: null });
    if ('code' in listening) throw new Error(listening.message);
    port = Number(new URL(listening.url).port);
    running = { broker, listening };
  }
  async function end(): Promise<void> {
    const ending = running;
    running = null;
    if (!ending) return;
    await ending.broker.close();
    ending.listening.close();
  }
  onTestFinished(async () => {
    await end();
    rmSync(home, { recursive: true, force: true });
  });
  await start();
  const url = `http://127.0.0.1:${port}`;
  const headers = { authorization: `Bearer ${clientToken}` };

  return {
    url,
    deviceToken: String(deviceToken),
    clientToken: String(clientToken),
    log,
    start,
    end,
    logged: (matches, from = 0) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = log.slice(from).find(matches);
          if (!found) return;
          clearTimeout(timer);
          looking.delete(look);
          resolve(found);
        };
        const giveUp = (): void =>
          reject(new Error(`Not logged: ${matches}\n${JSON.stringify(log, null, 1)}`));
        const timer = setTimeout(giveUp, patienceMs);
        looking.add(look);
        look();
      }),
    async client(environment, query = '?farhand=1') {
      const address = `${url.replace(/^http/, 'ws')}/v1/environments/${environment}/status/ws${query}`;
      const pipe = await dial(address, { headers });
      if (isDialFailure(pipe)) throw new Error(pipe.message);
      onTestFinished(() => pipe.close());
      return peerOn(pipe);
    },
    rest: async (path) => (await fetch(`${url}${path}`, { headers })).json(),
  };
}

function tokenIn(home: string, kind: TokenKind): string {
  const tokens = openTokens(home);
  const all = { devices: null, agents: null, expiresAt: null };
  const granted = kind === 'client' ? privileges : [];
  const { token } = tokens.create({ kind, name: 'interop', privileges: granted, ...all }, systemClock.now());
  tokens.close();
  return token;
}
