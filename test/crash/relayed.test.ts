import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Interruption, interruptions } from '../../src/testing/chaos-interruptions.ts';
import { runRelayedSchedule } from '../../src/testing/chaos-relayed-run.ts';
import { chaosScripts } from '../../src/testing/chaos-scripts.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { replayOf, seedsFrom } from './seeds.ts';

const { seeds, all } = seedsFrom(10_001, 250);
const interrupted: Interruption[] = [];
let model: ModelServer;

beforeAll(async () => {
  model = await startModelServer({ scripts: chaosScripts });
});
afterAll(() => model.close());

describe('a device and its broker, killed and cut apart again and again', () => {
  it.concurrent.each(seeds)('keep the promise on seed %i', async (seed) => {
    const outcome = await runRelayedSchedule(seed, model.url);
    interrupted.push(...outcome.interrupted);
    expect(outcome.broken, replayOf(seed, 'relayed.test.ts', outcome.trace)).toEqual([]);
  });
});

describe.runIf(all)('they were interrupted', () => {
  it.each(interruptions)('by that: %s', (one) => {
    expect(interrupted.filter((what) => what === one).length).toBeGreaterThan(2);
  });
});
