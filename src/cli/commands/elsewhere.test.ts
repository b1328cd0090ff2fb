import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aHome, temporaryFolder } from './test-home.ts';

type Home = ReturnType<typeof aHome>;
type First = Readonly<Record<'url' | 'token' | 'deviceToken' | 'agentId', string>>;

/** Something that runs until the test, or whoever asks, is through with it. */
function running(started: ReturnType<Home['start']>) {
  const stop = async () => {
    started.io.interrupt('SIGTERM');
    await started.code;
  };
  onTestFinished(stop);
  return { ...started, stop };
}

/** A broker, a machine that may come and go there, and a person somewhere else. */
async function begin() {
  const broker = running(aHome().start(['serve', '--port', '0', '--json', '--no-runtime']));
  await broker.io.until('"url"');
  const first = JSON.parse(broker.io.stdout().split('\n')[0] ?? '') as First;
  const desk = aHome();
  const person = aHome();
  const far = ['--url', first.url, '--token', first.token];
  async function arrive() {
    const remote = running(
      desk.start(['remote', '--url', first.url, '--token', first.deviceToken, '--env-name', 'desk']),
    );
    await remote.io.until('Connected to');
    return remote;
  }
  return { broker, desk, person, far, first, arrive };
}

describe('a machine that is reached through a broker', () => {
  it('answers as if one sat at it, and the own home is left alone', async () => {
    const { desk, person, far, arrive } = await begin();
    await arrive();
    const printed = await person.run('-p', 'run pwd', '--mode', 'unrestricted', ...far);
    expect(printed).toEqual({
      code: 0,
      stdout: `[demo] Calling Bash.\n[demo] Bash returned:\n${desk.folder}\n`,
      stderr: '',
    });
    const created = await person.run('agents', 'create', 'reviewer', ...far);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining('Created reviewer') });
    expect((await person.run('agents', ...far)).stdout).toMatch(/Farhand[\s\S]*reviewer/);
    expect((await person.run('conversations', ...far)).stdout).toContain('default');
    expect((await person.run('conversations', 'create', 'conv-far', ...far)).code).toBe(0);
    expect((await person.run('conversations', 'show', ...far)).stdout).toContain('› run pwd');
    expect(existsSync(join(person.folder, '.farhand'))).toBe(false);
  });

  it('works in its own folders', async () => {
    const { desk, person, far, arrive } = await begin();
    await arrive();
    const other = temporaryFolder();
    mkdirSync(join(other, 'only-here'));
    const pwd = async (...more: string[]) =>
      (await person.run('-p', 'run pwd', '--mode', 'unrestricted', ...far, ...more)).stdout;
    expect(await pwd('--new')).toContain(`\n${desk.folder}\n`);
    expect(await pwd('--cwd', other)).toContain(`\n${other}\n`);
    const missing = await person.run('-p', 'ls', '--cwd', join(other, 'nowhere'), ...far);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no folder') });
    const unclear = await person.run('-p', 'ls', '--cwd', 'only-here', ...far);
    expect(unclear).toMatchObject({ code: 2, stderr: expect.stringContaining('Write the whole path') });
  });

  it('[APR-3] asks every terminal, wherever it is', async () => {
    const { person, far, arrive } = await begin();
    await arrive();
    const chat = running(person.start(['chat', ...far], { tty: true }));
    await chat.io.until('desk: ');
    const other = running(aHome().start(['chat', ...far], { tty: true }));
    await other.io.until('desk: ');
    chat.io.type('run umask 22; echo both\r');
    await Promise.all([chat.io.until('[y]es'), other.io.until('[y]es')]);
    const allowed = await person.run('approvals', 'allow', '--all', ...far);
    expect(allowed).toMatchObject({ code: 0, stdout: expect.stringContaining('Allowed.') });
    await Promise.all([chat.io.until('Bash returned:'), other.io.until('Bash returned:')]);
    expect(other.io.stdout()).toContain('Answered in another terminal.');
    chat.io.type('run umask 22; sleep 60\r');
    await other.io.until('command: umask 22; sleep 60');
    other.io.type('y\r');
    await chat.io.until('running Bash');
    chat.io.type('\x03');
    await other.io.until('Interrupted');
    other.io.type('/quit\r');
    expect(await other.code).toBe(0);
  });

  it('that is away is told as away, keeps what it is sent, and is told when it has it', async () => {
    const { person, far, arrive } = await begin();
    const remote = await arrive();
    const chat = running(person.start(['chat', ...far], { tty: true }));
    await chat.io.until('desk: ');
    await remote.stop();
    await chat.io.until('desk is away, last seen at');
    chat.io.type('ls\r');
    await chat.io.until('waits at the broker until desk is back: ls');
    await arrive();
    await chat.io.until('desk is back.');
    await chat.io.until('delivered: ls');
    await chat.io.until('LS returned:');
    chat.io.type('/quit\r');
    expect(await chat.code).toBe(0);
  });

  it('[APR-4] [ABT-4] that is away is told a decision, or to stop, when it is back', async () => {
    const { person, far, arrive } = await begin();
    const remote = await arrive();
    const chat = running(person.start(['chat', ...far], { tty: true }));
    await chat.io.until('desk: ');
    chat.io.type('run umask 22; echo decided\r');
    await chat.io.until('[y]es');
    await remote.stop();
    await chat.io.until('desk is away');
    chat.io.type('y\r');
    const again = await arrive();
    await chat.io.until('Bash returned:');
    chat.io.type('run umask 22; echo never\r');
    await chat.io.until('command: umask 22; echo never');
    await again.stop();
    await chat.io.until('is away, last seen');
    chat.io.type('/abort\r');
    await chat.io.until('desk is away: told to stop if it is back within a minute.');
    await arrive();
    await chat.io.until('Interrupted');
    chat.io.type('/quit\r');
    expect(await chat.code).toBe(0);
    expect(chat.io.stdout()).toContain('decided');
  });

  it('that is away can be written to, and a chat that is left says what waits', async () => {
    const { person, far, arrive } = await begin();
    await (await arrive()).stop();
    const chat = running(person.start(['chat', ...far], { tty: true }));
    await chat.io.until('desk is away');
    await chat.io.until('desk: ');
    chat.io.type('run umask 22; echo first\r');
    await chat.io.until('waits at the broker until desk is back: run umask 22; echo first');
    chat.io.type('/quit\r');
    expect(await chat.code).toBe(0);
    expect(chat.io.stdout()).toContain('Waits at the broker and will be delivered: run umask 22; echo first');
    await arrive();
    const later = running(person.start(['chat', ...far], { tty: true }));
    await later.io.until('[y]es');
    expect(later.io.stdout()).toContain('run umask 22; echo first');
  });

  it('that is away is waited for by -p, which says so', async () => {
    const { person, far, arrive } = await begin();
    await (await arrive()).stop();
    const printing = person.start(['-p', 'ls', ...far]);
    await printing.io.until('The prompt waits at the broker until desk is back.');
    await arrive();
    expect(await printing.code).toBe(0);
    expect(printing.io.stderr()).toMatch(
      /^desk is away, .+\nThe prompt waits .+\ndesk is back\.\nThe prompt was delivered to desk\.\n$/,
    );
    expect(printing.io.stdout()).toContain('LS returned:');
  });

  it('that stays away ends -p with its timeout, or with 130 for Ctrl-C, and what becomes of the prompt', async () => {
    const { person, far, arrive } = await begin();
    await (await arrive()).stop();
    const late = await person.run('-p', 'ls', '--timeout', '0.5', ...far);
    expect(late).toMatchObject({ code: 1, stdout: '' });
    expect(late.stderr).toContain('(--timeout). The prompt still waits at the broker and will be worked');
    const stopped = person.start(['-p', 'ls', ...far]);
    await stopped.io.until('The prompt waits');
    stopped.io.interrupt();
    expect(await stopped.code).toBe(130);
    const needed = person.start(['-p', 'ls', '--new', ...far]);
    await needed.io.until('This needs desk itself: waiting for it.');
    needed.io.interrupt();
    expect(await needed.code).toBe(130);
    const asked = await person.run('agents', ...far);
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('desk is away') });
  });

  it('goes on through a restart of the broker', async () => {
    const home = aHome();
    const serving = async (port: string) => {
      const broker = running(home.start(['serve', '--port', port, '--json']));
      await broker.io.until('"url"');
      return { broker, ...(JSON.parse(broker.io.stdout().split('\n')[0] ?? '') as First) };
    };
    const { broker, url, token } = await serving('0');
    const chat = running(aHome().start(['chat', '--url', url, '--token', token], { tty: true }));
    await chat.io.until('mode standard');
    await broker.stop();
    await chat.io.until('There is no connection: ');
    await serving(new URL(url).port);
    await chat.io.until(`Connected to ${url} again.`);
    chat.io.type('ls\r');
    await chat.io.until('LS returned:');
    chat.io.type('/quit\r');
    expect(await chat.code).toBe(0);
  });
});

