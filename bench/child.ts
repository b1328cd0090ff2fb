import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Variables } from '../src/runtime/models/handles.ts';

/** A process of this bench. */
export type Child = {
  readonly pid: number;
  /** What it said in its first line. */
  readonly said: Readonly<Record<string, unknown>>;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
  /** The same without a word to it. */
  kill(): Promise<void>;
};

const PATIENCE_MS = 5_000;

/** What every process of the bench may know of the environment. */
export const bareEnvironment = (): Variables => ({ PATH: process.env.PATH });

/**
 * Starts Node with a script that says one line of JSON when it is ready and ends when its stdin does, so that it never outlives the
 * bench. @throws Error when it ends without a word.
 */
export async function startChild(args: readonly string[], env: Variables): Promise<Child> {
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await firstLine(child, args);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${args.join(' ')} has no process id.`);
  return { pid, said: JSON.parse(said), stop: () => stopChild(child), kill: () => killChild(child) };
}

function firstLine(child: ChildProcess, args: readonly string[]): Promise<string> {
  const { stdout } = child;
  if (!stdout) throw new Error('The process was started without a stdout.');
  return new Promise((said, failed) => {
    const lines = createInterface({ input: stdout });
    lines.once('line', said);
    lines.once('close', () =>
      failed(new Error(`${args.join(' ')} ended before it was ready; what it wrote to stderr stands above.`)),
    );
  });
}

/** Closes its stdin, and kills it when that does not help. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await exited;
  clearTimeout(timer);
}

export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** For the main module of such a process: says that it is ready, and calls `stop` when nobody wants it any more. */
export function ready(said: Readonly<Record<string, unknown>>, stop: () => unknown): void {
  process.stdin.once('close', stop).resume();
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
