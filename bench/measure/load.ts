import { join } from 'node:path';
import { bareEnvironment, startChild } from '../child.ts';
import { type Measurement, p50, type Sample, spread } from '../harness.ts';
import { withFolder } from '../scratch.ts';
import { writeConversation } from '../written-conversation.ts';

const TURNS = 300;
const PROCESSES = 12;

type Times = {
  readonly checkpoint: Sample;
  readonly state: Sample;
  readonly whole: Sample;
  readonly bareHistory: Sample;
  readonly bareRows: Sample;
};

/** What a restart costs whoever comes first. */
export const load: Measurement = {
  name: 'load',
  about: `A conversation of ${TURNS} turns, each with a tool call and an answer of 300 words that came one by one, is loaded by a process that has just started, with all that its next turn needs, the model's view included: the first load, and those after it. It is folded whole when the program's way to fold has changed. Bare are the same rows as \`node:sqlite\` gives them, not even parsed.`,
  run: () =>
    withFolder('disk', async (folder) => {
      const path = join(folder, 'device.db');
      const conversation = writeConversation(path, TURNS);
      const all: Times[] = [];
      for (let n = 0; n < PROCESSES; n++) all.push(await probe(path, conversation));
      const row = (what: string, kind: keyof Times, bare: keyof Times, goal: number | null) => ({
        what,
        farhand: both(all, kind),
        bare: both(all, bare),
        figure: { value: p50(firsts(all, kind)), unit: ' ms' as const },
        goal,
        stock: '',
        repetitions: PROCESSES,
      });
      return [
        row(`${TURNS} turns from a checkpoint`, 'checkpoint', 'bareHistory', 15),
        row('The same without what the model is told', 'state', 'bareHistory', null),
        row(`${TURNS} turns folded whole`, 'whole', 'bareRows', 100),
      ];
    }),
};

async function probe(path: string, conversation: string): Promise<Times> {
  const script = join(import.meta.dirname, '..', 'processes', 'load-probe.ts');
  const child = await startChild(
    ['--disable-warning=ExperimentalWarning', script, path, conversation],
    bareEnvironment(),
  );
  await child.stop();
  return child.said as Times;
}

const firsts = (all: readonly Times[], kind: keyof Times): Sample =>
  all.flatMap((times) => times[kind][0] ?? []);

const both = (all: readonly Times[], kind: keyof Times): string =>
  `${spread(firsts(all, kind))} first, ${spread(all.flatMap((times) => times[kind].slice(1)))} then`;
