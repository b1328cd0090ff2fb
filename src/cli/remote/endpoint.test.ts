import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { failure } from '../../protocol/errors.ts';
import { readEndpoint } from './endpoint.ts';
import { readIdentity } from './identity.ts';
import { brokerLease, directLease } from './lease.ts';

const known = { hostname: 'desk' };
const read = (flags: Parameters<typeof readEndpoint>[0], env: Record<string, string> = {}, more = {}) =>
  readEndpoint(flags, env, { ...known, ...more });

describe('readEndpoint', () => {
  it('goes to port 8283 of this machine when nobody says otherwise', () => {
    expect(read({})).toEqual({
      base: 'http://127.0.0.1:8283',
      token: null,
      name: 'desk',
      direct: false,
      insecure: false,
    });
  });

  it('takes a flag over a variable of ours, and that over one of the stock program', () => {
    const env = {
      FARHAND_URL: 'https://ours.example',
      LETTA_BASE_URL: 'https://stock.example',
      FARHAND_TOKEN: 'ours',
      LETTA_API_KEY: 'stock',
    };
    expect(read({}, { ...env, FARHAND_URL: '', FARHAND_TOKEN: '' })).toMatchObject({
      base: 'https://stock.example',
      token: 'stock',
    });
    expect(read({}, env)).toMatchObject({ base: 'https://ours.example', token: 'ours' });
    expect(read({ url: 'https://flag.example', token: ' flag\n' }, env)).toMatchObject({
      base: 'https://flag.example',
      token: 'flag',
    });
  });

  it('prefers a given name to a saved one, and that to the name of the machine', () => {
    const saved = { name: 'saved', token: () => 'kept' };
    expect(read({}, {}, saved)).toMatchObject({ name: 'saved', token: 'kept' });
    expect(read({ envName: 'local-dev' }, {}, saved)).toMatchObject({ name: 'local-dev' });
    expect(read({ computerName: 'new-spelling' }, {}, saved)).toMatchObject({ name: 'new-spelling' });
  });

  it('[SEC-9] takes the token that was saved for the URL over a client token', () => {
    const saved = { token: (base: string) => (base === 'https://b.example' ? 'kept' : null) };
    const env = { FARHAND_TOKEN: 'fh_client_1', FARHAND_URL: 'https://b.example' };
    expect(read({}, env, saved)).toMatchObject({ token: 'kept' });
    expect(read({}, { ...env, LETTA_API_KEY: 'fh_device_2' }, saved)).toMatchObject({ token: 'fh_device_2' });
    expect(read({}, { ...env, FARHAND_URL: 'https://c.example' }, saved)).toMatchObject({
      token: 'fh_client_1',
    });
    expect(read({ token: 'fh_client_3' }, env, saved)).toMatchObject({ token: 'fh_client_3' });
    const broken = failure('store_failed', 'unreadable');
    expect(read({}, env, { token: () => broken })).toEqual(broken);
  });

  it.each([
    ['http://localhost:8284/', 'http://localhost:8284'],
    ['http://localhost:8284//', 'http://localhost:8284'],
    ['ws://localhost:8284', 'http://localhost:8284'],
    ['wss://example.org/remote/', 'https://example.org/remote'],
    ['HTTPS://Example.ORG', 'https://example.org'],
  ])('reads %s as %s', (url, base) => expect(read({ url })).toMatchObject({ base }));

  it.each([
    'example.org',
    'ftp://example.org',
    'http://me:pw@example.org',
    'http://example.org/?a=b',
    'http://',
  ])('refuses %s with an example of what is right', (url) =>
    expect(read({ url })).toMatchObject({
      code: 'input_invalid',
      message: expect.stringContaining('Write it like http://127.0.0.1:8283.'),
    }),
  );

  it.each(['two words', 'ключ'])('refuses a token that no header can carry', (token) =>
    expect(read({ token })).toMatchObject({ code: 'input_invalid' }),
  );

  it.each(['a\nb', 'x'.repeat(257)])('refuses a name that cannot be shown', (envName) =>
    expect(read({ envName })).toMatchObject({ code: 'input_invalid' }),
  );

  it('[SEC-5] sends a token over plain http only to this machine, or with leave', () => {
    const url = 'http://192.168.1.5:8283';
    const refused = read({ url, token: 't' });
    expect(refused).toMatchObject({ code: 'forbidden', message: expect.stringContaining('--insecure') });
    expect(JSON.stringify(refused)).not.toContain('"t"');
    expect(read({ url, token: 't', insecure: true })).toMatchObject({ token: 't' });
    expect(read({ url })).toMatchObject({ token: null });
    for (const own of ['localhost', '127.0.0.2', '[::1]', 'x.localhost']) {
      expect(read({ url: `http://${own}:1`, token: 't' })).toMatchObject({ token: 't' });
    }
    for (const other of ['localhost.example.org', '127.0.0.1.example.org', '128.0.0.1', '[::2]']) {
      expect(read({ url: `http://${other}:1`, token: 't' })).toMatchObject({ code: 'forbidden' });
    }
  });
});

