import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Process } from '../../core/facts.ts';
import { bash } from '../tools/bash.ts';
import { killSurvivors } from '../tools/process-tree.ts';
import { mustPrepare, runs } from '../tools/test-context.ts';
import { type ConfinedGround, confinedGround, untried } from './test-confined.ts';

/** Pids outside of the sandbox of processes with this word among their arguments; inside they have other numbers. */
function pidsOf(word: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid > 0 && runs(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
        );
      } catch {
        // It ended while we looked.
        return false;
      }
    });
}

/** A time to sleep that no other process has: what is found by it is the test's. */
let slept = 0;
const sleepTime = () => {
  slept += 1;
  return `90${process.pid}.${slept}`;
};

const untilThere = (word: string) =>
  vi.waitFor(() => expect(pidsOf(word).length).toBeGreaterThan(0), { timeout: 10_000, interval: 20 });

describe.runIf(untried === null)('what a confined command leaves behind', { timeout: 30_000 }, () => {
  it('[TOOL-5] is killed at its timeout, with everything it started', async () => {
    const { run } = await confinedGround();
    const time = sleepTime();
    const { status, text } = await run(`sleep ${time} & echo before; sleep ${time}`, { timeout: 400 });
    expect({ status, text }).toEqual({
      status: 'error',
      text: expect.stringMatching(/^Stopped after 0.4 s, its timeout\..*\nbefore$/),
    });
    expect(pidsOf(time)).toEqual([]);
  });

  it.each([
    ['in its group', (time: string) => `sleep ${time} &`],
    ['in a session of its own', (time: string) => `setsid sleep ${time} &`],
    ['without its environment too', (time: string) => `setsid env -i /bin/sleep ${time} &`],
  ])('[TOOL-5] is killed when the shell exits, %s', async (_where, command) => {
    const { run } = await confinedGround();
    const time = sleepTime();
    expect(await run(`${command(time)} sleep 0.05; echo started`)).toEqual({
      status: 'success',
      text: 'started\n[Processes that the command left running were stopped.]',
    });
    expect(pidsOf(time)).toEqual([]);
  });

  it('may end by itself shortly after the shell', async () => {
    const { run, cwd } = await confinedGround();
    expect((await run('echo tail > >(sleep 0.05; cat > log)')).text).toBe('(no output)');
    expect(readFileSync(join(cwd, 'log'), 'utf8')).toBe('tail\n');
  });

  it('[TOOL-2] before run is no process, no file and no effect', async () => {
    const { contextOf, cwd } = await confinedGround();
    const prepared = await mustPrepare(bash, { command: 'touch effect' }, contextOf());
    const pid = prepared.process?.pid ?? 0;
    expect(runs(pid)).toBe(true);
    await prepared.abort();
    expect(runs(pid)).toBe(false);
    expect(await prepared.run(() => {})).toEqual({ status: 'error', text: 'Interrupted.' });
    expect(existsSync(join(cwd, 'effect'))).toBe(false);
  });

  it('[TOOL-5] is killed by an abort while it runs', async () => {
    const { contextOf } = await confinedGround();
    const time = sleepTime();
    const command = `trap "" TERM INT HUP; echo begun; setsid sleep ${time} & sleep ${time}`;
    const prepared = await mustPrepare(bash, { command }, contextOf());
    const result = prepared.run(() => {});
    await untilThere(time);
    await prepared.abort();
    expect(await result).toEqual({ status: 'error', text: 'Interrupted.\nbegun' });
    expect(pidsOf(time)).toEqual([]);
  });

  it('tells of a failure by exit code, names signals, and passes input and output through', async () => {
    const { run } = await confinedGround();
    expect((await run('echo out; echo err >&2; exit 3')).text).toBe('Exit code 3\nout\nerr');
    expect((await run('kill -SEGV $$')).text).toMatch(/^Exit code 139 \(SIGSEGV\)/);
    expect((await run('cat; read -r line; echo "$?"; echo "$0|$#|$line"')).text).toBe('1\nbash|0|');
    expect((await run(`wc -c <<'END'\n${'x'.repeat(200_000)}\nEND`)).text).toBe('200001');
  });
});

/** A runtime of its own process, which prepares a confined call, says which process waits, and perhaps lets it go. */
const runtime = `
import { bash } from ${JSON.stringify(join(import.meta.dirname, '..', 'tools', 'bash.ts'))};
import { sandboxing } from ${JSON.stringify(join(import.meta.dirname, 'sandboxing.ts'))};
const { command, context, farhand, go } = JSON.parse(process.argv[2]);
const { confine } = sandboxing({ setting: () => 'required', farhand, folder: farhand + '/private', readable: [], env: context.env });
const asking = { key: 'a', mode: 'standard', cwd: context.cwd, workspace: null };
const prepared = await bash.prepare({ command }, { ...context, confine: confine(asking) });
console.log(JSON.stringify(prepared.process ?? prepared));
if (go) await prepared.run(() => {});
else setInterval(() => {}, 1000);
`;

describe.runIf(untried === null)('a runtime killed with kill -9', { timeout: 30_000 }, () => {
  async function crashing({ contextOf, home, outside }: ConfinedGround, command: string, go: boolean) {
    const context = contextOf();
    const script = join(outside, 'runtime.mts');
    writeFileSync(script, runtime);
    const argument = JSON.stringify({ command, context, farhand: join(home, '.farhand'), go });
    mkdirSync(join(outside, 'tmp'));
    const child = spawn(process.execPath, [script, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: join(outside, 'tmp') },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(createInterface(child.stdout), 'line');
    const waiting: Process = JSON.parse(line);
    onTestFinished(async () => void (await killSurvivors(waiting, context.callId)));
    const crash = async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    };
    return { waiting, crash, callId: context.callId };
  }

  const isGone = (pid: number) => vi.waitFor(() => expect(runs(pid)).toBe(false), 10_000);

  it('[TOOL-2] before it lets a command go: the shell leaves and nothing has run', async () => {
    const ground = await confinedGround();
    const { waiting, crash } = await crashing(ground, 'touch effect', false);
    expect(runs(waiting.pid)).toBe(true);
    await crash();
    await isGone(waiting.pid);
    expect(existsSync(join(ground.cwd, 'effect'))).toBe(false);
  });

  it.each([
    ['a new process kills its survivors', false],
    ['also when bubblewrap itself has gone', true],
  ])('[TOOL-5] while a command runs: %s', async (_what, leaderGone) => {
    const ground = await confinedGround();
    const time = sleepTime();
    const command = `setsid env -i /bin/sleep ${time} & sleep ${time} & echo > ready; wait`;
    const { waiting, crash, callId } = await crashing(ground, command, true);
    await vi.waitFor(
      async () => expect(await readFile(join(ground.cwd, 'ready'), 'utf8')).toBe('\n'),
      10_000,
    );
    await vi.waitFor(() => expect(pidsOf(time)).toHaveLength(2), 10_000);
    await crash();
    if (leaderGone) {
      process.kill(waiting.pid, 'SIGKILL');
      await isGone(waiting.pid);
    }
    expect(pidsOf(time)).toHaveLength(2);
    expect(await killSurvivors(waiting, callId)).toEqual([]);
    await vi.waitFor(() => expect(pidsOf(time)).toEqual([]), 5_000);
  });
});
