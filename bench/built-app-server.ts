import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { launcher } from './built-remote.ts';
import { stopChild } from './child.ts';
import { awaited } from './harness.ts';

export type RunningAppServer = {
  /** `ws://…`, where clients connect. */
  readonly wsUrl: string;
  stop(): Promise<void>;
};

/** Runs `farhand app-server --json`, which ends with its stdin, and waits until it listens. */
export async function startAppServer(env: NodeJS.ProcessEnv): Promise<RunningAppServer> {
  const child = spawn(process.execPath, [launcher, 'app-server', '--json', '--exit-with-parent'], {
    env,
    // What it has to say to people: any program here may connect.
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { wsUrl } = await awaited<{ wsUrl: string }>('farhand app-server', (heard) =>
    createInterface({ input: child.stdout }).once('line', (line) => heard(JSON.parse(line))),
  );
  return { wsUrl, stop: () => stopChild(child) };
}
