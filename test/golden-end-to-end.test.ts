import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { haveCaptures, readCapture } from '../src/testing/captures.ts';
import { differences } from '../src/testing/golden.ts';
import { allowed, brief, recordings, why } from '../src/testing/golden-differences.ts';
import { told } from '../src/testing/replay.ts';
import { playRecording } from './support/play-recording.ts';

// What a stock client is told the whole way, by a hub, a device with its store on disk, real tools and a model behind HTTP, is what
// stock 0.32.18 told in the recordings, but for what is listed. `src/core/golden.test.ts` says the same of the core alone.

/** Besides what a conversation tells. Nothing else may come: a stock client knows no extension. */
const alsoKnown = ['update_subagent_state', 'sync_response'];
const snapshot = ['update_device_status', 'update_loop_status', 'update_queue', 'update_subagent_state'];

for (const name of haveCaptures() ? recordings : []) {
  it(`tells what stock told: ${name}`, { timeout: 60_000 }, async () => {
    const isBrief = brief.recordings.some((one) => one === name);
    const counts = (line: string) => !(isBrief && brief.isProgress(line));
    const { played, types, troubles } = await playRecording(readCapture(`0.32.18/${name}`), counts);
    for (const { note, stock, whole, syncs } of played) {
      expect.soft(differences(stock, whole), note).toEqual(allowed(`${name}: ${note}`).filter(counts));
      for (const answer of syncs) {
        expect(answer.slice(0, snapshot.length)).toEqual(snapshot);
        expect(answer.at(-1)).toBe('sync_response');
      }
    }
    expect([...types].filter((type) => !told.has(type) && !alsoKnown.includes(type))).toEqual([]);
    expect(troubles).toEqual([]);
  });
}

it('justifies each difference in docs/COMPATIBILITY.md', () => {
  const page = readFileSync('docs/COMPATIBILITY.md', 'utf8');
  const section = page.slice(
    page.indexOf('\n## Where the order differs'),
    page.indexOf('\n## Where the content'),
  );
  const rows = Array.from(section.matchAll(/^\| (?!Where|---)(.+?) \|/gm), ([, row]) => row);
  expect(rows.sort()).toEqual([...Object.values(why), brief.row].sort());
});
