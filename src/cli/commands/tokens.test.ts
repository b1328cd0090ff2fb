import { describe, expect, it } from 'vitest';
import { aHome } from './test-home.ts';

describe('farhand tokens', () => {
  it('makes a token, shows it once, lists what it is good for, and revokes it', async () => {
    const home = aHome();
    expect((await home.run('tokens')).stdout).toContain('There is no token yet');
    const made = await home.json(
      ...['tokens', 'create', '--kind', 'client', '--name', 'phone', '--privileges', 'observe,send'],
      ...['--device', 'd-1,d-2', '--agent', 'agent-1', '--expires', '30d'],
    );
    expect(made).toMatchObject({
      token: expect.stringMatching(/^fh_client_/),
      kind: 'client',
      name: 'phone',
      privileges: ['observe', 'send'],
      devices: ['d-1', 'd-2'],
      agents: ['agent-1'],
      revokedAt: null,
    });
    expect(made.expiresAt - made.createdAt).toBe(30 * 24 * 3_600_000);
    const listed = await home.run('tokens', 'list');
    expect(listed.stdout).toMatch(
      /phone {2}observe,send, devices d-1,d-2, agents agent-1, since [-\d]+ {2}until [-\d]+\n/,
    );
    expect(listed.stdout).not.toContain(made.token);
    expect((await home.run('tokens', 'revoke', made.id)).stdout).toContain(`Revoked ${made.id}`);
    expect((await home.run('tokens')).stdout).toContain('revoked');
    expect((await home.run('tokens', 'revoke', 'token-none')).code).toBe(1);
  });

  it('prints a token alone, so that a script can take it', async () => {
    const { stdout, stderr } = await aHome().run('tokens', 'create', '--kind', 'device', '--name', 'attic');
    expect(stdout).toMatch(/^fh_device_\S+\n$/);
    expect(stderr).toContain('shown this once');
  });

  it('gives a client everything but to register devices', async () => {
    const { privileges } = await aHome().json('tokens', 'create', '--kind', 'client', '--name', 'me');
    expect(privileges).toContain('admin');
    expect(privileges).not.toContain('device.register');
  });

  it.each([
    [['--kind', 'robot', '--name', 'x'], '--kind cannot be "robot"'],
    [['--kind', 'client', '--name', ' '], '--name must have'],
    [['--kind', 'client', '--name', 'x', '--privileges', 'observe,fly'], 'There is no privilege "fly"'],
    [
      ['--kind', 'client', '--name', 'x', '--privileges', 'device.register'],
      'There is no privilege "device.register"',
    ],
    [['--kind', 'client', '--name', 'x', '--expires', 'soon'], '--expires cannot be "soon"'],
    [['--kind', 'device', '--name', 'x', '--agent', 'a'], 'neither privileges nor agents'],
    [['--kind', 'device', '--name', 'x', '--device', 'a,b'], 'registers one device'],
  ])('refuses %j', async (flags, why) => {
    const { code, stderr } = await aHome().run('tokens', 'create', ...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
  });
});
