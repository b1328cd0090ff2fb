import { describe, expect, it } from 'vitest';
import { bearer, testGround } from '../test-ground.ts';

const farhand = { farhand: { v: 1, features: [] }, lettaCodeVersion: '0.2.0' };
const environments = '/v1/environments';

describe('registering', () => {
  it('[REG-1] gives a lease and where to dial, and says that the extensions are known', async () => {
    const { register, make, log } = testGround();
    const { token, record } = make('device');
    const { status, json } = await register(token, { listenerInstanceId: 'server-1', metadata: farhand });
    expect(status).toBe(200);
    expect(json).toEqual({
      connectionId: expect.stringMatching(/^conn-/),
      wsUrl: `ws://127.0.0.1:8283/v1/environments/${json.connectionId}/device/ws`,
      farhand: { v: 1 },
      supportsPairedListenerGenerations: false,
    });
    expect(log).toEqual([
      {
        event: 'registered',
        device: 'device-1',
        name: 'desk',
        connection: json.connectionId,
        token: record.id,
      },
    ]);
  });

  it('offers a stock device no extensions, and two sockets only where it is told to', async () => {
    const one = testGround();
    const stock = { metadata: { lettaCodeVersion: '0.32.18' } };
    const answer = (await one.register(one.make('device').token, stock)).json;
    expect(Object.keys(answer)).toEqual(['connectionId', 'wsUrl', 'supportsPairedListenerGenerations']);
    const two = testGround({ splitChannels: true, publicUrl: 'https://agents.example/farhand' });
    const split = (await two.register(two.make('device').token, stock)).json;
    expect(split).toMatchObject({
      supportsSplitStatusChannels: true,
      supportsPairedListenerGenerations: false,
    });
    expect(split.wsUrl).toMatch(/^wss:\/\/agents\.example\/farhand\/v1\/environments\/conn-/);
  });

  it('answers a base URL with a slash at its end', async () => {
    const { ask, make } = testGround();
    const body = { deviceId: 'd', connectionName: 'n' };
    const answer = await ask('POST', '//v1/environments/register', bearer(make('device').token), body);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['no device id', { deviceId: undefined }, 'deviceId is missing'],
    ['an id with a slash', { deviceId: '../etc' }, 'deviceId must have 1 to 128'],
    ['an instance that is no text', { listenerInstanceId: 7 }, 'listenerInstanceId must be'],
    ['a name of nothing', { connectionName: ' ' }, 'connectionName must be a name'],
    ['a name that moves the cursor', { connectionName: 'a\u001b[2J' }, 'connectionName must be a name'],
    ['metadata that is a list', { metadata: [] }, 'metadata must be an object'],
  ])('refuses %s and says what is wrong', async (_name, more, why) => {
    const { register, make } = testGround();
    const { status, json } = await register(make('device').token, more);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: 'input_invalid', errorCode: 'input_invalid' });
    expect(json.message).toContain(why);
  });

  it('[LINK-3] reads no more of a body than it must, and only JSON', async () => {
    const { ask, make } = testGround();
    const headers = bearer(make('device').token);
    const post = (body: string) => ask('POST', '/v1/environments/register', headers, body);
    expect((await post('x'.repeat(300_000))).json.errorCode).toBe('frame_too_large');
    expect((await post('nonsense')).json.errorCode).toBe('frame_not_json');
    expect((await post('[]')).json.errorCode).toBe('frame_not_object');
    expect((await post(`{"metadata":${'['.repeat(70)}${']'.repeat(70)}}`)).json.errorCode).toBe(
      'frame_too_deep',
    );
  });

  it('[SEC-8] binds a device to its first token', async () => {
    const { register, make, log } = testGround();
    await register(make('device').token);
    const { status, json } = await register(make('device').token);
    expect([status, json.errorCode]).toEqual([403, 'forbidden']);
    const elsewhere = await register(make('device', { devices: ['device-2'] }).token);
    expect([elsewhere.status, elsewhere.json.errorCode]).toEqual([403, 'forbidden']);
    expect(log.flatMap(({ event, why }) => (event === 'refused' ? why : []))).toEqual([
      'bound device',
      'other device',
    ]);
    expect((await register(make('device', { devices: ['device-1'] }).token)).status).toBe(200);
  });
});

