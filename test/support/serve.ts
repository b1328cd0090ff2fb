import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { type Peer, peerOn } from './peer.ts';
import { type Started, startFarhand } from './processes.ts';

/** A built `farhand serve` on a free port of loopback. */
export type Served = {
  readonly process: Started;
  readonly url: string;
  readonly token: string;
  readonly deviceToken: string;
  readonly home: string;
  /** The default agent of the runtime inside; null without one. */
  readonly agentId: string | null;
};

export async function serve(
  cwd: string,
  { env = {}, args = [] }: { readonly env?: Record<string, string>; readonly args?: readonly string[] } = {},
): Promise<Served> {
  const process = startFarhand(['serve', '--port', '0', '--json', ...args], {
    cwd,
    env: { FARHAND_HOME: join(cwd, 'home'), ...env },
  });
  const first = await process.watch(() => process.stdout().split('\n').slice(0, -1)[0]);
  return { ...(JSON.parse(first) as Omit<Served, 'process'>), process };
}

/** A client on the status WebSocket of an environment; `query` as the documents write it. */
export async function statusSocket(
  { url, token }: Pick<Served, 'url' | 'token'>,
  environment: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const address = new URL(`${url.replace(/^http/, 'ws')}/v1/environments/${environment}/status/ws`);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const pipe = await dial(address.href, { headers: { authorization: `Bearer ${token}` } });
  if (isDialFailure(pipe)) throw new Error(pipe.message);
  onTestFinished(() => pipe.close());
  return peerOn(pipe);
}

/** The environments as the REST API lists them. */
export async function environments({
  url,
  token,
}: Pick<Served, 'url' | 'token'>): Promise<readonly Record<string, unknown>[]> {
  const response = await fetch(`${url}/v1/environments?onlineOnly=true`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { connections: Record<string, unknown>[] }).connections;
}

/** A folder of this test alone. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-serve-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