describe('[REG-5] readIdentity', () => {
  const hash = createHash('sha256').update('home-1').digest('hex');

  it('derives the instance from the home, whatever the name', () => {
    const derived = { deviceId: 'home-1', listenerInstanceId: `server-${hash.slice(0, 16)}` };
    expect(readIdentity({}, 'home-1')).toEqual(derived);
  });

  it('takes what the environment gives', () => {
    const env = { LETTA_LISTENER_DEVICE_ID: 'dev:1', LETTA_LISTENER_INSTANCE_ID: 'desktop-primary:2' };
    expect(readIdentity(env, 'home-1')).toEqual({
      deviceId: 'dev:1',
      listenerInstanceId: 'desktop-primary:2',
    });
    expect(readIdentity({ ...env, FARHAND_LISTENER_DEVICE_ID: 'ours' }, 'home-1')).toMatchObject({
      deviceId: 'ours',
    });
  });

  it.each([':x', 'a b', `a${'b'.repeat(128)}`])('refuses %s', (id) => {
    expect(readIdentity({ LETTA_LISTENER_DEVICE_ID: id }, 'h')).toMatchObject({ code: 'input_invalid' });
    expect(readIdentity({ LETTA_LISTENER_INSTANCE_ID: id }, 'h')).toMatchObject({ code: 'input_invalid' });
  });
});

describe('leases', () => {
  const identity = { deviceId: 'd 1', listenerInstanceId: 'i' };
  const endpoint = (base: string, more = {}) => ({
    base,
    token: 't',
    name: 'my desk',
    direct: false,
    insecure: false,
    ...more,
  });

  it('keep the query that the broker gave, and set ours', () => {
    const wsUrl = 'wss://other.example/ws?lease=4&deviceId=x';
    const given = { connectionId: 'c', wsUrl, farhand: false, sockets: 'pair' } as const;
    expect(brokerLease(endpoint('https://a.example'), identity, given)).toEqual({
      mode: 'broker',
      connectionId: 'c',
      url: 'wss://other.example/ws?lease=4&deviceId=d+1&connectionName=my+desk',
      farhand: false,
      sockets: 'pair',
    });
    const ours = { ...given, farhand: true };
    expect(brokerLease(endpoint('https://a.example'), identity, ours)).toMatchObject({ sockets: 'one' });
  });

  it('[SEC-5] lead the token nowhere unencrypted', () => {
    const given = { connectionId: 'c', wsUrl: 'ws://a.example/ws', farhand: true, sockets: 'one' } as const;
    const base = 'https://a.example';
    expect(brokerLease(endpoint(base), identity, given)).toMatchObject({ code: 'forbidden' });
    expect(brokerLease(endpoint(base, { insecure: true }), identity, given)).toMatchObject({
      mode: 'broker',
    });
    expect(directLease(endpoint('http://a.example', { direct: true }), identity)).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('--insecure'),
    });
  });

  it('[REG-4] are made without a broker only to this machine or encrypted, or with leave', () => {
    const direct = { mode: 'direct', connectionId: expect.stringMatching(/^direct-[0-9a-f-]{36}$/) };
    expect(directLease(endpoint('http://localhost:1'), identity)).toMatchObject(direct);
    expect(directLease(endpoint('https://a.example'), identity)).toMatchObject(direct);
    const open = { token: null };
    expect(directLease(endpoint('http://a.example', open), identity)).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('--direct'),
    });
    expect(directLease(endpoint('http://a.example', { ...open, direct: true }), identity)).toMatchObject(
      direct,
    );
  });
});
