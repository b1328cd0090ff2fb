import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../../testing/model-server.ts';
import { modelAt, partsOf, request } from './wire-test-client.ts';
import type { WireName } from './wires.ts';

const written = (n: number) => JSON.stringify({ content: 'x'.repeat(n) });
const call = (kb: number) => [
  { calls: [{ name: 'Write', arguments: { raw: written(kb * 1000) } }], argumentPieces: kb * 62 },
];

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer({ scripts: { warm: call(20), half: call(108), whole: call(216) } });
});
afterAll(() => server.close());

describe('arguments in 13,500 pieces', () => {
  it.each<[WireName, string, string]>([
    ['openai-compatible', 'm1', '/v1'],
    ['openai-responses', 'gpt-5.2', '/v1'],
    ['anthropic', 'claude-sonnet-4-5', '/v1'],
    ['google', 'gemini-2.5-pro', '/v1beta'],
  ])('cost twice as much as half of them, not four times: %s', async (wire, modelId, path) => {
    const model = modelAt(`${server.origin}${path}`, { wire, modelId });
    const cpuMs = async (script: string, kb: number) => {
      const before = process.cpuUsage();
      const [part] = await partsOf(model, request(`#script=${script}`));
      const { user, system } = process.cpuUsage(before);
      expect(part).toMatchObject({ kind: 'call', args: written(kb * 1000) });
      return (user + system) / 1000;
    };
    await cpuMs('warm', 20);
    // The better of two each: a collection of garbage in one of them says nothing.
    const half = Math.min(await cpuMs('half', 108), await cpuMs('half', 108));
    const whole = Math.min(await cpuMs('whole', 216), await cpuMs('whole', 216));
    expect(whole).toBeLessThan(half * 3 + 30);
  });
});
