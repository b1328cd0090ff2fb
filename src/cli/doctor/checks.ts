import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isDialFailure } from '../../link/dial-failure.ts';
import { dialLocal } from '../../link/node/local-socket.ts';
import { findSandbox } from '../../runtime/sandbox/find-sandbox.ts';
import { acquireOwnerLock } from '../../sqlite/owner-lock.ts';
import { migrations } from '../../store/schema.ts';
import { type HomePaths, homePaths } from '../home/paths.ts';
import { modelsOf } from '../models/models-of.ts';
import type { Io } from '../program/io.ts';
import { readHomeFile } from '../talk/home-file.ts';
import { version } from '../version.ts';
import { checkModel } from './model.ts';

export type Check = {
  readonly name: string;
  /** `warn`: something does without it. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found; where it is not well, what to do. */
  readonly detail: string;
};

const patienceMs = 5_000;

/** Looks at everything that a first start needs, each by itself, and changes nothing. */
export async function checkAll(io: Io): Promise<readonly Check[]> {
  const paths = homePaths(io.env);
  const home: readonly (Check | Promise<Check>)[] =
    'code' in paths
      ? [{ name: 'home', state: 'fail', detail: paths.message }]
      : [
          { name: 'home', state: 'ok', detail: `${paths.home} is writable` },
          checkDatabase(paths),
          checkOwner(paths),
        ];
  return Promise.all([
    {
      name: 'farhand',
      state: 'ok',
      detail: `${version} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
    } as const,
    ...home,
    checkModel(modelsOf(io)),
    checkProgram(
      'shell',
      'fail',
      ['bash', 'sh'],
      ['-c', 'echo works'],
      'Bash needs bash or sh: install one, or correct PATH.',
    ),
    checkProgram(
      'git',
      'warn',
      ['git'],
      ['--version'],
      'Without git an agent cannot see what changed: install it.',
    ),
    checkRipgrep(),
    checkSandbox(),
  ]);
}

function checkDatabase(paths: HomePaths): Check {
  const name = 'database';
  const file = readHomeFile(paths);
  if (file === null) return { name, state: 'ok', detail: 'none yet: the first start makes it' };
  if ('code' in file) return { name, state: 'fail', detail: file.message };
  const size = `${(file.bytes / 1024 / 1024).toFixed(1)} MB`;
  if (file.schema > migrations.length)
    return {
      name,
      state: 'fail',
      detail: `${paths.database} was written by a newer farhand (schema ${file.schema}): update this one.`,
    };
  const old =
    file.schema < migrations.length
      ? `, brought from schema ${file.schema} to ${migrations.length} at the next start`
      : '';
  return { name, state: 'ok', detail: `${paths.database}, ${size}, schema ${file.schema}${old}` };
}

async function checkOwner(paths: HomePaths): Promise<Check> {
  const name = 'owner';
  try {
    const lock = acquireOwnerLock(paths.home);
    if (!('code' in lock)) {
      lock.release();
      return { name, state: 'ok', detail: 'no farhand runs in this home now' };
    }
  } catch (error) {
    return { name, state: 'fail', detail: error instanceof Error ? error.message : String(error) };
  }
  const pipe = await dialLocal(paths.socket);
  if (isDialFailure(pipe))
    return {
      name,
      state: 'fail',
      detail: `A process owns this home and does not answer (${pipe.message}). End it, and another takes over.`,
    };
  pipe.close();
  return { name, state: 'ok', detail: 'another farhand runs this home and answers' };
}

async function checkProgram(
  name: string,
  missing: 'warn' | 'fail',
  programs: readonly string[],
  args: readonly string[],
  advice: string,
): Promise<Check> {
  for (const program of programs) {
    const said = await run(program, args);
    if (said !== null) return { name, state: 'ok', detail: `${program}: ${said}` };
  }
  return { name, state: missing, detail: advice };
}

async function checkRipgrep(): Promise<Check> {
  const advice =
    'Glob and Grep need ripgrep, which comes with farhand: install it again without --omit=optional.';
  try {
    const { rgPath } = await import('@vscode/ripgrep');
    return checkProgram('ripgrep', 'warn', [rgPath], ['--version'], advice);
  } catch {
    // The package throws where it has no binary for this system, which is what is asked here.
    return { name: 'ripgrep', state: 'warn', detail: advice };
  }
}

async function checkSandbox(): Promise<Check> {
  const name = 'sandbox';
  const found = await findSandbox();
  if ('sandbox' in found) return { name, state: 'ok', detail: `${found.sandbox.name} confines commands` };
  return { name, state: 'warn', detail: `Commands run unconfined. ${found.missing}` };
}

/** The first line that a program prints; null where it cannot be run. */
async function run(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: patienceMs });
    return stdout.split('\n')[0] ?? '';
  } catch {
    // Whether it is missing or broken: it cannot be used, and the advice is the same.
    return null;
  }
}
