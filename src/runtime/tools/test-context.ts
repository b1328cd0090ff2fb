import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Reach } from '../../core/permission.ts';
import { TaskList } from '../tasks/task-list.ts';
import { isProblem } from './paths.ts';
import type { Prepared, Tool, ToolContext, ToolResult } from './tool.ts';

/** For tests: a project, a scratch folder and a denied home of their own, gone when the test ends. */
export async function makeContext(callId = 'call-1'): Promise<ToolContext & { readonly root: string }> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'farhand tools-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const [cwd, scratch, home] = ['project', 'scratch', 'home'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [cwd, scratch, home]) await mkdir(folder);
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: root };
  return {
    root,
    toolCallId: callId,
    callId,
    cwd,
    scratch,
    denied: [home],
    readable: [scratch],
    env,
    tasks: new TaskList(() => undefined),
    seen: new Map(),
  };
}

export async function mustPrepare(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<Prepared> {
  expect(tool.check(input)).toBeNull();
  const prepared = await tool.prepare(input, context);
  if (isProblem(prepared)) throw new Error(prepared.problem);
  return prepared;
}

/** Checks, prepares and runs; a problem in preparing counts as an error result, as for a model. */
export async function call(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolResult> {
  expect(tool.check(input)).toBeNull();
  const prepared = await tool.prepare(input, context);
  if (isProblem(prepared)) return { status: 'error', text: prepared.problem };
  return prepared.run(() => {});
}

/** The reaches of all deeds of a call. */
export async function reaches(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<readonly Reach[]> {
  return (await tool.deeds(input, context)).map(({ reach }) => reach);
}

/** Whether a process runs; a zombie that nobody has collected yet does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
