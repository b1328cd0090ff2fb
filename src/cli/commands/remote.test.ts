import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptRemote } from '../../byor/index.ts';
import { runProgram } from '../program/run.ts';
import { saveToken } from '../talk/saved-tokens.ts';
import { testIo } from '../test-io.ts';
import { program } from './index.ts';

async function ownServer() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const remote = acceptRemote({ server, token: 'tok-of-the-test' });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { remote, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function start(argv: readonly string[], env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-remote-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const io = testIo({ cwd: folder, env: { FARHAND_HOME: join(folder, 'home'), ...env } });
  return { io, code: runProgram(argv, program, io) };
}

describe('farhand remote', () => {
  it('offers this home at a server, tells each event as a line of JSON, and stops for Ctrl-C', async () => {
    const { remote, url } = await ownServer();
    const online = new Promise<{ deviceId: string; name: string }>((resolve) => {
      remote.on('online', (info) => resolve(info as { deviceId: string; name: string }));
    });
    const flags = [
      '--backend',
      'local',
      'server',
      '--json',
      '--env-name',
      'desk',
      '--url',
      url,
      '--token',
      'tok-of-the-test',
    ];
    const { io, code } = start(flags);
    expect(await online).toMatchObject({ name: 'desk' });
    await io.until('"event":"connected"');
    const connected = JSON.parse(io.stdout().split('\n')[0] ?? '');
    expect(Object.keys(connected)).toEqual(['event', 'mode', 'connectionId', 'deviceId', 'agentId']);
    expect(connected).toMatchObject({
      deviceId: (await online).deviceId,
      agentId: expect.stringMatching(/^agent-/),
    });
    io.interrupt();
    expect(await code).toBe(130);
    expect(io.stderr()).toBe('');
    for (const line of io.stdout().trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
  });

  it('tells people in words, and ends with 0 for SIGTERM', async () => {
    const { url } = await ownServer();
    const { io, code } = start(['remote', '--url', url], { FARHAND_TOKEN: 'tok-of-the-test' });
    await io.until(`Connected to ${url} (`);
    io.interrupt('SIGTERM');
    expect(await code).toBe(0);
  });

  it('[SEC-9] shows the token that was saved for the URL, whatever client token is about', async () => {
    const { url } = await ownServer();
    const home = { FARHAND_HOME: join(mkdtempSync(join(tmpdir(), 'farhand-saved-')), 'home') };
    onTestFinished(() => rmSync(dirname(home.FARHAND_HOME), { recursive: true }));
    expect(saveToken(home, url, 'device', 'tok-of-the-test')).toBeNull();
    const { io, code } = start(['remote', '--url', url], { ...home, FARHAND_TOKEN: 'fh_client_1' });
    await io.until(`Connected to ${url} (`);
    io.interrupt('SIGTERM');
    expect(await code).toBe(0);
  });

  it('ends when the token is refused, with what to do', async () => {
    const { url } = await ownServer();
    const { io, code } = start(['remote', '--url', url, '--token', 'wrong', '--direct']);
    expect(await code).toBe(1);
    expect(io.stderr()).toMatch(/token/);
  });

  it.each([
    [['--url', 'nonsense'], 'cannot be read'],
    [['--url', 'http://example.org', '--token', 'secret'], '--insecure'],
  ])('does not begin with %j', async (flags, why) => {
    const { io, code } = start(['remote', ...flags]);
    expect(await code).toBe(1);
    expect(io.stderr()).toContain(why);
  });
});
