import { describe, expect, it } from 'vitest';
import { memoryPair } from '../../link/memory.ts';
import { record } from '../../link/recorder.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import { limits } from '../../protocol/limits.ts';
import { liveSockets } from '../access/sockets.ts';
import { atPort, bearer, connected, testGround } from '../test-ground.ts';

const status = '/v1/environments/device-1/status/ws';
const deviceDoor = (connectionId: string) => `/v1/environments/${connectionId}/device/ws`;

async function aDevice(metadata: Readonly<Record<string, unknown>> = { farhand: { v: 1 } }) {
  const ground = testGround();
  const device = ground.make('device').token;
  const { connectionId } = (await ground.register(device, { metadata })).json;
  return { ...ground, device, connectionId, ...(await atPort(ground)) };
}

describe('the door of devices', () => {
  it.each([
    [{ farhand: { v: 1 }, lettaCodeVersion: '0.2.0' }, 'farhand'],
    [{ farhand: { v: 2 }, lettaCodeVersion: '0.32.18' }, 'stock'],
    [{ lettaCodeVersion: '0.25.9' }, 'stock-0.25'],
    [{ lettaCodeVersion: '0.30.0' }, 'stock'],
    [{ lettaCodeVersion: '1.0.0' }, 'stock'],
    [{}, 'stock'],
  ])('takes a device that says %j for one that speaks %s', async (metadata, speaks) => {
    const { open, device, connectionId, stations } = await aDevice(metadata);
    const { pipe } = connected(await open(deviceDoor(connectionId), bearer(device)));
    expect(stations[0]?.links).toMatchObject([{ connectionId, connectionName: 'desk', speaks }]);
    pipe.close();
  });

  it('[REG-3] closes a lease that nobody knows, or that is of another token, so that the device registers again', async () => {
    const { open, device, make, connectionId, log } = await aDevice();
    for (const [path, token] of [
      [deviceDoor('conn-unknown'), device],
      [deviceDoor(connectionId), make('device').token],
    ] as const)
      expect((await connected(await open(path, bearer(token))).heard.closed).code).toBe(1008);
    expect(log.flatMap(({ event, why }) => (event === 'refused' ? why : []))).toEqual(['lease', 'lease']);
  });

  it('[SEC-8] closes the lease of a token that has lost its device, whoever shows it', async () => {
    const { open, device, make, connectionId, register } = await aDevice();
    const heir = make('device', { devices: ['device-1'] }).token;
    await register(heir);
    for (const token of [device, heir])
      expect((await connected(await open(deviceDoor(connectionId), bearer(token))).heard.closed).code).toBe(
        1008,
      );
  });

  it('[REG-7] goes by the new link when there are two', async () => {
    const { open, device, connectionId, stations, stores, log, clock } = await aDevice();
    const first = connected(await open(deviceDoor(connectionId), bearer(device)));
    expect(stores.registry.find('device-1')?.connectionId).toBe(connectionId);
    expect(stores.registry.find('device-1')?.lastHeartbeat).toBe(clock.now());
    const second = connected(await open(deviceDoor(connectionId), bearer(device)));
    stations[0]?.links[0]?.pipe.close(1012);
    await first.heard.closed;
    expect(stores.registry.find('device-1')?.connectionId).toBe(connectionId);
    stations[0]?.links[1]?.pipe.close(1012);
    await second.heard.closed;
    await untilTold(log, 2);
    expect(stores.registry.find('device-1')?.connectionId).toBeNull();
    expect(log.flatMap(({ event, replaced }) => (event === 'device_offline' ? replaced : []))).toEqual([
      true,
      false,
    ]);
  });
});

