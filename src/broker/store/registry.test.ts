import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../protocol/limits.ts';
import type { Registrar, Registration, Registry } from './registry.ts';
import type { BrokerStore } from './store.ts';
import { TestHome } from './test-home.ts';

let home: TestHome;
let store: BrokerStore;
let registry: Registry;
beforeEach(() => {
  home = new TestHome();
  store = home.open();
  registry = store.registry;
});
afterEach(() => home.leave());

function died(): Registry {
  home.crash();
  return home.open().registry;
}

const laptop: Registration = {
  deviceId: 'device-1',
  listenerInstanceId: 'server-1',
  connectionName: 'Laptop',
  metadata: { os: 'linux', farhand: { v: 1 } },
};
const token = (id: string, devices: readonly string[] | null = null): Registrar => ({ id, devices });

function lease(registration = laptop, by: Registrar = token('t-1'), now = 1_000) {
  const given = registry.register(registration, by, now);
  if ('code' in given) throw new Error(given.message);
  return given;
}

describe('a registration', () => {
  it('[REG-6] gives a lease that leads to one environment, by each of its names', () => {
    const first = lease();
    const second = lease(laptop, token('t-1'), 2_000);
    expect(first.connectionId).toMatch(/^conn-[0-9a-f-]{36}$/);
    expect(second.connectionId).not.toBe(first.connectionId);
    expect(second.environmentId).toBe(first.environmentId);
    for (const known of [registry, died()]) {
      for (const name of [first.connectionId, second.connectionId, first.environmentId, 'device-1']) {
        expect(known.find(name)?.id).toBe(first.environmentId);
      }
      expect(known.find('device-2')).toBeNull();
      expect(known.lease(first.connectionId)).toEqual({ ...first, token: 't-1' });
      expect(known.lease('conn-none')).toBeNull();
    }
  });

  it('[REG-5] is of one installation; another one on the same device has an environment of its own', () => {
    const one = lease();
    const other = lease({ ...laptop, listenerInstanceId: null });
    const renamed = lease({ ...laptop, connectionName: 'Work laptop', metadata: { os: 'darwin' } });
    expect(other.environmentId).not.toBe(one.environmentId);
    expect(renamed.environmentId).toBe(one.environmentId);
    for (const known of [registry, died()]) {
      expect(known.find(one.environmentId)).toEqual({
        ...laptop,
        id: one.environmentId,
        connectionName: 'Work laptop',
        metadata: { os: 'darwin' },
        connectionId: null,
        connectedAt: null,
        lastHeartbeat: null,
        lastSeenAt: 1_000,
        firstSeenAt: 1_000,
        currentMode: null,
        workingDirectory: null,
        gitBranch: null,
        boundTo: 't-1',
      });
      expect(known.find(other.environmentId)?.listenerInstanceId).toBeNull();
    }
  });

  it('[REG-6] lets no device take the name of another environment or lease', () => {
    const { environmentId, connectionId } = lease();
    for (const deviceId of [environmentId, connectionId]) lease({ ...laptop, deviceId }, token('t-2'));
    expect(registry.find(environmentId)?.deviceId).toBe('device-1');
    expect(registry.find(connectionId)?.deviceId).toBe('device-1');
  });

  it('[REG-6] keeps a bounded number of leases of one environment', () => {
    const first = lease();
    for (let n = 0; n < 999; n++) lease();
    expect(registry.lease(first.connectionId)).not.toBeNull();
    const last = lease();
    expect(registry.lease(first.connectionId)).toBeNull();
    expect(registry.lease(last.connectionId)).not.toBeNull();
  });
});

describe('[SEC-8] a device id', () => {
  type Case = readonly [what: string, first: Registrar, then: Registrar, boundTo: string | null | 'refused'];
  const cases: readonly Case[] = [
    ['the token that was first', token('t-1'), token('t-1'), 't-1'],
    ['another token', token('t-1'), token('t-2'), 'refused'],
    ['another token that names other devices', token('t-1'), token('t-2', ['device-2']), 'refused'],
    ['another token that names it', token('t-1'), token('t-2', ['device-1']), 't-2'],
    ['the runtime in the broker', token('t-1'), null, 't-1'],
    ['any token, when it is that of the runtime in the broker', null, token('t-1'), 'refused'],
    [
      'a token that names it, when it is that of the runtime in the broker',
      null,
      token('t-1', ['device-1']),
      't-1',
    ],
  ];
  it.each(cases)('and %s', (_what, first, then, boundTo) => {
    const { environmentId } = lease(laptop, first);
    const second = lease.bind(null, { ...laptop, listenerInstanceId: null }, then);
    if (boundTo === 'refused') {
      expect(registry.register(laptop, then, 2_000)).toEqual({
        code: 'forbidden',
        message: expect.stringContaining('farhand tokens create --kind device --device device-1'),
      });
      expect(second).toThrow('belongs to another token');
    } else {
      const other = second();
      for (const known of [registry, died()]) {
        expect(known.find(environmentId)?.boundTo).toBe(boundTo);
        expect(known.find(other.environmentId)?.boundTo).toBe(boundTo);
        expect(known.lease(other.connectionId)?.token).toBe(then?.id ?? null);
      }
    }
    expect(registry.list({}).environments).toHaveLength(boundTo === 'refused' ? 1 : 2);
  });

  it('is given back to no one who lost it', () => {
    lease();
    lease(laptop, token('t-2', ['device-1']));
    expect(registry.register(laptop, token('t-1'), 3_000)).toMatchObject({ code: 'forbidden' });
  });
});

