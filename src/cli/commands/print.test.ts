import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aHome, temporaryFolder } from './test-home.ts';

describe('farhand -p', () => {
  it('prints the answer and nothing else', async () => {
    const { run } = aHome();
    expect(await run('-p', 'run umask 22; echo hi', '--mode', 'unrestricted')).toEqual({
      code: 0,
      stdout: '[demo] Calling Bash.\n[demo] Bash returned:\nhi\n',
      stderr: '',
    });
  });

  it('reads the prompt from what is piped in, alone or behind the words', async () => {
    const { start } = aHome();
    const alone = start(['-p'], { input: 'run umask 22; echo piped\n' });
    expect(await alone.code).toBe(0);
    expect(alone.io.stderr()).toContain('Denied Bash umask 22; echo piped');
    const behind = start(['-p', 'run umask 22; cat <<X', '--stdin'], { input: 'from a pipe\nX' });
    expect(await behind.code).toBe(0);
    expect(behind.io.stderr()).toContain('Denied Bash umask 22; cat <<X from a pipe X');
  });

  it('does not read a pipe that nobody asked it to read', async () => {
    const { start } = aHome();
    // This standard input never ends.
    expect(await start(['-p', 'ls']).code).toBe(0);
  });

  it('gives programs the result, or every message', async () => {
    const { run } = aHome();
    const { stdout } = await run('-p', 'ls', '--output-format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ type: 'result', success: true, stopReason: 'end_turn' });
    const { stdout: stream } = await run('-p', 'ls', '--output-format', 'stream-json');
    const messages = stream
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(messages[0]).toMatchObject({ type: 'init', conversationId: 'default', model: 'demo' });
    expect(messages[0].sessionId).toBe(`${messages[0].agentId}:default`);
    expect(messages.at(-1)).toMatchObject({ type: 'result', success: true });
  });

  it('begins in the folder it is called in, stays there, and moves on request', async () => {
    const { start, folder } = aHome();
    const other = temporaryFolder();
    writeFileSync(join(folder, 'here.txt'), '');
    writeFileSync(join(other, 'there.txt'), '');
    const ls = async (cwd: string, ...more: string[]) => {
      const { io, code } = start(['-p', 'glob *.txt', ...more], { cwd });
      expect(await code).toBe(0);
      return io.stdout();
    };
    expect(await ls(folder)).toContain('here.txt');
    expect(await ls(other)).toContain('here.txt');
    expect(await ls(other, '--new')).toContain('there.txt');
    expect(await ls(other, '--cwd', '.')).toContain('there.txt');
    expect(await ls(folder)).toContain('there.txt');
    const nowhere = start(['-p', 'ls', '--cwd', 'nowhere'], { cwd: folder });
    expect(await nowhere.code).toBe(1);
    expect(nowhere.io.stderr()).toContain(`There is no folder ${join(folder, 'nowhere')}`);
  });

  it('begins in its own folder also where somebody else runs the home', async () => {
    const { start, folder } = aHome();
    const other = temporaryFolder();
    writeFileSync(join(other, 'there.txt'), '');
    const owner = start(['chat'], { tty: true, cwd: folder });
    await owner.io.until('mode standard');
    const { io, code } = start(['-p', 'glob *.txt', '--new'], { cwd: other });
    expect(await code).toBe(0);
    expect(io.stdout()).toContain('there.txt');
    owner.io.type('/quit\r');
    await owner.code;
  });

  it('takes a mode for one turn only', async () => {
    const { run } = aHome();
    expect((await run('-p', 'run umask 22; echo one', '--mode', 'fullAccess')).stdout).toContain('\none\n');
    expect((await run('-p', 'run umask 22; echo two')).stderr).toContain('Denied Bash umask 22; echo two');
  });

  it('knows conversations by id, and does not make one of a mistyped id', async () => {
    const { run } = aHome();
    const missing = await run('-p', 'ls', '--conversation', 'conv-x');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('There is no conversation conv-x.');
    expect((await run('-p', 'ls', '--new', '--conversation', 'conv-x')).code).toBe(0);
    expect((await run('-p', 'ls', '--conversation', 'conv-x')).code).toBe(0);
    expect((await run('-p', 'ls', '--new', '--conversation', 'conv-x')).stderr).toContain('exists already');
  });

  it('fails with 1 when the turn does, and says why', async () => {
    const { run, json } = aHome();
    await json('agents', 'create', 'broken', '--model', 'anthropic/claude');
    const failed = await run('-p', 'hello', '--agent', 'broken');
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/^farhand: ANTHROPIC_API_KEY is not set/);
  });

  it('ends with 130 after Ctrl-C, when its turn has ended', async () => {
    const { start, json } = aHome();
    const { io, code } = start(['-p', 'run umask 22; sleep 60', '--approve', 'wait']);
    await io.until('waits for approval');
    io.interrupt();
    expect(await code).toBe(130);
    expect(io.stderr()).toContain('Stopping the turn…');
    expect(await json('approvals')).toEqual({ approvals: [] });
  });
});