describe('the door of clients', () => {
  it.each([
    ['', 'all'],
    ['?agentId=a&conversationId=c&channel=stream', { agentId: 'a', conversationId: 'c' }],
    ['?agentId=a', { agentId: 'a' }],
    ['?farhand=1', 'followed'],
  ])('takes from the address %j what the client hears, and no token', async (query, hears) => {
    const { open, make, stations } = await aDevice();
    const { token, record: kept } = make('client', { agents: ['a'], privileges: ['observe'], name: 'phone' });
    connected(await open(`${status}${query}${query === '' ? '?' : '&'}token=${token}`));
    const client = stations[0]?.clients[0]?.client;
    expect(client).toMatchObject({
      hears,
      reach: { agents: ['a'] },
      principal: { principal: `${kept.id}/phone`, privileges: ['observe'], origin: 'broker' },
    });
    expect([...(client?.query ?? [])].map(([name]) => name)).not.toContain('token');
  });

  it('[REG-6] leads to one station, by whichever id, and before the device was ever there', async () => {
    const { open, make, connectionId, stores, stations } = await aDevice();
    const headers = bearer(make('client').token);
    for (const selector of [connectionId, 'device-1', stores.registry.find('device-1')?.id])
      connected(await open(`/v1/environments/${selector}/status/ws`, headers));
    expect(stations).toHaveLength(1);
    expect(stations[0]?.clients).toHaveLength(3);
  });

  it('[LINK-5] is closed with 1012 when the broker restarts, and opens no more', async () => {
    const { open, make, broker, device, connectionId, log } = await aDevice();
    const headers = bearer(make('client').token);
    const client = connected(await open(status, headers));
    const link = connected(await open(deviceDoor(connectionId), bearer(device)));
    const closed = broker.close();
    expect((await client.heard.closed).code).toBe(1012);
    expect((await link.heard.closed).code).toBe(1012);
    await closed;
    expect((await open(status, headers)).status).toBe(503);
    expect(log.map(({ event }) => event)).toContain('draining');
  });

  it('survives a station that fails', async () => {
    const { open, make, stores, log } = await aDevice();
    stores.registry.find = () => {
      throw new Error('the disk is gone');
    };
    expect((await open(status, bearer(make('client').token))).status).toBe(500);
    expect(log.at(-1)).toMatchObject({ event: 'trouble', why: 'the disk is gone' });
  });
});

describe('[LINK-3] a fault of the broker that a peer has found', () => {
  it('ends the socket of that peer, is logged, and costs nobody else anything', async () => {
    const ground = testGround({}, (_pipe, text) => {
      if (text.includes('poison')) throw new TypeError('Cannot convert object to primitive value');
    });
    const { make, log } = ground;
    await ground.register(make('device').token);
    const { open } = await atPort(ground);
    const [one, other] = [
      await open(status, bearer(make('client').token)),
      await open(status, bearer(make('client').token)),
    ];
    connected(one).pipe.send('{"type":"poison"}');
    expect((await connected(one).heard.closed).code).toBe(1011);
    expect(log.filter(({ event }) => event === 'trouble')).toMatchObject([
      { why: expect.stringMatching('primitive') },
    ]);
    expect(connected(other).pipe.open).toBe(true);
  });
});

describe('the sockets of one token', () => {
  it('[LINK-3] are as many as the table of limits says', async () => {
    const ground = testGround();
    const { record: token } = ground.make('client');
    const sockets = liveSockets({ tokens: ground.tokens, clock: virtualClock(), log: () => undefined });
    const enter = (who = token) =>
      new Promise<void>((ended) => opened.push(sockets.enter(who, memoryPair()[0], () => ended())));
    const opened: ReturnType<typeof sockets.enter>[] = [];
    const ends = Array.from({ length: limits.socketsPerToken }, () => enter());
    expect(opened.every((pipe) => pipe !== null)).toBe(true);
    void enter();
    expect(opened.at(-1)).toBeNull();
    void enter(ground.make('client').record);
    expect(opened.at(-1)).not.toBeNull();
    // Nobody listens to it, and its end is seen all the same.
    opened[0]?.close();
    await ends[0];
    void enter();
    expect(opened.at(-1)).not.toBeNull();
  });
});

describe('the runtime inside', () => {
  it('comes in by the code of every other', async () => {
    const { broker, stations, stores } = testGround();
    const registration = {
      deviceId: 'device-1',
      listenerInstanceId: null,
      connectionName: 'here',
      metadata: { farhand: { v: 1 } },
    };
    const lease = broker.enrol(registration);
    if ('code' in lease) throw new Error(lease.message);
    const [near, far] = memoryPair();
    broker.attach(lease, far);
    expect(stations[0]?.links).toMatchObject([{ connectionId: lease.connectionId, speaks: 'farhand' }]);
    expect(stores.registry.find('device-1')?.connectionId).toBe(lease.connectionId);
    const heard = record(near);
    void broker.close();
    expect((await heard.closed).code).toBe(1012);
  });
});

/** The end of a socket is told to the server a moment after the client. */
async function untilTold(log: readonly { readonly event: string }[], times: number): Promise<void> {
  while (log.filter(({ event }) => event === 'device_offline').length < times)
    await new Promise((resolve) => setImmediate(resolve));
}