describe('the way to another machine', () => {
  it('is refused with what to do', async () => {
    const { person, first, arrive } = await begin();
    const url = ['--url', first.url];
    const unknown = await person.run('agents', ...url, '--token', 'wrong');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/answered 401: .*[^.]\. Give a client token with --token, FARHAND_TOKEN/);
    const nobody = await person.run('agents', ...url, '--token', first.token);
    expect(nobody.stderr).toContain('No environment has registered there yet');
    await arrive();
    const missing = await person.run('agents', '--json', ...url, '--token', first.token, '-e', 'laptop');
    expect(JSON.parse(missing.stdout)).toEqual({
      error: { code: 'environment_not_found', message: expect.stringContaining('Those there are: desk') },
    });
    const device = await person.run('agents', ...url, '--token', first.deviceToken);
    expect(device.stderr).toContain('client token');
  });

  it('is asked for where several machines are online', async () => {
    const { person, far, first, arrive } = await begin();
    await arrive();
    const attic = aHome().start([
      'remote',
      '--url',
      first.url,
      '--token',
      first.deviceToken,
      '--env-name',
      'attic',
    ]);
    await running(attic).io.until('Connected to');
    const unclear = await person.run('agents', ...far);
    expect(unclear).toMatchObject({ code: 1, stdout: '' });
    expect(unclear.stderr).toMatch(/Several environments are online: (desk, attic|attic, desk)\. .* with -e/);
    expect(await person.run('agents', ...far, '-e', 'attic')).toMatchObject({ code: 0, stderr: '' });
  });

  it('is that of the environment, but never of LETTA_BASE_URL', async () => {
    const { person, first, arrive } = await begin();
    await arrive();
    const env = { FARHAND_URL: first.url, LETTA_API_KEY: first.token };
    const through = person.start(['agents'], { env });
    expect(await through.code).toBe(0);
    expect(existsSync(join(person.folder, '.farhand'))).toBe(false);
    const local = person.start(['agents'], { env: { LETTA_BASE_URL: first.url, LETTA_API_KEY: 'x' } });
    expect(await local.code).toBe(0);
    expect(existsSync(join(person.folder, '.farhand'))).toBe(true);
    const flagged = person.start(['agents', '--token', 'wrong'], {
      env: { ...env, FARHAND_TOKEN: first.token },
    });
    expect(await flagged.code).toBe(1);
  });

  it('[SEC-5] does not lead over a network unencrypted, unless one says so', async () => {
    const { run } = aHome();
    const refused = await run('-p', 'ls', '--url', 'http://example.org', '--token', 'secret');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--insecure') });
    expect(refused.stderr).not.toContain('secret');
  });

  it.each([
    [['agents', '--token', 'x'], '--token is about a broker'],
    [['chat', '--environment', 'desk'], '--environment is about a broker'],
    [['chat', '--insecure'], '--insecure is about a broker'],
    [['-p', 'x', '--url', 'ws://127.0.0.1:1/ws', '-e', 'desk'], 'an app-server has only its own'],
  ])('%j is wrong usage', async (argv, said) => {
    const { code, stderr } = await aHome().run(...argv);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  });

  it('leads to an app-server by its socket', async () => {
    const home = aHome();
    const server = running(home.start(['app-server', '--listen', 'ws://127.0.0.1:0']));
    await server.io.until('ws://');
    const url = /ws:\/\/[\d.]+:\d+\/ws/.exec(server.io.stdout())?.[0] ?? '';
    const printed = await aHome().run('-p', 'ls', '--url', url);
    expect(printed).toMatchObject({ code: 0, stdout: expect.stringContaining('LS returned:') });
  });
});
