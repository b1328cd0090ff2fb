// Makes every one-line break that docs/PROMISE.md lists, one at a time in a copy of the checkout, and runs the test that has to notice it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

type Break = {
  readonly file: string;
  readonly line: string;
  readonly broken: string;
  readonly test: string;
  readonly seeds: string;
  /** The line of the promise that the failure must name. */
  readonly says: string;
};

const needed = ['bin', 'package.json', 'scripts', 'src', 'test', 'tsconfig.build.json', 'tsconfig.json'];
const config = 'vitest.crash.config.ts';

const breaks = readBreaks(readFileSync('docs/PROMISE.md', 'utf8'));
const copy = mkdtempSync(join(tmpdir(), 'farhand-breaks-'));
try {
  for (const entry of [...needed, config]) cpSync(entry, join(copy, entry), { recursive: true });
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  const bad = [...checkSound(), ...breaks.map(checkBreak)].filter((good) => !good).length;
  console.log(bad === 0 ? `All ${breaks.length} breaks are noticed.` : `${bad} checks failed.`);
  process.exitCode = bad === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Rows of tables that begin with a source file; `\|` in them is a `|`. */
function readBreaks(page: string): Break[] {
  const row = /^\| `(src\/[^`]+)` \| `(.+)` \| `(.+)` \| (\w+) \| ([\d,]+) \| (\w+) \|$/gm;
  const found = Array.from(page.matchAll(row), ([, ...cells]) => {
    const [file = '', line = '', broken = '', test = '', seeds = '', says = ''] = cells.map((cell) =>
      cell.replaceAll('\\|', '|'),
    );
    return { file, line, broken, test, seeds, says };
  });
  if (found.length === 0)
    throw new Error('docs/PROMISE.md lists no break in the form that this script reads.');
  return found;
}

/** A red test proves something only where it is green without the break. */
function checkSound(): boolean[] {
  return [...new Set(breaks.map(({ test }) => test))].map((test) => {
    const seeds = [
      ...new Set(breaks.flatMap((one) => (one.test === test ? one.seeds.split(',') : []))),
    ].join();
    const { green, output, seconds } = run(test, seeds);
    console.log(`${green ? 'ok  ' : 'FAIL'} without a break: ${test}, seeds ${seeds} (${seconds} s)`);
    if (!green) console.log(output);
    return green;
  });
}

function checkBreak({ file, line, broken, test, seeds, says }: Break): boolean {
  const name = `${says}: ${file}: ${broken}`;
  const path = join(copy, file);
  const sound = readFileSync(path, 'utf8');
  const places = sound.split(line).length - 1;
  if (places !== 1) {
    console.log(`FAIL ${name}\n     The line stands there ${places} times instead of once: ${line}`);
    return false;
  }
  writeFileSync(
    path,
    sound.replace(line, () => broken),
  );
  const { green, output, seconds } = run(test, seeds);
  writeFileSync(path, sound);
  const noticed = !green && output.includes(`"${says}: `);
  console.log(`${noticed ? 'ok  ' : 'FAIL'} ${name} (${green ? 'green' : 'red'}, ${seconds} s)`);
  if (!green && !noticed) console.log(output);
  return noticed;
}

function run(test: string, seeds: string) {
  const began = performance.now();
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', config, `test/crash/${test}.test.ts`];
  const env = { ...process.env, FARHAND_SEED: seeds, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, env, encoding: 'utf8' });
  const seconds = Math.round((performance.now() - began) / 1000);
  return { green: status === 0, output: stdout + stderr, seconds };
}
