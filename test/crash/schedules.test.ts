import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSchedule } from '../../src/testing/chaos-run.ts';
import { chaosScripts } from '../../src/testing/chaos-scripts.ts';
import { type Activity, activities } from '../../src/testing/chaos-watch.ts';
import { type ModelServer, startModelServer } from '../../src/testing/model-server.ts';
import { replayOf, seedsFrom } from './seeds.ts';

const { seeds, all } = seedsFrom(1, 190);
const interrupted: Activity[] = [];
let model: ModelServer;

beforeAll(async () => {
  model = await startModelServer({ scripts: chaosScripts });
});
afterAll(() => model.close());

describe('a device killed again and again', () => {
  it.each(seeds)('keeps the promise on seed %i', async (seed) => {
    const outcome = await runSchedule(seed, model.url);
    interrupted.push(...outcome.interrupted);
    expect(outcome.broken, replayOf(seed, 'schedules.test.ts', outcome.trace)).toEqual([]);
    expect(outcome.deaths).toBeGreaterThan(0);
  });

  it.runIf(all).each(activities)('was interrupted by that in: %s', (activity) => {
    expect(interrupted.filter((one) => one === activity).length).toBeGreaterThan(4);
  });
});
