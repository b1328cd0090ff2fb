import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { acceptRemote } from '../src/byor/index.ts';
import { awaited, type Skipped } from './harness.ts';

const root = join(import.meta.dirname, '..');
export const launcher = join(root, 'bin', 'farhand');

/** Why the built program cannot be measured, if so. */
export const notBuilt = (): Skipped | null =>
  existsSync(join(root, 'dist', 'cli', 'main.js'))
    ? null
    : { skipped: 'it needs the built program: run `npm run build` first.' };

/** A server that `farhand remote` connects to. */
export type RemoteServer = { readonly env: NodeJS.ProcessEnv; close(): void };

export async function remoteServer(): Promise<RemoteServer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const token = 'bench-token';
  const remote = acceptRemote({ server, token });
  return {
    env: { FARHAND_URL: `http://127.0.0.1:${address.port}`, FARHAND_TOKEN: token },
    close() {
      remote.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

export type RunningRemote = {
  readonly pid: number;
  /** Milliseconds from its start until it said that it was connected. */
  readonly connectedMs: number;
  readonly deviceId: string;
  /** Its default agent. */
  readonly agentId: string | null;
  stop(): Promise<void>;
};

const PATIENCE_MS = 10_000;

/** Runs `farhand remote --json` and waits until it is connected. */
export async function startRemote(env: NodeJS.ProcessEnv): Promise<RunningRemote> {
  const start = performance.now();
  const child = spawn(process.execPath, [launcher, 'remote', '--json', '--env-name', 'bench'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  };
  type Connected = Pick<RunningRemote, 'connectedMs' | 'deviceId' | 'agentId'>;
  const connected = awaited<Connected>('farhand remote', (heard, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, deviceId, agentId } = JSON.parse(line);
      if (event === 'connected') heard({ connectedMs: performance.now() - start, deviceId, agentId });
    });
    void exited.then(([code]) => failed(new Error(`farhand remote ended with ${code}, not connected.`)));
  });
  try {
    return { pid: child.pid ?? 0, ...(await connected), stop };
  } catch (error) {
    if (child.exitCode === null) await stop();
    throw error;
  }
}
