import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokens } from '../../src/broker/store/sqlite-tokens.ts';
import type { TokenRequest } from '../../src/broker/store/tokens.ts';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { privileges } from '../../src/protocol/privileges.ts';
import { type Peer, peerOn } from './peer.ts';
import { spawnFarhand } from './processes.ts';

/** A built `farhand serve` in a process of its own, with a home of its own. */
export type BrokerProcess = {
  readonly url: string;
  /** The default agent of the runtime inside; null without one. */
  readonly agentId: string | null;
  readonly cwd: string;
  /** A token, as `farhand tokens create` makes one; default: of a client that may do everything. */
  make(more?: Partial<TokenRequest>): { readonly id: string; readonly token: string };
  revoke(id: string): void;
  /** Everything that it has written, tokens of its first line aside. */
  written(): string;
  /** The lines of its log. */
  log(): readonly Readonly<Record<string, unknown>>[];
  isAlive(): boolean;
  /** Bytes of memory that it takes. */
  memory(): number;
  ask(method: string, path: string, token: string | null, body?: unknown): Promise<Answered>;
  /** A client's socket. */
  client(environment: string, token: string, query?: Readonly<Record<string, string>>): Promise<Peer>;
  end(): Promise<void>;
};

export type Answered = { readonly status: number; readonly json: Readonly<Record<string, unknown>> };

const everything: TokenRequest = {
  kind: 'client',
  name: 'test',
  privileges: privileges.filter((one) => one !== 'device.register'),
  devices: null,
  agents: null,
  expiresAt: null,
};

export async function brokerProcess({
  args = [],
  env = {},
}: {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
} = {}): Promise<BrokerProcess> {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-broker-')));
  const home = join(cwd, 'home');
  const started = spawnFarhand(['serve', '--port', '0', '--json', ...args], {
    cwd,
    env: { FARHAND_HOME: home, ...env },
  });
  const first = await started.watch(() => started.stdout().split('\n').slice(0, -1)[0]);
  const { url, agentId } = JSON.parse(first) as { url: string; agentId: string | null };
  let ended = false;
  void started.ended.then(() => {
    ended = true;
  });
  function withTokens<T>(work: (tokens: ReturnType<typeof openTokens>) => T): T {
    const tokens = openTokens(home);
    try {
      return work(tokens);
    } finally {
      tokens.close();
    }
  }
  const bearer = (token: string | null) => (token === null ? {} : { authorization: `Bearer ${token}` });

  return {
    url,
    agentId,
    cwd,
    make: (more = {}) =>
      withTokens((tokens) => {
        const { record, token } = tokens.create({ ...everything, ...more }, Date.now());
        return { id: record.id, token };
      }),
    revoke: (id) => void withTokens((tokens) => tokens.revoke(id, Date.now())),
    written: () => started.output().replace(`${first}\n`, ''),
    log: () =>
      started
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    isAlive: () => !ended,
    memory: () =>
      1024 *
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(started.child.pid)], { encoding: 'utf8' })),
    async ask(method, path, token, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: bearer(token),
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, json: text === '' ? {} : JSON.parse(text) };
    },
    async client(environment, token, query = {}) {
      const path = `/v1/environments/${environment}/status/ws?${new URLSearchParams(query)}`;
      const pipe = await dial(`${url.replace(/^http/, 'ws')}${path}`, { headers: bearer(token) });
      if (isDialFailure(pipe)) throw new Error(pipe.message);
      return peerOn(pipe);
    },
    async end() {
      await started.end();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
