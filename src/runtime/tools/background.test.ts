import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Msg, TaskReport } from '../../core/messages.ts';
import { TaskList } from '../tasks/task-list.ts';
import { bash } from './bash.ts';
import { floodgate, monitor } from './monitor.ts';
import { taskOutput } from './task-output.ts';
import { taskStop } from './task-stop.ts';
import { call, makeContext, mustPrepare, reaches, runs } from './test-context.ts';

/** A conversation's tools with what its tasks report, in order. */
async function stand() {
  const heard: TaskReport[] = [];
  const waiting: (() => void)[] = [];
  const tasks = new TaskList((msg: Msg) => {
    if (msg.kind === 'task') heard.push(msg.report);
    for (const wake of waiting.splice(0)) wake();
  });
  onTestFinished(() => tasks.stopAll());
  const context = { ...(await makeContext()), tasks };
  const until = async (kind: TaskReport['kind']): Promise<Record<string, unknown>> => {
    for (;;) {
      const found = heard.find((report) => report.kind === kind);
      if (found) return { ...found };
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const begin = async (command: string, more: Record<string, unknown> = {}) => {
    const result = await call(bash, { command, run_in_background: true, ...more }, context);
    if (result.task) tasks.begun(result.task.id);
    return result;
  };
  return { context, tasks, heard, until, begin };
}

/** A command that goes on until the file `go` is there. */
const untilGo = 'echo begun; until [ -e go ]; do sleep 0.02; done; echo over';

describe('[TOOL-7] a command in the background', () => {
  it('gives its result at once and tells its end with the end of its output', async () => {
    const { context, tasks, until, begin } = await stand();
    const { status, text, task } = await begin(untilGo, { description: 'wait' });
    expect(status).toBe('success');
    expect(text).toContain(task?.id);
    expect(task).toMatchObject({ kind: 'command', title: 'wait' });
    expect(tasks.all()).toHaveLength(1);
    writeFileSync(join(context.cwd, 'go'), '');
    expect(await until('ended')).toEqual({
      kind: 'ended',
      status: 'success',
      text: 'Exit code 0\nbegun\nover',
    });
    expect(tasks.all()).toEqual([]);
    expect(readFileSync(task?.output ?? '', 'utf8')).toBe('begun\nover\n');
  });

  it('tells how it failed', async () => {
    const { until, begin } = await stand();
    await begin('echo no; exit 3');
    expect(await until('ended')).toMatchObject({ status: 'error', text: 'Exit code 3\nno' });
  });

  it('says nothing before its start is known', async () => {
    const { context, tasks, heard } = await stand();
    const { task } = await call(bash, { command: 'true', run_in_background: true }, context);
    await tasks.all()[0]?.over;
    expect(heard).toEqual([]);
    tasks.begun(task?.id ?? '');
    expect(heard).toMatchObject([{ kind: 'ended' }]);
  });

  it('outlives an abort of its turn, but not one before it ran', async () => {
    const { context, tasks } = await stand();
    const running = await mustPrepare(bash, { command: untilGo, run_in_background: true }, context);
    await running.run(() => undefined);
    await running.abort();
    expect(tasks.all()).toHaveLength(1);
    const other = { ...context, callId: 'call-2' };
    const ready = await mustPrepare(bash, { command: 'touch ran', run_in_background: true }, other);
    await ready.abort();
    expect(await ready.run(() => undefined)).toMatchObject({ status: 'error' });
    expect(runs(ready.process?.pid ?? 0)).toBe(false);
    expect(existsSync(join(context.cwd, 'ran'))).toBe(false);
  });

  it('is stopped at its timeout, with all that it started', async () => {
    const { until, begin } = await stand();
    const { task } = await begin('sleep 60 & sleep 60', { timeout: 50 });
    expect(await until('ended')).toMatchObject({
      status: 'error',
      text: expect.stringContaining('Stopped after 50 ms'),
    });
    expect(runs(task?.process.pid ?? 0)).toBe(false);
  });

  it('reaches as far as the same command in front of everybody', async () => {
    const { context } = await stand();
    const command = 'rm -rf build';
    expect(await reaches(bash, { command, run_in_background: true }, context)).toEqual(
      await reaches(bash, { command }, context),
    );
  });
});

describe('TaskOutput', () => {
  it('shows what is there, waits where it is asked to, and finds it later', async () => {
    const { context, begin } = await stand();
    const { task } = await begin(untilGo);
    const ask = (more: Record<string, unknown> = {}) =>
      call(taskOutput, { task_id: task?.id, ...more }, context);
    const soFar = await ask({ block: true, timeout: 1 });
    expect(soFar.text).toContain('It still runs');
    const waiting = ask({ block: true, timeout: 60_000 });
    writeFileSync(join(context.cwd, 'go'), '');
    expect((await waiting).text).toContain('begun\nover');
    expect((await ask()).text).toMatch(/It has ended.*\nbegun\nover/);
  });

  it.each(['task-none', 'task-..%2f..%2fetc'])('says when there is none: %s', async (task_id) => {
    const { context } = await stand();
    expect(await call(taskOutput, { task_id }, context)).toMatchObject({
      status: 'error',
      text: expect.stringContaining('There is no task'),
    });
  });

  it('takes only names of tasks', () => {
    for (const task_id of ['../secret', 'task-../../x', '', 'task-'])
      expect(taskOutput.check({ task_id })).toContain('task_id');
  });
});

describe('TaskStop', () => {
  it('stops a task and all that it started', async () => {
    const { context, until, begin } = await stand();
    const { task } = await begin('sleep 60 & wait');
    expect(await call(taskStop, { task_id: task?.id }, context)).toMatchObject({ status: 'success' });
    expect(await until('ended')).toMatchObject({ status: 'error', text: expect.stringContaining('SIGKILL') });
    expect(runs(task?.process.pid ?? 0)).toBe(false);
  });

  it('names those that run when it is another one', async () => {
    const { context, begin } = await stand();
    const { task } = await begin(untilGo, { description: 'waits' });
    const { text } = await call(taskStop, { task_id: 'task-x' }, context);
    expect(text).toContain(`${task?.id} (waits)`);
  });
});

describe('Monitor', () => {
  const watch = async (command: string) => {
    const { context, tasks, heard, until } = await stand();
    const { task } = await call(monitor, { command, description: 'a test' }, context);
    tasks.begun(task?.id ?? '');
    return { context, task, heard, until };
  };

  it('tells whole lines as they come, gathered', async () => {
    const { context, heard, until } = await watch(
      'printf "one\\ntwo\\nhal"; until [ -e go ]; do sleep 0.02; done; echo f',
    );
    expect(await until('output')).toEqual({ kind: 'output', text: 'one\ntwo' });
    writeFileSync(join(context.cwd, 'go'), '');
    expect(await until('ended')).toMatchObject({ text: expect.stringContaining('half') });
    expect(heard).toHaveLength(2);
  });

  it('has more to say than anybody reads beyond thirty messages a minute', () => {
    const flood = floodgate();
    expect(Array.from({ length: 30 }, (_, n) => flood(n)).some(Boolean)).toBe(false);
    expect(flood(60_000)).toBe(true);
    const slow = floodgate();
    expect(Array.from({ length: 100 }, (_, n) => slow(n * 2_100)).some(Boolean)).toBe(false);
  });

  it('is a command to the rules', async () => {
    const { context } = await stand();
    expect(monitor.rule).toBe('Bash');
    const input = { command: 'curl example.com', description: 'x' };
    expect(await reaches(monitor, input, context)).toEqual(
      await reaches(bash, { command: input.command }, context),
    );
  });
});
