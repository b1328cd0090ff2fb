import { existsSync } from 'node:fs';
import { access, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { bash } from './bash.ts';
import { outputPath } from './output-file.ts';
import { call, makeContext, mustPrepare, runs } from './test-context.ts';

const run = async (command: string, more: Record<string, unknown> = {}) => {
  const context = await makeContext();
  return { ...(await call(bash, { command, ...more }, context)), context };
};

async function numberIn(path: string): Promise<number> {
  const text = await vi.waitFor(async () => {
    const found = await readFile(path, 'utf8');
    expect(found).toMatch(/\d\n/);
    return found;
  }, 5_000);
  return Number(text);
}

const isGone = (pid: number) => vi.waitFor(() => expect(runs(pid)).toBe(false), 5_000);

describe('a command', () => {
  it('runs in the working directory with the given environment and the mark of its call', async () => {
    process.env.FARHAND_TEST_SECRET = 'leaked';
    const { context, ...result } = await run('pwd; echo "$HOME|$FARHAND_TOOL_CALL|$FARHAND_TEST_SECRET"');
    expect(result).toEqual({ status: 'success', text: `${context.cwd}\n${context.root}|call-1|` });
    expect(await readdir(context.scratch)).toEqual([]);
  });

  it('is taken literally, whatever characters it has', async () => {
    const odd = `'it''s "quoted" $HOME \\n \\\\ \\c %s \`x\` \t é 🙂 # no comment'`;
    const literal = odd.slice(1, -1).replace("''", '');
    expect(
      await run(`echo; printf '%s|' ${odd} \\\n  second\nprintf '%s' third # comment\n\n`),
    ).toMatchObject({
      status: 'success',
      text: `\n${literal}|second|third`,
    });
    expect(await run("cat <<'END'\n\\tab \\\\ $x\nEND\n")).toMatchObject({ text: '\\tab \\\\ $x' });
  });

  it('sees nothing of the gate', async () => {
    expect(await run('echo "$0|$#|$line"')).toMatchObject({ text: 'bash|0|' });
  });

  it('may be longer than an argument of a program may be', async () => {
    const text = 'x'.repeat(200_000);
    expect(await run(`wc -c <<'END'\n${text}\nEND`)).toMatchObject({ status: 'success', text: '200001' });
  });

  it('reads an end of file from its input', async () => {
    expect(await run('cat; read -r line; echo "$?"')).toMatchObject({ status: 'success', text: '1' });
  });

  it('tells of a failure by exit code, and names signals', async () => {
    expect(await run('echo out; echo err >&2; exit 3')).toMatchObject({
      status: 'error',
      text: 'Exit code 3\nout\nerr',
    });
    expect(await run('kill -SEGV $$')).toMatchObject({ status: 'error', text: 'Killed by signal SIGSEGV' });
    const { text } = await run("sh -c 'kill -9 $$'; exit $?");
    expect(text).toMatch(/^Exit code 137 \(SIGKILL\)/);
    expect(await run('if')).toMatchObject({ status: 'error', text: expect.stringContaining('syntax error') });
    expect(await run('true')).toMatchObject({ status: 'success', text: '(no output)' });
  });

  it('shows what is not UTF-8 as replacement characters', async () => {
    expect(await run(`printf 'a\\377\\376b'`)).toMatchObject({
      status: 'success',
      text: 'a\u{fffd}\u{fffd}b',
    });
  });

  it('has long output shortened in the middle and kept whole in a file', async () => {
    const { text, context } = await run(`echo begin; head -c 200000 /dev/zero | tr '\\0' x; echo; echo end`);
    expect(text.length).toBeLessThan(30_400);
    expect(text).toMatch(/^begin\nx{14000}/);
    expect(text).toMatch(/x\nend$/);
    const path = outputPath(context.scratch, context.callId);
    expect(text).toContain(`about 170011 of 200011 bytes are left out here; the whole output is in ${path}`);
    expect((await stat(path)).size).toBe(200_011);
  });

  it('may empty its own output without leaving a hole in it', async () => {
    const { text } = await run('echo a long first line; echo x > /dev/stderr; echo y');
    expect(text).toMatch(/x\ny$/);
    expect(text).not.toContain('\0');
  });

  it('says that the working directory is gone', async () => {
    const context = await makeContext();
    const lost = { ...context, cwd: join(context.root, 'gone') };
    expect(await call(bash, { command: 'ls' }, lost)).toMatchObject({
      status: 'error',
      text: expect.stringMatching(/working directory .* does not exist/),
    });
    expect(await readdir(context.scratch)).toEqual([]);
  });

  it('runs in sh where there is no bash, and says so where there is neither', async () => {
    const context = await makeContext();
    const bin = join(context.root, 'bin');
    await mkdir(bin);
    const env = { PATH: bin };
    expect(await call(bash, { command: 'ls' }, { ...context, env })).toMatchObject({
      text: expect.stringContaining('Neither bash nor sh'),
    });
    await symlink('/bin/sh', join(bin, 'sh'));
    const command = `echo "$0 'a\\\\b'"\nread x; echo $?`;
    expect(await call(bash, { command }, { ...context, env })).toMatchObject({
      text: expect.stringMatching(/^sh .*\n1$/),
    });
  });

  it('tells its output while it runs, and only what is new', async () => {
    const context = await makeContext();
    const prepared = await mustPrepare(
      bash,
      { command: 'echo one; until [ -e go ]; do sleep 0.05; done; echo two' },
      context,
    );
    const told: string[] = [];
    const times: number[] = [];
    const result = prepared.run((text) => {
      told.push(text);
      times.push(performance.now());
    });
    await vi.waitFor(() => expect(told).toEqual(['one\n']), 5_000);
    await call(bash, { command: 'sleep 0.5; touch go' }, { ...context, callId: 'call-2' });
    expect(await result).toEqual({ status: 'success', text: 'one\ntwo' });
    expect(new Set(told).size).toBe(told.length);
    for (const [index, time] of times.entries())
      expect(time - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(100);
  });
});

describe('what a command leaves behind', () => {
  it('[TOOL-5] is killed at its timeout, with everything it started', async () => {
    const { text, status, context } = await run('sleep 1000 & echo $! > pid; echo before; sleep 1000', {
      timeout: 300,
    });
    expect(status).toBe('error');
    expect(text).toMatch(/^Stopped after 0.3 s, its timeout\..*\nbefore$/);
    await isGone(await numberIn(join(context.cwd, 'pid')));
  });

  it('[TOOL-5] is killed when the shell exits, and told', async () => {
    const { context, ...result } = await run('sleep 1000 & echo $! > pid; echo started');
    expect(result).toEqual({
      status: 'success',
      text: 'started\n[Processes that the command left running were stopped.]',
    });
    expect(runs(await numberIn(join(context.cwd, 'pid')))).toBe(false);
  });

  it('may end by itself shortly after the shell', async () => {
    const { context, text } = await run('echo tail > >(sleep 0.05; cat > log)');
    expect(text).toBe('(no output)');
    expect(await readFile(join(context.cwd, 'log'), 'utf8')).toBe('tail\n');
  });
});

describe.runIf(process.platform === 'linux')('a process that left the group', () => {
  it('[TOOL-5] is killed too', async () => {
    const { context, text } = await run(
      `setsid sh -c 'echo $$ > pid; exec sleep 1000' & until [ -s pid ]; do sleep 0.01; done; echo started`,
    );
    expect(text).toContain('were stopped');
    expect(runs(await numberIn(join(context.cwd, 'pid')))).toBe(false);
  });
});

describe('abort', () => {
  it('[TOOL-2] before run leaves no process, no file and no effect', async () => {
    const context = await makeContext();
    const prepared = await mustPrepare(bash, { command: 'touch effect' }, context);
    const pid = prepared.process?.pid ?? 0;
    expect(runs(pid)).toBe(true);
    await prepared.abort();
    expect(runs(pid)).toBe(false);
    await prepared.abort();
    expect(await prepared.run(() => {})).toEqual({ status: 'error', text: 'Interrupted.' });
    expect(existsSync(join(context.cwd, 'effect'))).toBe(false);
    expect(await readdir(context.scratch)).toEqual([]);
  });

  it('[TOOL-5] while it runs kills the group and ends the run with the output so far', async () => {
    const context = await makeContext();
    const command = 'trap "" TERM INT HUP; sleep 1000 & echo $! > pid; echo begun; sleep 1000';
    const prepared = await mustPrepare(bash, { command }, context);
    const result = prepared.run(() => {});
    const child = await numberIn(join(context.cwd, 'pid'));
    await vi.waitFor(async () =>
      expect(await readFile(outputPath(context.scratch, 'call-1'), 'utf8')).toBe('begun\n'),
    );
    await prepared.abort();
    expect([prepared.process?.pid ?? 0, child].map(runs)).toEqual([false, false]);
    expect(await result).toEqual({ status: 'error', text: 'Interrupted.\nbegun' });
    expect(await readdir(context.scratch)).toEqual([]);
  });

  it('after the end changes nothing', async () => {
    const context = await makeContext();
    const prepared = await mustPrepare(bash, { command: 'echo done' }, context);
    const result = await prepared.run(() => {});
    await prepared.abort();
    expect(await prepared.run(() => {})).toBe(result);
    expect(result).toEqual({ status: 'success', text: 'done' });
  });
});

it('[TOOL-2] no start-up file runs before the gate opens, or behind it', async () => {
  const context = await makeContext();
  await writeFile(join(context.root, '.bashrc'), 'echo noise; touch "$HOME/started"\n');
  expect(await call(bash, { command: 'echo right' }, context)).toEqual({ status: 'success', text: 'right' });
  expect(existsSync(join(context.root, 'started'))).toBe(false);
});

it('[TOOL-2] a shell that dies at its gate is told as a failure', async () => {
  const context = await makeContext();
  const prepared = await mustPrepare(bash, { command: 'touch effect' }, context);
  process.kill(prepared.process?.pid ?? 0, 'SIGKILL');
  await isGone(prepared.process?.pid ?? 0);
  expect(await prepared.run(() => {})).toEqual({ status: 'error', text: 'Killed by signal SIGKILL' });
  await expect(access(join(context.cwd, 'effect'))).rejects.toThrow();
});
