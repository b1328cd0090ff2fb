import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BrokerTrial, type Victim } from './broker-trial.ts';
import { build } from './build.ts';
import { type ModelProcess, modelProcess } from './model-process.ts';
import { replayOf, seedsFrom } from './seeds.ts';

const { seeds, all } = seedsFrom(30_001, 50);
const killed: Victim[] = [];
let model: ModelProcess;

beforeAll(async () => {
  await build();
  model = await modelProcess();
});
afterAll(() => model.close());

describe('a broker, a runtime and a client, killed again and again', () => {
  it.each(seeds)('keep the promise on seed %i', async (seed) => {
    const processes = new BrokerTrial(seed, model.url);
    onTestFinished(() => processes.close());
    await processes.run();
    killed.push(...processes.killed);
    const { broken, trace } = processes.trial;
    expect(broken, replayOf(seed, 'broker-processes.test.ts', [...trace, processes.told])).toEqual([]);
  });
});

describe.runIf(all)('they were killed', () => {
  it.each(['runtime', 'broker', 'client', 'all'] as const)('%s', (victim) => {
    expect(killed.filter((one) => one === victim).length).toBeGreaterThan(2);
  });
});
