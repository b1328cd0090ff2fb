import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Process } from '../../core/facts.ts';
import { killSurvivors, startTimeOf } from './process-tree.ts';
import { makeContext, runs } from './test-context.ts';
import type { ToolContext } from './tool.ts';

/** A runtime of its own process that prepares a Bash call, says which process waits, and perhaps lets it go. */
const runtime = `
import { bash } from ${JSON.stringify(join(import.meta.dirname, 'bash.ts'))};
const { input, context, go } = JSON.parse(process.argv[2]);
const prepared = await bash.prepare(input, context);
console.log(JSON.stringify(prepared.process));
if (go) await prepared.run(() => {});
else setInterval(() => {}, 1000);
`;

async function crashing(command: string, context: ToolContext & { root: string }, go: boolean) {
  const script = join(context.root, 'runtime.mts');
  await writeFile(script, runtime);
  const argument = JSON.stringify({ input: { command }, context, go });
  const child = spawn(process.execPath, [script, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  const waiting: Process = JSON.parse(line);
  onTestFinished(async () => void (await killSurvivors(waiting, context.callId)));
  return { child, waiting };
}

async function crash(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function pidIn(path: string): Promise<number> {
  await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toMatch(/\d\n/), 10_000);
  return Number(await readFile(path, 'utf8'));
}

const isGone = (pid: number) => vi.waitFor(() => expect(runs(pid)).toBe(false), 10_000);

describe('a runtime killed with kill -9', { timeout: 30_000 }, () => {
  it('[TOOL-2] before it lets a command go: the shell leaves and nothing has run', async () => {
    const context = await makeContext();
    const { child, waiting } = await crashing('touch effect', context, false);
    expect(runs(waiting.pid)).toBe(true);
    await crash(child);
    await isGone(waiting.pid);
    expect(existsSync(join(context.cwd, 'effect'))).toBe(false);
  });

  it('[TOOL-5] while a command runs: a new process kills its survivors', async () => {
    const context = await makeContext();
    const command = 'sleep 1000 & echo $! > pid; sleep 1000';
    const { child, waiting } = await crashing(command, context, true);
    const sleeper = await pidIn(join(context.cwd, 'pid'));
    await crash(child);
    expect([waiting.pid, sleeper].map(runs)).toEqual([true, true]);
    expect(await killSurvivors(waiting, context.callId)).toEqual([]);
    expect([waiting.pid, sleeper].map(runs)).toEqual([false, false]);
  });

  it.runIf(process.platform === 'linux')(
    '[TOOL-5] also those that left the group, and when the shell itself has gone',
    async () => {
      const context = await makeContext();
      const command = `setsid sh -c 'echo $$ > out; exec sleep 1000' & sleep 1000 & echo $! > in; wait`;
      const { child, waiting } = await crashing(command, context, true);
      const [outside, inside] = [await pidIn(join(context.cwd, 'out')), await pidIn(join(context.cwd, 'in'))];
      await crash(child);
      process.kill(waiting.pid, 'SIGKILL');
      await isGone(waiting.pid);
      expect([outside, inside].map(runs)).toEqual([true, true]);
      expect(await killSurvivors(waiting, context.callId)).toEqual([]);
      expect([outside, inside].map(runs)).toEqual([false, false]);
    },
  );
});

describe('killSurvivors', () => {
  async function bystander(env: Record<string, string> = {}) {
    const child = spawn('sleep', ['1000'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env.PATH, ...env },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    return { pid, startedAt: await startTimeOf(pid) };
  }

  it('[TOOL-5] does not touch a process that only has the same pid', async () => {
    const { pid, startedAt } = await bystander();
    expect(startedAt).not.toBeNull();
    await killSurvivors({ pid, startedAt: `${startedAt}-other` }, 'call-of-nobody');
    await killSurvivors({ pid, startedAt: null }, 'call-of-nobody');
    expect(runs(pid)).toBe(true);
    await killSurvivors({ pid, startedAt }, 'call-of-nobody');
    expect(runs(pid)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('takes only the exact mark for its own', async () => {
    const other = await bystander({ FARHAND_TOOL_CALL: 'call-of-nobody-2' });
    await killSurvivors({ pid: 2 ** 22 + 1, startedAt: other.startedAt }, 'call-of-nobody');
    expect(runs(other.pid)).toBe(true);
  });

  it('knows no start time of a process that does not exist', async () => {
    expect(await startTimeOf(2 ** 22 + 1)).toBeNull();
    expect(await startTimeOf(process.pid)).toBe(await startTimeOf(process.pid));
  });
});
