import { execFile } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bash } from '../../src/runtime/tools/bash.ts';
import { edit } from '../../src/runtime/tools/edit.ts';
import { interleave, type Measurement, p50, type Row, spread, timed } from '../harness.ts';
import { withFolder } from '../scratch.ts';
import { mustCall, toolContexts } from '../tool-stand.ts';

const starts = { rounds: 60, warmUp: 5 };
const edits = { rounds: 20, warmUp: 3 };
const MEGABYTES = 5;
const run = promisify(execFile);

/** What a tool costs beyond what it does. */
export const tools: Measurement = {
  name: 'tools',
  about: `A Bash call of \`true\`, made ready at its gate, run and gone with everything it started, against \`bash --norc -c true\` from Node; and an exact replacement in a file of ${MEGABYTES} MB by the Edit tool (marks before and after, atomic, flushed), against reading, replacing, writing beside, flushing and renaming.`,
  run: () => withFolder('disk', measured),
};

async function measured(folder: string): Promise<readonly Row[]> {
  const context = toolContexts(folder);
  const { cwd } = context();
  const started = await interleave(
    {
      farhand: () => timed(() => mustCall(bash, { command: 'true' }, context())),
      bare: () => timed(() => run('bash', ['--norc', '-c', 'true'], { cwd })),
    },
    starts,
  );

  const line = `${'x'.repeat(62)} \n`;
  const text = line.repeat((MEGABYTES * 1024 * 1024) / line.length / 2);
  const path = join(cwd, 'large.txt');
  writeFileSync(path, `${text}turn 0\n${text}`);
  let turn = 0;
  const next = () => {
    turn += 1;
    return { old_string: `turn ${turn - 1}\n`, new_string: `turn ${turn}\n` };
  };
  const edited = await interleave(
    {
      farhand: () => timed(() => mustCall(edit, { file_path: path, ...next() }, context())),
      bare: () => timed(() => bareEdit(path, next())),
    },
    edits,
  );
  return [
    {
      what: 'A command’s start and end as a tool call',
      farhand: spread(started.farhand),
      bare: spread(started.bare),
      figure: { value: p50(started.farhand) - p50(started.bare), unit: ' ms' },
      goal: 15,
      stock: '',
      repetitions: starts.rounds,
    },
    {
      what: `Edit of a ${MEGABYTES} MB file`,
      farhand: spread(edited.farhand),
      bare: spread(edited.bare),
      figure: { value: p50(edited.farhand) / p50(edited.bare), unit: '×' },
      goal: 5,
      stock: '',
      repetitions: edits.rounds,
    },
  ];
}

function bareEdit(
  path: string,
  { old_string, new_string }: { old_string: string; new_string: string },
): void {
  const before = readFileSync(path, 'utf8');
  const at = before.indexOf(old_string);
  const file = openSync(`${path}.tmp`, 'w');
  writeFileSync(file, before.slice(0, at) + new_string + before.slice(at + old_string.length));
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.tmp`, path);
}