it('[LINK-3] a token registers so many devices and no more; those it has go on, and so do the tokens of others', () => {
  const device = (n: number) => ({ ...laptop, deviceId: `device-${n}` });
  for (let n = 1; n <= limits.devicesPerToken; n++) lease(device(n));
  const more = registry.register({ ...laptop, listenerInstanceId: 'another' }, token('t-1'), 1_000);
  expect(more).toMatchObject({ code: 'quota', message: expect.stringContaining('farhand tokens create') });
  lease(device(1));
  lease(device(0), token('t-2'));
  expect(registry.list({ deviceId: 'device-1' }).environments).toHaveLength(1);
});

describe('an environment', () => {
  it('[REG-7] is online by its last link until that one ends', () => {
    const [one, two] = [lease(), lease()];
    const now = () => registry.find('device-1');
    expect(now()?.connectionId).toBeNull();
    registry.connected(one.connectionId, 2_000);
    expect(now()).toMatchObject({ connectionId: one.connectionId, connectedAt: 2_000, lastSeenAt: 2_000 });
    registry.connected(two.connectionId, 3_000);
    registry.disconnected(one.connectionId, 4_000);
    expect(now()).toMatchObject({ connectionId: two.connectionId, connectedAt: 3_000, lastSeenAt: 3_000 });
    registry.disconnected(two.connectionId, 5_000);
    expect(now()).toMatchObject({ connectionId: null, connectedAt: null, lastSeenAt: 5_000 });
    registry.connected('conn-none', 6_000);
    registry.disconnected('conn-none', 6_000);
    expect(now()?.lastSeenAt).toBe(5_000);
  });

  it('[REG-6] is offline after a restart until its link is up, and keeps what was seen of it', async () => {
    const { connectionId, environmentId } = lease();
    registry.connected(connectionId, 2_000);
    registry.heartbeat(environmentId, 3_000);
    registry.observe(environmentId, { currentMode: 'strict', workingDirectory: '/w', gitBranch: 'main' });
    registry.observe(environmentId, { gitBranch: null, defaultAgentId: 'agent-1' });
    registry.heartbeat('env-none', 9_000);
    registry.observe('env-none', { currentMode: 'strict' });
    const seen = {
      lastHeartbeat: 3_000,
      lastSeenAt: 3_000,
      currentMode: 'strict',
      workingDirectory: '/w',
      gitBranch: null,
      metadata: { ...laptop.metadata, defaultAgentId: 'agent-1' },
    };
    expect(registry.find('device-1')).toMatchObject({ ...seen, connectionId, connectedAt: 2_000 });
    await home.clock.advance(50);
    const known = died();
    expect(known.find('device-1')).toMatchObject({ ...seen, connectionId: null, connectedAt: null });
    known.connected(connectionId, 8_000);
    expect(known.find('device-1')).toMatchObject({ ...seen, connectionId, lastSeenAt: 8_000 });
  });

  it('is found by its device id: the one online, else the one that was seen last', () => {
    const one = lease();
    const two = lease({ ...laptop, listenerInstanceId: 'server-2' }, token('t-1'), 2_000);
    expect(registry.find('device-1')?.id).toBe(two.environmentId);
    registry.connected(one.connectionId, 1_500);
    expect(registry.find('device-1')?.id).toBe(one.environmentId);
  });
});

describe('the list of environments', () => {
  it('goes in pages in the order of first registration, whatever happens in between', () => {
    const ids = Array.from(
      { length: 7 },
      (_, n) => lease({ ...laptop, deviceId: `device-${9 - n}` }).environmentId,
    );
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = registry.list({ limit: 3, ...(after !== undefined && { after }) });
      seen.push(...page.environments.map(({ id }) => id));
      lease({ ...laptop, deviceId: 'device-8' }, token('t-1'), 9_000);
      expect(page.hasNextPage).toBe(seen.length < 7);
      if (!page.hasNextPage) break;
    }
    expect(seen).toEqual(ids);
    expect(
      died()
        .list({})
        .environments.map(({ id }) => id),
    ).toEqual(ids);
    expect(registry.list({ after: 'env-none' })).toEqual({ environments: [], hasNextPage: false });
  });

  it('can be of those online or of one device, and has a hundred at most where nobody says more', () => {
    for (let n = 0; n < 101; n++) lease({ ...laptop, deviceId: `device-${n}` });
    const { connectionId } = lease({ ...laptop, deviceId: 'device-50', listenerInstanceId: 'second' });
    registry.connected(connectionId, 2_000);
    const ids = (listing: Parameters<Registry['list']>[0]) =>
      registry
        .list(listing)
        .environments.map(({ deviceId, listenerInstanceId }) => `${deviceId} ${listenerInstanceId}`);
    expect(ids({ onlineOnly: true })).toEqual(['device-50 second']);
    expect(ids({ deviceId: 'device-50' })).toEqual(['device-50 server-1', 'device-50 second']);
    expect(ids({ deviceId: 'device-50', onlineOnly: true, limit: 1 })).toEqual(['device-50 second']);
    expect(ids({ deviceId: 'device-none' })).toEqual([]);
    expect(registry.list({})).toMatchObject({ environments: { length: 100 }, hasNextPage: true });
    expect(registry.list({ limit: 5_000 })).toMatchObject({
      environments: { length: 102 },
      hasNextPage: false,
    });
  });
});
