import { cpus, loadavg, totalmem, type } from 'node:os';
import type { Measurement, Row, Skipped } from './harness.ts';

export type Result = { readonly measurement: Measurement; readonly outcome: readonly Row[] | Skipped };

/** What one measurement found, for whoever waits at the terminal. */
export function summary(outcome: Result['outcome']): string {
  if ('skipped' in outcome) return `  not measured: ${outcome.skipped}\n`;
  return outcome
    .map(
      (row) =>
        `  ${row.what}: ${figure(row)} ${verdict(row)}\n    farhand ${row.farhand}\n    bare ${row.bare}\n`,
    )
    .join('');
}

/** The whole of RESULTS.md. */
export function results(done: readonly Result[], seconds: number): string {
  const rows = done.flatMap(({ outcome }) => ('skipped' in outcome ? [] : outcome));
  const skipped = done.flatMap(({ measurement, outcome }) =>
    'skipped' in outcome ? [`- **${measurement.name}** was not measured: ${outcome.skipped}\n`] : [],
  );
  return `# Results

Written by \`npm run bench\`; do not edit. Every figure stands beside a bare reference that was measured in the same run, one in turn with
the other, on the same machine: compare the figures, not the milliseconds. Times are the median, in brackets the 95th percentile. Goals
are reported and never asserted. *Stock* is the program whose protocol this is, version 0.32, as it was measured elsewhere.

${machine()} The run took ${Math.round(seconds)} s.

| What | Figure | Goal | | Stock | Farhand | Bare reference | n |
|---|---|---|---|---|---|---|---|
${rows.map(line).join('\n')}

${skipped.join('')}${skipped.length > 0 ? '\n' : ''}## What is measured

${done.map(({ measurement: { name, about } }) => `- **${name}**: ${about}`).join('\n')}

Everything runs on loopback. The model endpoint, the owner of the home and the bare device are processes of their own; the bench is the
client of all of them. The bare device reads the same provider package and sends each delta as the frame that Farhand would send, with one
\`ws.send\` each: no log, no tools, no permissions. Farhand keeps its promise meanwhile: nothing is sent before it is flushed to the disk.

## How to repeat

\`\`\`sh
npm run build && npm run bench
npm run bench -- --only burst
\`\`\`

The second prints one measurement and leaves this file as it is. Other work on the machine shows, above all in the flushes of the disk.
`;
}

const line = (row: Row): string =>
  `| ${[row.what, figure(row), goal(row), verdict(row), row.stock, row.farhand, row.bare, row.repetitions].join(' | ')} |`;

const figure = ({ figure: { value, unit } }: Row): string =>
  `${value.toFixed(Math.abs(value) < 100 ? (unit === '×' ? 2 : 1) : 0)}${unit}`;

const goal = ({ goal: wanted, atLeast, figure: { unit } }: Row): string =>
  wanted === null ? '' : `${atLeast ? '≥' : '≤'} ${wanted}${unit}`;

function verdict({ goal: wanted, atLeast, figure: { value } }: Row): string {
  if (wanted === null) return '';
  return (atLeast ? value >= wanted : value <= wanted) ? 'met' : 'missed';
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gib = Math.round(totalmem() / 2 ** 30);
  const [load = 0] = loadavg();
  return `${type()} on ${cpus().length} × ${model}, ${gib} GiB, Node ${process.versions.node}, load average ${load.toFixed(1)} at the end.`;
}