describe('environments', () => {
  async function two() {
    const ground = testGround();
    const { register, make, stores, clock } = ground;
    const { token } = make('device');
    const here = await register(token, { metadata: { ...farhand, defaultAgentId: 'agent-1' } });
    await register(token, { deviceId: 'device-2', connectionName: 'attic' });
    stores.registry.connected(here.json.connectionId, clock.now());
    const environment = stores.registry.find('device-1');
    stores.registry.observe(environment?.id ?? '', {
      currentMode: 'standard',
      workingDirectory: '/w',
      gitBranch: 'main',
    });
    return {
      ...ground,
      environment,
      connectionId: here.json.connectionId,
      headers: bearer(make('client').token),
    };
  }

  it('are listed with all that is known of them', async () => {
    const { ask, headers, clock, environment, connectionId } = await two();
    const { status, json } = await ask('GET', `${environments}?onlineOnly=true`, headers);
    expect(status).toBe(200);
    expect(json).toEqual({
      connections: [
        {
          id: environment?.id,
          connectionId,
          deviceId: 'device-1',
          connectionName: 'desk',
          organizationId: 'local',
          podId: null,
          connectedAt: clock.now(),
          lastHeartbeat: null,
          lastSeenAt: clock.now(),
          firstSeenAt: clock.now(),
          currentMode: 'standard',
          metadata: { ...farhand, defaultAgentId: 'agent-1', workingDirectory: '/w', gitBranch: 'main' },
        },
      ],
      hasNextPage: false,
    });
  });

  it('are shown as they registered until something is observed', async () => {
    const { ask, make, register, stores } = testGround();
    await register(make('device').token, { metadata: { currentMode: 'strict', workingDirectory: '/boot' } });
    const { json } = await ask('GET', `${environments}/device-1`, bearer(make('client').token));
    expect(json).toMatchObject({ currentMode: 'strict', metadata: { workingDirectory: '/boot' } });
    stores.registry.observe(json.id, { defaultAgentId: 'agent-2' });
    const later = await ask('GET', `${environments}/device-1`, bearer(make('client').token));
    expect(later.json.metadata).toEqual({ workingDirectory: '/boot', defaultAgentId: 'agent-2' });
  });

  it('come in pages, of one device where that is asked for', async () => {
    const { ask, headers } = await two();
    const get = async (query: string) => (await ask('GET', `${environments}${query}`, headers)).json;
    const first = await get('?limit=1');
    expect(first).toMatchObject({ connections: [{ deviceId: 'device-1' }], hasNextPage: true });
    const rest = await get(`?limit=1&after=${first.connections[0].id}`);
    expect(rest).toMatchObject({
      connections: [{ deviceId: 'device-2', connectionId: null }],
      hasNextPage: false,
    });
    expect((await get('?deviceId=device-2')).connections).toHaveLength(1);
    for (const query of ['?limit=0', '?limit=x', '?onlineOnly=maybe'])
      expect((await get(query)).errorCode, query).toBe('input_invalid');
  });

  it('[REG-6] are found by each of their ids', async () => {
    const { ask, headers, environment, connectionId } = await two();
    for (const selector of [environment?.id, connectionId, 'device-1'])
      expect((await ask('GET', `${environments}/${selector}`, headers)).json.deviceId).toBe('device-1');
    const missing = await ask('GET', `${environments}/nobody`, headers);
    expect([missing.status, missing.json.error]).toEqual([404, 'environment_not_found']);
  });

  it('[SEC-12] show a client only what its token reaches', async () => {
    const { ask, make } = await two();
    const headers = bearer(make('client', { devices: ['device-2', 'device-9'] }).token);
    const { connections } = (await ask('GET', environments, headers)).json;
    expect(connections.map(({ deviceId }: { deviceId: string }) => deviceId)).toEqual(['device-2']);
    expect((await ask('GET', `${environments}/device-1`, headers)).status).toBe(404);
    expect((await ask('POST', `${environments}/device-1/messages`, headers, {})).status).toBe(404);
    const blind = bearer(make('client', { privileges: ['send'] }).token);
    expect((await ask('GET', environments, blind)).json.errorCode).toBe('forbidden');
  });
});

describe('everything else', () => {
  it.each([
    ['GET', '/healthz', 200, undefined],
    ['GET', '/readyz', 200, undefined],
    // A stock runtime asks this whenever it syncs.
    ['GET', '/v1/agents/agent-1/runtime-status?conversation_ids=default', 404, 'not_found'],
    ['PATCH', '/v1/agents/agent-1', 404, 'not_found'],
    ['POST', '/v1/environments/runtimes/agent-1/default/teleport', 501, 'unsupported'],
    ['GET', '/v1/environments/runtimes/agent-1/default/teleports/t-1', 501, 'unsupported'],
    ['GET', '/', 404, 'not_found'],
    ['DELETE', '/v1/environments/device-1', 404, 'not_found'],
  ])('%s %s is answered with %i, in JSON', async (method, path, expected, code) => {
    const { status, json, headers } = await testGround().ask(method, path);
    expect([status, json.errorCode]).toEqual([expected, code]);
    expect(headers.get('content-type')).toContain('application/json');
  });

  it('lets a page of an allowed origin read the answers, and no other', async () => {
    const { ask } = testGround({ allowOrigins: ['https://app.example'] });
    const preflight = (origin: string) =>
      ask('OPTIONS', '/v1/tickets', { origin, 'access-control-request-method': 'POST' });
    const allowed = await preflight('https://app.example');
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await preflight('https://evil.example')).status).toBe(403);
  });

  it('[LINK-5] says that the broker restarts, and takes nobody in', async () => {
    const { ask, make, broker, log } = testGround();
    const { token } = make('device');
    void broker.close();
    expect((await ask('GET', '/readyz')).status).toBe(503);
    expect((await ask('GET', '/healthz')).status).toBe(200);
    const refused = await ask('POST', '/v1/environments/register', bearer(token), {});
    expect([refused.status, refused.json.errorCode]).toEqual([503, 'broker_restarting']);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(log).toEqual([{ event: 'draining' }]);
  });

  it('tells the log, and nobody else, why it failed', async () => {
    const { ask, make, stores, log } = testGround();
    const headers = bearer(make('client').token);
    stores.registry.find = () => {
      throw new Error('the disk is gone');
    };
    const { status, json } = await ask('GET', '/v1/environments/x', headers);
    expect([status, json.errorCode]).toEqual([500, 'internal']);
    expect(json.message).not.toContain('disk');
    expect(log).toMatchObject([{ event: 'trouble', why: 'the disk is gone' }]);
  });
});
