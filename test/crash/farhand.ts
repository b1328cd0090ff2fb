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
import type { Scope } from '../../src/protocol/shapes.ts';
import { runVariable } from '../../src/testing/chaos-survivors.ts';

export type Server = { readonly url: string; readonly token: string };

/** A home in a folder of its own, and the program's processes on it; and a broker with a home beside it. */
export class Farhand {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'farhand-crash-')));
  readonly home = join(this.#root, 'home');
  /** The working directory of every process. */
  readonly folder = join(this.#root, 'work');
  readonly database = join(this.home, 'device.db');
  readonly brokerHome = join(this.#root, 'broker');
  readonly outbox = join(this.#root, 'outbox');
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
    const args = [resolve('bin/farhand'), 'remote', '--json', '--url', url];
    const started = await this.#start(args, { FARHAND_TOKEN: token }, 'connected');
    return { ...started, connected: later(started.said, ({ agentId }) => String(agentId)) };
  }

  /** A broker without a runtime of its own. */
  async serve(port: number): Promise<RunningBroker> {
    const args = [resolve('bin/farhand'), 'serve', '--no-runtime', '--json', '--port', `${port}`];
    const started = await this.#start(args, { FARHAND_HOME: this.brokerHome }, 'listening');
    const listening = later(started.said, ({ url, token, deviceToken }) => ({
      client: { url: String(url), token: String(token) },
      device: { url: String(url), token: String(deviceToken) },
    }));
    return { ...started, listening };
  }

  /** A client that sends messages and keeps them in its outbox until the device has them. */
  send(to: Server, messages: readonly Message[]): Promise<RunningClient> {
    const plan = JSON.stringify({ ...to, outbox: this.outbox, messages });
    return this.#start([resolve('test/crash/client-main.ts'), plan], {}, 'delivered');
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

  /** `said`: what it says as that event; it is not awaited by whoever kills it before. */
  async #start(args: readonly string[], env: Readonly<Record<string, string>>, event: string) {
    await mkdir(this.folder, { recursive: true });
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    const ended = once(child, 'exit').then(() => undefined);
    child.stderr.on('data', (text) => {
      this.#told += text;
    });
    const said = new Promise<Said>((found, failed) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const told: Said = JSON.parse(line);
        if (told.event === event) found(told);
      });
      ended.then(() => failed(new Error(`${args[1] ?? 'it'} ended before it was ${event}.\n${this.#told}`)));
    });
    said.catch(() => undefined);
    return { child, said, ended };
  }
}

type Said = Readonly<Record<string, unknown>>;

export type Started = { readonly child: ChildProcess; readonly ended: Promise<void> };
export type Running = Started & {
  /** The id of the default agent. */
  readonly connected: Promise<string>;
};
export type RunningBroker = Started & {
  /** Where clients and devices find it. */
  readonly listening: Promise<{ readonly client: Server; readonly device: Server }>;
};
/** `said`: that the device has everything. */
export type RunningClient = Started & { readonly said: Promise<unknown> };
/** A message of a client's process. */
export type Message = { readonly scope: Scope; readonly key: string; readonly text: string };

function later<T, U>(told: Promise<T>, read: (value: T) => U): Promise<U> {
  const found = told.then(read);
  found.catch(() => undefined);
  return found;
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
