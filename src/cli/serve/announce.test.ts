import { describe, expect, it } from 'vitest';
import { testIo } from '../test-io.ts';
import { announce } from './announce.ts';
import { namesOf } from './listen.ts';

function told(env: Record<string, string>, farUrl: string): string {
  const io = testIo({ env });
  const token = (kind: string) => ({ path: `/home/you/.farhand/${kind}-token`, token: kind, isFresh: true });
  const tokens = { client: token('client'), device: token('device') };
  const near = 'http://127.0.0.1:8283';
  announce(
    { url: near, nearUrl: near, farUrl, home: '/home/you', tokens, agentId: null },
    { name: 'desk' },
    io,
  );
  return io.stdout();
}

describe('what serve says first', () => {
  it('is how others reach it', () => {
    const said = told({}, 'http://192.0.2.7:8283');
    expect(said).toContain('listens at http://127.0.0.1:8283 ');
    expect(said).toContain('\n  farhand chat --url http://192.0.2.7:8283 --token client\n');
    expect(said).toContain('\n  farhand remote --url http://192.0.2.7:8283 --token device\n');
  });

  it.each([{ npm_lifecycle_event: 'start' }, { npm_execpath: '/usr/lib/npm-cli.js' }])(
    'is called as whoever started it by npm can call it',
    (env) => {
      const said = told(env, 'http://127.0.0.1:8283');
      expect(said).toContain('\n  npx farhand chat --url');
      expect(said).toContain('\n  npx farhand remote --url');
      expect(said).toContain('\nnpx farhand tokens lists');
    },
  );
});

describe('an address to listen at', () => {
  const address = (of: string, family: 'IPv4' | 'IPv6', internal: boolean) =>
    ({ address: of, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }) as const;
  const lo = [address('127.0.0.1', 'IPv4', true), address('::1', 'IPv6', true)];
  const eth0 = [address('fe80::1', 'IPv6', false), address('192.0.2.7', 'IPv4', false)];

  it.each([
    ['127.0.0.1', { lo, eth0 }, '127.0.0.1', '127.0.0.1'],
    ['192.0.2.9', { lo, eth0 }, '192.0.2.9', '192.0.2.9'],
    ['0.0.0.0', { lo, eth0 }, '127.0.0.1', '192.0.2.7'],
    ['::', { lo, eth0 }, '::1', '192.0.2.7'],
    ['0.0.0.0', { lo }, '127.0.0.1', '127.0.0.1'],
  ])('%s is called by what can be dialled', (host, interfaces, near, far) => {
    expect(namesOf(host, interfaces)).toEqual({ near, far });
  });
});
