import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel, type WireName } from '../../src/runtime/models/wires.ts';
import { bareEnvironment, startChild } from '../child.ts';
import { type Measurement, ms, type Row } from '../harness.ts';
import { withFolder } from '../scratch.ts';

const KILOBYTES = 216;
const PIECES = 13_500;
const ROUNDS = 5;
const wires: readonly (readonly [WireName, model: string, path: string])[] = [
  ['openai-compatible', 'm1', '/v1'],
  ['openai-responses', 'gpt-5.2', '/v1'],
  ['anthropic', 'claude-sonnet-4-5', '/v1'],
  ['google', 'gemini-2.5-pro', '/v1beta'],
];
const facts = { window: null, maxOutput: null, price: null, reasoning: false, images: false };
const modelServer = join(import.meta.dirname, '../../src/testing/model-server-main.ts');

/** What one long tool call costs, as it arrives piece by piece. */
export const pieces: Measurement = {
  name: 'arguments',
  about: `CPU time of the reading process for a tool call whose ${KILOBYTES} KB of arguments come in ${PIECES.toLocaleString('en')} pieces (whole, where an API sends them whole); the least of ${ROUNDS}.`,
  run: () =>
    withFolder('disk', async (folder) => {
      const scripts = join(folder, 'scripts.json');
      const call = { name: 'Write', arguments: { content: 'x'.repeat(KILOBYTES * 1_000) } };
      writeFileSync(scripts, JSON.stringify({ large: [{ calls: [call], argumentPieces: PIECES }] }));
      const server = await startChild([modelServer, '--scripts', scripts], bareEnvironment());
      try {
        const rows: Row[] = [];
        for (const [wire, model, path] of wires)
          rows.push(await measured(wire, model, new URL(path, String(server.said.url))));
        return rows;
      } finally {
        await server.stop();
      }
    }),
};

async function measured(wire: WireName, modelId: string, baseUrl: URL): Promise<Row> {
  const endpoint = { name: 'Bench', baseUrl, baseVariable: 'URL', key: 'key', keyVariable: 'KEY' };
  const model = openModel(wire, `bench/${modelId}`, modelId, endpoint, facts, {});
  const user = { kind: 'user', id: 'u', at: 0, content: '#script=large', otid: null } as const;
  const spent: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    const { signal } = new AbortController();
    for await (const part of model.stream({ system: '', transcript: [user], tools: [], signal }))
      if (part.kind === 'failed') throw new Error(part.message);
    const { user: own, system } = process.cpuUsage(before);
    spent.push((own + system) / 1_000);
  }
  const least = Math.min(...spent);
  return {
    what: `${KILOBYTES} KB of arguments over ${wire}`,
    farhand: ms(least),
    bare: '',
    figure: { value: least, unit: ' ms' },
    goal: 300,
    stock: '',
    repetitions: ROUNDS,
  };
}
