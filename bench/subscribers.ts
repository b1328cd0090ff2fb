import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bareEnvironment, stopChild } from './child.ts';
import { awaited } from './harness.ts';
import type { Job } from './processes/subscribers.ts';

export type Arrived = {
  /** When the last subscriber had the last frame, on the clock that all processes share, in ms. */
  readonly done: number;
  /** Milliseconds that each frame took to the first subscriber, for frames that say when they were written. */
  readonly ages: readonly number[];
};

export type Subscribers = {
  /** Opens them, replacing those before. Resolves when all are there. */
  open(job: Job): Promise<void>;
  /** Resolves when every subscriber has every frame. @throws Error when the first of them got them in another order. */
  arrived(): Promise<Arrived>;
  stop(): Promise<void>;
};

type Said = { open?: number; done?: number; failed?: string; wrong?: string; seq?: number; ages?: number[] };

/** A process that holds the subscribers, so that what they cost is not the relay's. */
export async function startSubscribers(): Promise<Subscribers> {
  const script = join(import.meta.dirname, 'processes', 'subscribers.ts');
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
  const next = (what: string, matches: (said: Said) => boolean) =>
    awaited<Said>(what, (found, failed) => {
      look = () => {
        const wrong = lines.find((said) => said.failed !== undefined);
        if (wrong) return failed(new Error(wrong.failed));
        const at = lines.findIndex(matches);
        if (at >= 0) found(...(lines.splice(at, 1) as [Said]));
      };
      look();
    });
  return {
    async open(job) {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      await next(`opening ${job.subscribers} subscribers`, (said) => said.open !== undefined);
    },
    async arrived() {
      const { done = 0, wrong, ages = [] } = await next('the relay', (said) => said.done !== undefined);
      if (wrong) throw new Error(`The frames came in another order: ${wrong}.`);
      return { done, ages };
    },
    stop: () => stopChild(child),
  };
}
