import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The processes here are those of the built program, so it must be built from the sources as they are. */
export async function build(): Promise<void> {
  const built = statSync('dist/cli/main.js', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...sources().map((file) => statSync(file).mtimeMs));
  if (built < newest) await promisify(execFile)(process.execPath, ['scripts/build.ts']);
}

const sources = (): readonly string[] => [
  'scripts/build.ts',
  'package.json',
  ...readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testing'))
    .map((file) => join('src', file)),
];
