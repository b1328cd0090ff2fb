import { describe, expect, it, onTestFinished } from 'vitest';
import { aHome } from './test-home.ts';

async function broker() {
  const home = aHome();
  const { io, code } = home.start(['serve', '--port', '0', '--json', '--no-runtime']);
  onTestFinished(async () => {
    io.interrupt('SIGTERM');
    await code;
  });
  await io.until('"event":"listening"');
  const { url, token, deviceToken } = JSON.parse(io.stdout());
  const register = (deviceId: string, connectionName: string) =>
    fetch(`${url}/v1/environments/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${deviceToken}` },
      body: JSON.stringify({ deviceId, connectionName, metadata: { os: 'linux' } }),
    });
  await register('device-1', 'desk');
  await register('device-2', 'attic\u200b');
  return { home, url, token, register };
}

describe('farhand environments', () => {
  it('lists the machines of a broker, and shows one', async () => {
    const { home, url, token } = await broker();
    const listed = await home.run('environments', '--url', url, '--token', token);
    expect(listed.stdout).toBe('offline  desk  device-1\noffline  attic\\u200b  device-2\n');
    expect((await home.json('environments', '--url', url, '--token', token)).connections).toHaveLength(2);
    expect((await home.run('environments', '--online', '--url', url, '--token', token)).stdout).toContain(
      'No machine',
    );
    const shown = await home.run('environments', 'show', 'desk', '--url', url, '--token', token);
    expect(shown.stdout).toMatch(/^deviceId +device-1$/m);
    expect(shown.stdout).toMatch(/^os +linux$/m);
  });

  it.each([
    ['a token that does not count', ['--token', 'nonsense'], 1, 'Give a client token'],
    ['no token', [], 1, 'Give a client token'],
    ['an app-server', ['--url', 'ws://127.0.0.1:1', '--token', 'x'], 2, 'Only a broker has environments'],
    ['nobody there', ['--url', 'http://127.0.0.1:1', '--token', 'x'], 1, 'Is farhand serve running there?'],
  ])('says what to do about %s', async (_name, flags, expected, why) => {
    const { home, url } = await broker();
    const { code, stderr } = await home.run(
      'environments',
      ...(flags.includes('--url') ? [] : ['--url', url]),
      ...flags,
    );
    expect([code, stderr]).toEqual([expected, expect.stringContaining(why)]);
  });

  it('asks which of several of one name is meant', async () => {
    const { home, url, token, register } = await broker();
    await register('device-3', 'desk');
    const flags = ['--url', url, '--token', token];
    const { code, stderr } = await home.run('environments', 'show', 'desk', ...flags);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(': desk (device-1), desk (device-3). Choose'),
    ]);
    expect((await home.json('environments', 'show', 'device-3', ...flags)).deviceId).toBe('device-3');
  });

  it('says that there is no such machine', async () => {
    const { home, url, token } = await broker();
    const { code, stderr } = await home.run('environments', 'show', 'cellar', '--url', url, '--token', token);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('There is no environment "cellar". Those there are: desk, attic'),
    ]);
  });
});
