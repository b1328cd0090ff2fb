import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { acceptRemote } from '../../src/byor/index.ts';
import { type Schedule, type Step, scheduleOf } from '../../src/testing/chaos-schedule.ts';
import { build } from './build.ts';
import type { Server } from './farhand.ts';
import { type ModelProcess, modelProcess } from './model-process.ts';
import { blowsOf, type Hit, ProcessTrial, type ProcessTrialOptions } from './process-trial.ts';
import { replayOf, seedsFrom } from './seeds.ts';
import type { Blow } from './striker.ts';

const { seeds, all } = seedsFrom(1_001, 34);
const listener = createServer();
const token = 'token-of-the-test';
let model: ModelProcess;

beforeAll(async () => {
  await build();
  model = await modelProcess();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
});
afterAll(async () => {
  await model.close();
  listener.closeAllConnections();
  listener.close();
});

/** A place for one runtime. */
function server(path: string): Server {
  const remote = acceptRemote({ server: listener, token, path });
  onTestFinished(() => remote.close());
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}${path}`, token };
}

type More = Partial<ProcessTrialOptions> & { readonly places?: readonly string[] };

/** Every third home has a second process, which takes over from the first. */
const placesOf = (seed: number): readonly string[] => (seed % 3 === 0 ? ['/one', '/two'] : ['/one']);

async function keeps(seed: number, more: More = {}): Promise<void> {
  const processes = new ProcessTrial({
    schedule: scheduleOf(seed),
    blows: blowsOf(seed),
    modelUrl: model.url,
    ...more,
    servers: (more.places ?? placesOf(seed)).map(server),
  });
  onTestFinished(() => processes.close());
  await processes.run();
  const { broken, trace } = processes.trial;
  expect(broken, replayOf(seed, 'processes.test.ts', trace)).toEqual([]);
}

/** What one person says, each when all before it is done. */
const said = (...scripts: readonly string[]): Schedule => ({
  ...scheduleOf(0),
  conversations: 1,
  steps: scripts.flatMap((script, n): Step[] => [
    { do: 'send', conversation: 0, key: `cm-${n}`, text: `#script=${script} file=f${n}.txt` },
    { do: 'await', conversation: 0, what: 'rest' },
  ]),
  denials: 0,
});

describe('the program, killed again and again', () => {
  it.each(seeds)('keeps the promise on seed %i', (seed) => keeps(seed));
});

describe.runIf(all)('the promise is kept', () => {
  it('[HOME-1] when the owner is killed in its turn and other processes are on the home, one after the other', () =>
    keeps(1, {
      schedule: said('steps', 'slow', 'files', 'steps'),
      places: ['/one', '/two', '/three'],
      blows: [
        { moment: 'tool_start', afterMs: 20, hit: 'SIGKILL' },
        { moment: 'text', afterMs: 5, hit: 'SIGKILL' },
      ],
    }));

  it.each([
    ['approval', 5],
    ['tool_start', 30],
    ['text', 10],
  ] as const)('by a program that is told to end after %s', (moment, afterMs) =>
    keeps(1, {
      schedule: said('slow', 'files', 'talk'),
      blows: [
        { moment, afterMs, hit: 'SIGTERM' },
        { moment: 'tool_start', afterMs: 0, hit: 'SIGTERM' },
      ],
    }),
  );

  it('by a program that is killed while it starts, over and over', () =>
    keeps(1, {
      schedule: said('slow', 'files'),
      blows: [
        { moment: 'tool_start', afterMs: 40, hit: 'SIGKILL' },
        ...[0, 30, 60, 90, 120, 150, 180, 240].map(
          (afterMs): Blow<Hit> => ({ moment: null, afterMs, hit: 'SIGKILL' }),
        ),
      ],
    }));

  it('when the model goes away in the middle of its answer and comes back, and the program dies while it waits for that', async () => {
    const fragile = await modelProcess();
    onTestFinished(() => fragile.close());
    await keeps(1, {
      schedule: said('talk', 'files'),
      modelUrl: fragile.url,
      blows: [
        { moment: 'text', afterMs: 5, hit: () => fragile.kill() },
        { moment: 'retry', afterMs: 50, hit: 'SIGKILL' },
        { moment: null, afterMs: 100, hit: () => fragile.restart() },
      ],
    });
  });
});
