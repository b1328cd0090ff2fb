import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aHome } from './test-home.ts';

type Home = ReturnType<typeof aHome>;
type First = Readonly<Record<'event' | 'url' | 'token' | 'deviceToken' | 'home' | 'agentId', string>>;

/** A broker on a free port, stopped when the test is over. */
async function serve(home: Home, ...flags: string[]) {
  const { io, code } = home.start(['serve', '--port', '0', '--json', ...flags]);
  onTestFinished(async () => {
    io.interrupt('SIGTERM');
    await code;
  });
  await io.until('"event":"listening"');
  const first = JSON.parse(io.stdout().split('\n')[0] ?? '') as First;
  const get = async (path: string) => {
    const response = await fetch(`${first.url}${path}`, {
      headers: { authorization: `Bearer ${first.token}` },
    });
    return { status: response.status, json: (await response.json()) as Record<string, never> };
  };
  return { io, code, first, get };
}

describe('farhand serve', () => {
  it('says first what it listens at, and has the agents of this machine in it', async () => {
    const home = aHome();
    const { first, get, io, code } = await serve(home, '--name', 'this desk');
    expect(Object.keys(first)).toEqual(['event', 'url', 'token', 'deviceToken', 'home', 'agentId']);
    expect(first).toMatchObject({
      event: 'listening',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      home: join(home.folder, '.farhand'),
      agentId: expect.stringMatching(/^agent-/),
    });
    expect((await get('/v1/environments?onlineOnly=true')).json).toMatchObject({
      connections: [
        {
          connectionName: 'this desk',
          currentMode: 'standard',
          lastHeartbeat: expect.any(Number),
          metadata: { workingDirectory: home.folder, defaultAgentId: first.agentId },
        },
      ],
      hasNextPage: false,
    });
    io.interrupt();
    expect(await code).toBe(130);
    for (const line of io.stderr().trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
    expect(io.stderr()).not.toContain(first.token);
    await expect(fetch(first.url)).rejects.toThrow();
  });

  it('takes a message at once, whoever the home belongs to', async () => {
    const home = aHome();
    const { first } = await serve(home);
    const [environment] = (await home.json('environments', '--url', first.url, '--token', first.token))
      .connections;
    const response = await fetch(`${first.url}/v1/environments/${environment.id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first.token}` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hello from afar' }] }),
    });
    expect(await response.json()).toMatchObject({
      success: true,
      state: expect.stringMatching(/started|done/),
    });
    const shown = await home.run('conversations', 'show');
    expect(shown.stdout).toContain('hello from afar');
  });

  it('[SEC-9] shows its tokens once, keeps them for this user alone, and takes them again', async () => {
    const home = aHome();
    const first = home.start(['serve', '--port', '0', '--no-runtime']);
    await first.io.until('Ctrl-C stops');
    first.io.interrupt('SIGTERM');
    expect(await first.code).toBe(0);
    const keep = (kind: string) => join(home.folder, '.farhand', `${kind}-token`);
    for (const kind of ['client', 'device']) {
      expect(statSync(keep(kind)).mode & 0o777).toBe(0o600);
      expect(first.io.stdout()).toContain(`--token ${readFileSync(keep(kind), 'utf8').trim()}\n`);
    }
    const second = home.start(['serve', '--port', '0', '--no-runtime']);
    await second.io.until('Ctrl-C stops');
    second.io.interrupt('SIGTERM');
    expect(await second.code).toBe(0);
    expect(second.io.stdout()).not.toContain('fh_');
    expect(second.io.stdout()).toContain(`--token "$(cat ${keep('client')})"`);
    const third = await serve(home, '--no-runtime');
    expect(third.first).toMatchObject({ token: readFileSync(keep('client'), 'utf8').trim(), agentId: null });
    expect((await third.get('/v1/environments')).json).toEqual({ connections: [], hasNextPage: false });
  });

  it('[SEC-9] does not bring back a token that was revoked', async () => {
    const home = aHome();
    const one = await serve(home, '--no-runtime');
    const { tokens } = await home.json('tokens');
    const client = tokens.find(({ kind }: { kind: string }) => kind === 'client');
    await home.run('tokens', 'revoke', client.id);
    expect((await one.get('/v1/environments')).status).toBe(401);
    one.io.interrupt();
    await one.code;
    expect((await serve(home, '--no-runtime')).first.token).toBeNull();
  });

  it('runs once per home', async () => {
    const home = aHome();
    await serve(home, '--no-runtime');
    const again = await home.run('serve', '--port', '0');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('Another farhand serve runs with the home'),
    ]);
  });

  it('says what to do about a port that is taken, and has made no tokens', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const home = aHome();
    const { code, stderr } = await home.run('serve', '--port', String(port));
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1 is taken`);
    expect((await home.json('tokens')).tokens).toEqual([]);
  });

  it.each([
    [['--port', 'web'], 2, '--port must be a number'],
    [['--port', '70000'], 2, '--port must be a number'],
    [['--host', 'a b'], 2, '--host must be an address'],
    [['--public-url', 'agents.example'], 2, '--public-url "agents.example" cannot be used'],
    [['--allow-host', 'https://x'], 2, 'Write it without a scheme'],
    [
      ['--allow-origin', 'a.example', '--allow-origin', 'https://b.example'],
      2,
      '--allow-origin "a.example" is none',
    ],
    [['--tls-cert', 'cert.pem'], 2, 'belong together'],
    [['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'], 1, 'cannot be read'],
  ])('does not begin with %j', async (flags, expected, why) => {
    const { code, stderr } = await aHome().run('serve', '--port', '0', ...flags);
    expect([code, stderr]).toEqual([expected, expect.stringContaining(why)]);
  });

  it('[SEC-1] warns where the network would read along, and asks for a token there too', async () => {
    const { io, first } = await serve(aHome(), '--host', '0.0.0.0', '--no-runtime');
    expect(io.stderr()).toContain('listens on the network without TLS');
    expect((await fetch(`${first.url}/v1/environments`)).status).toBe(401);
  });
});
