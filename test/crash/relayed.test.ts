import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runRelayedSchedule } from '../../src/testing/chaos-relayed-run.ts';
import { chaosScripts } from '../../src/testing/chaos-scripts.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { replayOf, seedsFrom } from './seeds.ts';

const { seeds, all } = seedsFrom(10_001, 250);
const deaths = { device: 0, broker: 0, cuts: 0 };
let model: ModelServer;

beforeAll(async () => {
  model = await startModelServer({ scripts: chaosScripts });
});
afterAll(() => model.close());

describe('a device and its broker, killed and cut apart again and again', () => {
  it.each(seeds)('keep the promise on seed %i', async (seed) => {
    const outcome = await runRelayedSchedule(seed, model.url);
    for (const what of ['device', 'broker', 'cuts'] as const) deaths[what] += outcome.deaths[what];
    expect(outcome.broken, replayOf(seed, 'relayed.test.ts', outcome.trace)).toEqual([]);
  });

  it.runIf(all)('have each died, and lost their connections, more often than there are seeds', () => {
    expect(deaths.device).toBeGreaterThan(seeds.length);
    expect(deaths.broker).toBeGreaterThan(seeds.length);
    expect(deaths.cuts).toBeGreaterThan(seeds.length / 2);
  });
});
