import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { basename, dirname, normalize, relative } from 'node:path';
import { reasonOf } from './errno.ts';
import { contains, deniedFolders, isProblem, type Place } from './paths.ts';
import type { Problem, ToolContext } from './tool.ts';

const patience = 30_000;
const maxBytes = 16 * 1024 * 1024;

/** A folder to search in, absolute and with symbolic links followed, and what of it. */
export type Root = { readonly folder: string; readonly target: string };

export type Found = {
  /** What was found, split at line ends or NULs; nothing half. */
  readonly records: readonly string[];
  /** What ripgrep complained of beside the results, such as folders it may not read; empty if nothing. */
  readonly complaints: string;
  /** There was more than is taken. */
  readonly more: boolean;
};

/** Where a search of a file or a folder begins. */
export async function searchRoot({ real, shown }: Place): Promise<Root | Problem> {
  try {
    const found = await stat(real);
    if (found.isDirectory()) return { folder: real, target: '.' };
    if (found.isFile()) return { folder: dirname(real), target: `./${basename(real)}` };
    return { problem: `${shown} is neither a file nor a folder, so it is not searched.` };
  } catch (error) {
    return { problem: `${shown} cannot be searched: ${reasonOf(error)}.` };
  }
}

/** The files below a root that ripgrep would search, relative to its folder. */
export async function listFiles(
  root: Root,
  options: readonly string[],
  context: ToolContext,
  signal: AbortSignal,
): Promise<Found | Problem> {
  const found = await ripgrep(root, ['--files', '--null', ...options], '\0', context, signal);
  return isProblem(found) ? found : { ...found, records: found.records.map((name) => normalize(name)) };
}

/** What a reader of the results has to know about them, in lines. */
export function shortcomings(...all: readonly Found[]): string[] {
  const complaints = [...new Set(all.map((found) => found.complaints).filter(Boolean))];
  return [
    ...complaints.map((complaint) => `[Not everything could be read: ${complaint}]`),
    ...(all.some((found) => found.more)
      ? ['[There is too much to look at all of it. Search in a smaller folder.]']
      : []),
  ];
}

/**
 * Runs ripgrep. It knows nothing of the user's ripgrep settings, respects ignore files, shows hidden names, and leaves
 * out `.git` and the denied folders. A problem when it is not installed, fails, or takes longer than 30 s.
 */
export async function ripgrep(
  { folder, target }: Root,
  options: readonly string[],
  separator: '\n' | '\0',
  context: ToolContext,
  signal: AbortSignal,
): Promise<Found | Problem> {
  const program = await programPath();
  if (typeof program !== 'string') return program;
  const deny = (await deniedFolders(context))
    .filter((denied) => contains(folder, denied))
    .map((denied) => `--glob=!/${literalGlob(relative(folder, denied))}`);
  const common = ['--no-config', '--color=never', '--hidden', '--no-require-git'];
  // The last matching glob wins, so ours come after those of the caller.
  const args = [...common, ...options, '--glob=!.git', ...deny, '--', target];
  const output = await run(program, args, folder, context.env, signal);
  if (isProblem(output)) return output;
  const records = output.text.split(separator);
  // After the last separator comes nothing, or half a record.
  return { ...output, records: records.slice(0, -1) };
}

/** A glob that matches this text and nothing else. */
export const literalGlob = (text: string): string => text.replace(/[\\*?[\]{}!]/g, '\\$&');

async function programPath(): Promise<string | Problem> {
  try {
    return (await import('@vscode/ripgrep')).rgPath;
  } catch (error) {
    return {
      problem: `ripgrep, which Glob and Grep need, is not installed for this system: ${reasonOf(error)} Use Bash with find or grep instead.`,
    };
  }
}

type Output = { readonly text: string; readonly complaints: string; readonly more: boolean };

/** Some files could not be read, which leaves the rest of the results good; else the call itself was wrong. */
const isAboutFiles = (complaints: string): boolean => /\(os error \d+\)/.test(complaints);

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: ToolContext['env'],
  signal: AbortSignal,
): Promise<Output | Problem> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const taken = { stdout: [] as Buffer[], bytes: 0, complaints: '' };
  let late = false;
  const stop = () => child.kill('SIGKILL');
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, patience);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  child.stdout.on('data', (chunk: Buffer) => {
    taken.stdout.push(chunk);
    taken.bytes += chunk.length;
    if (taken.bytes > maxBytes) stop();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (taken.complaints.length < 2_000) taken.complaints += chunk;
  });
  return new Promise((resolve) => {
    const end = (result: Output | Problem) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(result);
    };
    child.once('error', (error) => end({ problem: `ripgrep could not be started: ${reasonOf(error)}.` }));
    // Exit codes: 0 something found, 1 nothing, 2 an error, with or without results (rg(1)).
    child.once('close', (code, killedBy) => {
      const more = taken.bytes > maxBytes;
      const complaints = taken.complaints.trim();
      if (signal.aborted) end({ problem: 'Interrupted.' });
      else if (late)
        end({ problem: `The search took longer than ${patience / 1_000} s. Search in a smaller folder.` });
      else if (code === 2 && !isAboutFiles(complaints)) end({ problem: complaints });
      else if (code === null && !more) end({ problem: `ripgrep was killed by signal ${killedBy}.` });
      else end({ text: Buffer.concat(taken.stdout).toString(), complaints, more });
    });
  });
}
