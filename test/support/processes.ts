import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** A process of the test. */
export type Started = {
  readonly child: ChildProcess;
  /** What it has written so far, on both streams. */
  readonly output: () => string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Once `look`, which is tried now and after everything that it writes, gives something. Rejects when the process ends before. */
  watch<T>(look: (output: string) => T | undefined): Promise<T>;
  type(line: string): void;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Kills it. */
  end(): Promise<void>;
};

export type StartOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly ipc?: boolean;
};

export const root = resolve(import.meta.dirname, '../..');

/** Runs Node with these arguments until the test is over at the latest. */
export function startNode(args: readonly string[], options: StartOptions): Started {
  const started = spawnNode(args, options);
  onTestFinished(() => started.end());
  return started;
}

/** Runs Node with these arguments until `end`. */
export function spawnNode(args: readonly string[], { env, cwd, ipc = false }: StartOptions): Started {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])],
  });
  const written = { stdout: '', stderr: '', both: '' };
  const looking = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
      written.both += text;
      for (const look of [...looking]) look();
    });
  }
  // A process that was killed takes no more input.
  child.stdin?.on('error', () => undefined);
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    child,
    output: () => written.both,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    watch: (look) =>
      new Promise((found, failed) => {
        const attempt = () => {
          const result = look(written.both);
          if (result === undefined) return;
          looking.delete(attempt);
          found(result);
        };
        looking.add(attempt);
        attempt();
        void ended.then(() => failed(new Error(`The process ended. It wrote:\n${written.both}`)));
      }),
    type: (line) => void child.stdin?.write(`${line}\n`),
    ended,
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs the built `farhand`, until the test is over at the latest. */
export const startFarhand = (args: readonly string[], options: StartOptions): Started =>
  startNode([farhand, ...args], { ...options, env: ownHome(options) });

/** Runs the built `farhand` until `end`. */
export const spawnFarhand = (args: readonly string[], options: StartOptions): Started =>
  spawnNode([farhand, ...args], { ...options, env: ownHome(options) });

const farhand = resolve(root, 'bin/farhand');
const ownHome = ({ cwd, env }: StartOptions) => ({ NO_COLOR: '1', HOME: cwd, ...env });
