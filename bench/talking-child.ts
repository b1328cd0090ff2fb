import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bareEnvironment, stopChild } from './child.ts';
import { awaited } from './harness.ts';

/** A process of the bench that is told what to do in lines of JSON, and answers in such lines. */
export type TalkingChild<Job, Said> = {
  tell(job: Job): void;
  /** The first line that matches and was not given yet. `what` is for people. @throws Error when the process says that it failed. */
  next(what: string, matches: (said: Said) => boolean): Promise<Said>;
  stop(): Promise<void>;
};

/** `name` is that of a script beside this file, in `processes`. */
export function startTalkingChild<Job extends object, Said extends { readonly failed?: string }>(
  name: string,
): TalkingChild<Job, Said> {
  const script = join(import.meta.dirname, 'processes', `${name}.ts`);
  const child = spawn(process.execPath, [script], {
    env: bareEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: Said[] = [];
  let look = (): void => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line));
    look();
  });
  return {
    tell: (job) => child.stdin.write(`${JSON.stringify(job)}\n`),
    next: (what, matches) =>
      awaited<Said>(what, (found, failed) => {
        look = () => {
          const failure = lines.find((said) => said.failed !== undefined);
          if (failure) return failed(new Error(`${what}: ${failure.failed}`));
          const at = lines.findIndex(matches);
          if (at >= 0) found(...(lines.splice(at, 1) as [Said]));
        };
        look();
      }),
    stop: () => stopChild(child),
  };
}

/** For the main module of such a process: works one job after the other, and ends with its stdin. */
export function workJobs<Job, Said extends object>(
  work: (job: Job, say: (said: Said) => void) => Promise<void>,
): void {
  const say = (said: Said | { readonly failed: string }) => process.stdout.write(`${JSON.stringify(said)}\n`);
  process.stdin.once('close', () => process.exit(0));
  let before = Promise.resolve();
  createInterface({ input: process.stdin }).on('line', (line) => {
    before = before
      .then(() => work(JSON.parse(line) as Job, say))
      .catch((error: Error) => void say({ failed: error.message }));
  });
}
