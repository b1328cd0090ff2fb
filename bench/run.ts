// npm run bench [-- --only <name>]: measures, and writes RESULTS.md beside this file.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Measurement } from './harness.ts';
import { added } from './measure/added.ts';
import { pieces } from './measure/arguments.ts';
import { burst } from './measure/burst.ts';
import { command } from './measure/command.ts';
import { delay } from './measure/delay.ts';
import { load } from './measure/load.ts';
import { many } from './measure/many.ts';
import { memory } from './measure/memory.ts';
import { prompt } from './measure/prompt.ts';
import { relay } from './measure/relay.ts';
import { resume } from './measure/resume.ts';
import { rules } from './measure/rules.ts';
import { sockets } from './measure/sockets.ts';
import { start } from './measure/start.ts';
import { tools } from './measure/tools.ts';
import { turn } from './measure/turn.ts';
import { wire } from './measure/wire.ts';
import { type Result, results, summary } from './report.ts';

const measurements: readonly Measurement[] = [
  turn,
  burst,
  wire,
  delay,
  many,
  command,
  start,
  memory,
  load,
  relay,
  added,
  sockets,
  resume,
  rules,
  tools,
  prompt,
  pieces,
];

const say = (text: string) => process.stderr.write(text);

function chosen(): readonly Measurement[] {
  const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
  if (only === undefined) return measurements;
  const found = measurements.filter(({ name }) => name === only);
  if (found.length > 0) return found;
  const names = measurements.map(({ name }) => name).join(', ');
  say(`There is no measurement "${only}". Choose one of ${names}.\n`);
  process.exit(1);
}

const began = performance.now();
const done: Result[] = [];
for (const measurement of chosen()) {
  say(`${measurement.name} … `);
  const start = performance.now();
  const outcome = await measurement.run();
  say(`${((performance.now() - start) / 1_000).toFixed(1)} s\n${summary(outcome)}`);
  done.push({ measurement, outcome });
}
const seconds = (performance.now() - began) / 1_000;
if (done.length === measurements.length) {
  const path = join(import.meta.dirname, 'RESULTS.md');
  await writeFile(path, results(done, seconds));
  say('Wrote bench/RESULTS.md.\n');
} else say('RESULTS.md is left as it is: it holds whole runs only.\n');
