import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { DialFailure } from '../../src/link/dial-failure.ts';
import { dialLocal } from '../../src/link/node/local-socket.ts';
import type { Pipe } from '../../src/link/pipe.ts';
import { runVariable } from '../../src/testing/chaos-survivors.ts';

export type Server = { readonly url: string; readonly token: string };

/** A home in a folder of its own, and the program's processes on it. */
export class Farhand {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-crash-')));
  readonly home = join(this.#root, 'home');
  /** The working directory of every process. */
  readonly folder = join(this.#root, 'work');
  readonly database = join(this.home, 'device.db');
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #children = new Set<ChildProcess>();
  #told = '';

  constructor(run: string, modelUrl: string) {
    this.#env = {
      PATH: process.env.PATH,
      HOME: this.#root,
      FARHAND_HOME: this.home,
      FARHAND_MODEL: 'lmstudio/chaos',
      LMSTUDIO_BASE_URL: modelUrl,
      AI_SDK_LOG_WARNINGS: 'false',
      [runVariable]: run,
    };
  }

  /** What the processes wrote on standard error. */
  get told(): string {
    return this.#told;
  }

  /** Offers the home at a server; ends only when it is told to, or killed. */
  async remote({ url, token }: Server): Promise<Running> {
    await mkdir(this.folder, { recursive: true });
    const args = [resolve('bin/farhand'), 'remote', '--json', '--url', url];
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...this.#env, FARHAND_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    const ended = once(child, 'exit').then(() => undefined);
    child.stderr.on('data', (text) => {
      this.#told += text;
    });
    const connected = new Promise<string>((found, failed) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { event, agentId } = JSON.parse(line);
        if (event === 'connected') found(agentId);
      });
      ended.then(() => failed(new Error(`farhand ended before it was connected.\n${this.#told}`)));
    });
    // Who kills it before that does not want to know.
    connected.catch(() => undefined);
    return { child, connected, ended };
  }

  open(): Promise<Pipe | DialFailure> {
    return dialLocal(join(this.home, 'owner.sock'));
  }

  /** Which of them owns the home, by the lock on it; where the system does not list locks, the first. */
  ownerAmong(running: readonly Running[]): Running | undefined {
    const { ino } = statSync(join(this.home, 'owner.lock'));
    const locks = existsSync('/proc/locks') ? readFileSync('/proc/locks', 'utf8') : '';
    // As in "1: POSIX  ADVISORY  WRITE 4711 fd:01:131 1073741824 1073741824", with the pid and the inode.
    const holders = locks.split('\n').map((line) => / WRITE (\d+) \w+:\w+:(\d+) /.exec(line));
    const pid = Number(holders.find((found) => Number(found?.[2]) === ino)?.[1]);
    return running.find(({ child }) => child.pid === pid) ?? running[0];
  }

  async close(): Promise<void> {
    for (const child of this.#children) await end(child, 'SIGKILL');
    rmSync(this.#root, { recursive: true, force: true });
  }
}

export type Running = {
  readonly child: ChildProcess;
  /** The id of the default agent. */
  readonly connected: Promise<string>;
  readonly ended: Promise<void>;
};

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
