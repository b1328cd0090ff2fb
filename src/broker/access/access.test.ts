import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { TokenRequest } from '../store/tokens.ts';
import { atPort, bearer, connected, type TestGround, testGround } from '../test-ground.ts';

type Tokens = Readonly<Record<string, string>>;
type Row = {
  readonly name: string;
  /** Which door it knocks at. */
  readonly path: (at: { readonly connectionId: string; readonly tokens: Tokens }) => string;
  readonly headers?: (tokens: Tokens) => Record<string, string>;
  readonly status: number;
  /** In the log; null where nobody is refused. */
  readonly why: string | null;
};

const status =
  (query = '') =>
  () =>
    `/v1/environments/device-1/status/ws${query}`;
const deviceDoor: Row['path'] = ({ connectionId }) => `/v1/environments/${connectionId}/device/ws`;
const withToken = (name: string) => (tokens: Tokens) => bearer(tokens[name] ?? '');
const inQuery =
  (name: string, token: string): Row['path'] =>
  ({ tokens }) =>
    status(`?${name}=${tokens[token]}`)();

const rows: readonly Row[] = [
  { name: 'a client token', path: status(), headers: withToken('client'), status: 101, why: null },
  { name: 'a client token in the address', path: inQuery('token', 'client'), status: 101, why: null },
  { name: 'a ticket', path: inQuery('ticket', 'ticket'), status: 101, why: null },
  {
    name: 'a device token at its own lease',
    path: deviceDoor,
    headers: withToken('device'),
    status: 101,
    why: null,
  },
  { name: 'no token', path: status(), status: 401, why: 'none' },
  { name: 'a token of nobody', path: status(), headers: withToken('unknown'), status: 401, why: 'unknown' },
  {
    name: 'a token that is none',
    path: status(),
    headers: () => bearer('nonsense'),
    status: 401,
    why: 'unknown',
  },
  { name: 'an expired token', path: status(), headers: withToken('expired'), status: 401, why: 'expired' },
  { name: 'a revoked token', path: status(), headers: withToken('revoked'), status: 401, why: 'revoked' },
  { name: 'a revoked token in the address', path: inQuery('token', 'revoked'), status: 401, why: 'revoked' },
  { name: 'a used ticket', path: inQuery('ticket', 'usedTicket'), status: 401, why: 'ticket' },
  { name: 'a late ticket', path: inQuery('ticket', 'lateTicket'), status: 401, why: 'ticket' },
  {
    name: 'a ticket of a revoked token',
    path: inQuery('ticket', 'revokedTicket'),
    status: 401,
    why: 'revoked',
  },
  {
    name: 'a ticket for a device',
    path: ({ connectionId, tokens }) => `/v1/environments/${connectionId}/device/ws?ticket=${tokens.ticket}`,
    status: 401,
    why: 'none',
  },
  {
    name: 'a device token at the door of clients',
    path: status(),
    headers: withToken('device'),
    status: 401,
    why: 'kind',
  },
  {
    name: 'a client token at the door of devices',
    path: deviceDoor,
    headers: withToken('client'),
    status: 401,
    why: 'kind',
  },
  {
    name: 'a device out of reach',
    path: status(),
    headers: withToken('elsewhere'),
    status: 404,
    why: 'environment',
  },
  {
    name: 'a device that is none',
    path: () => '/v1/environments/nobody/status/ws',
    headers: withToken('client'),
    status: 404,
    why: 'environment',
  },
  {
    name: 'a page of another site',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), origin: 'https://evil.example' }),
    status: 403,
    why: 'origin',
  },
  {
    name: 'a page of no site',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), origin: 'null' }),
    status: 403,
    why: 'origin',
  },
  {
    name: 'a page that is let in',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), origin: 'https://app.example' }),
    status: 101,
    why: null,
  },
  {
    name: 'another Host',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), host: 'evil.example' }),
    status: 403,
    why: 'host',
  },
  {
    name: 'another Host before anything else',
    path: status(),
    headers: () => ({ host: 'evil.example', origin: 'https://evil.example' }),
    status: 403,
    why: 'host',
  },
  {
    name: 'another port',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), host: '127.0.0.1:1' }),
    status: 403,
    why: 'host',
  },
  {
    name: 'a Host that is let in',
    path: status(),
    headers: (tokens) => ({ ...withToken('client')(tokens), host: 'agents.example' }),
    status: 101,
    why: null,
  },
  {
    name: 'no door',
    path: () => '/v1/environments/device-1/other/ws',
    headers: withToken('client'),
    status: 404,
    why: null,
  },
];

async function everyToken(ground: TestGround) {
  const { make, clock, tokens, ask } = ground;
  const client = (more: Partial<TokenRequest> = {}) => make('client', more);
  const ticketOf = async (token: string) =>
    (await ask('POST', '/v1/tickets', bearer(token))).json.ticket as string;
  const revoked = client();
  const expired = client({ expiresAt: clock.now() + 60_000 });
  const lateTicket = await ticketOf(client().token);
  await clock.advance(61_000);
  const ofRevoked = client();
  const revokedTicket = await ticketOf(ofRevoked.token);
  tokens.revoke(revoked.record.id, clock.now());
  tokens.revoke(ofRevoked.record.id, clock.now());
  const good = client().token;
  return {
    client: good,
    device: make('device').token,
    elsewhere: client({ devices: ['device-2'] }).token,
    unknown: testGround().make('client').token,
    expired: expired.token,
    revoked: revoked.token,
    ticket: await ticketOf(good),
    usedTicket: await ticketOf(good),
    lateTicket,
    revokedTicket,
  };
}

async function stage(ground: TestGround) {
  const tokens = await everyToken(ground);
  const { connectionId } = (await ground.register(tokens.device)).json;
  const port = await atPort(ground);
  connected(await port.open(`/v1/environments/device-1/status/ws?ticket=${tokens.usedTicket}`));
  const bystander = connected(await port.open(status()(), bearer(tokens.client)));
  ground.log.length = 0;
  return { tokens, connectionId, port, bystander };
}

describe('who knocks at the doors', () => {
  it.each(rows)(
    '[SEC-9] [SEC-10] [SEC-12] with $name: $status',
    async ({ path, headers, status: expected, why }) => {
      const ground = testGround({ allowOrigins: ['https://app.example'], allowHosts: ['agents.example'] });
      const { tokens, connectionId, port, bystander } = await stage(ground);
      const opened = await port.open(path({ connectionId, tokens }), headers?.(tokens));
      expect(opened.status).toBe(expected);
      const refused = ground.log.filter(({ event }) => event === 'refused');
      expect(refused.map((event) => event.why)).toEqual(why === null ? [] : [why]);
      const written = JSON.stringify(ground.log);
      for (const secret of Object.values(tokens)) expect(written).not.toContain(secret);
      expect(bystander.pipe.open).toBe(true);
      expect(bystander.heard.heard).toEqual([]);
    },
  );

  it('[SEC-9] says the same of every token that does not count', async () => {
    const ground = testGround();
    const { tokens } = await stage(ground);
    const said = new Set<string>();
    for (const name of ['unknown', 'expired', 'revoked'] as const)
      said.add(JSON.stringify((await ground.ask('GET', '/v1/environments', bearer(tokens[name]))).json));
    said.add(JSON.stringify((await ground.ask('GET', '/v1/environments')).json));
    expect(said.size).toBe(1);
    expect([...said][0]).toContain('"errorCode":"unauthorized"');
  });

  it('[SEC-10] takes its own addresses for its own, and no others', async () => {
    const ground = testGround({
      publicUrl: 'https://agents.example/farhand/',
      allowHosts: ['[fd00::1]:8283'],
    });
    const hosts: readonly (readonly [string, number])[] = [
      ['127.0.0.1:8283', 200],
      ['localhost:8283', 200],
      ['LOCALHOST:8283', 200],
      ['app.localhost:8283', 200],
      ['[::1]:8283', 200],
      ['[fd00::1]:8283', 200],
      ['agents.example', 200],
      ['agents.example:443', 200],
      ['agents.example:8283', 403],
      ['agents.example.evil.example', 403],
      ['localhost.evil.example:8283', 403],
      ['127.0.0.1.evil.example:8283', 403],
      ['10.0.0.1:8283', 403],
      ['user@localhost:8283', 403],
      ['', 403],
    ];
    for (const [host, expected] of hosts)
      expect((await ground.ask('GET', '/healthz', { host })).status, host).toBe(expected);
    const { host } = await atPort(ground);
    const [, port] = host.split(':');
    for (const name of ['127.0.0.1', 'localhost', '127.1.2.3'])
      expect(await statusOf(host, `${name}:${port}`), name).toBe(200);
  });

  it('slows down who guesses, and nobody else', async () => {
    const { ask, make, log, clock } = testGround();
    const { token } = make('client');
    const guess = () => ask('GET', '/v1/environments', bearer('guessed'));
    const answers = [];
    for (let n = 0; n < 30; n++) answers.push((await guess()).status);
    expect(answers.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(new Set(answers.slice(20))).toEqual(new Set([429]));
    expect((await guess()).headers.get('retry-after')).toMatch(/^\d+$/);
    expect(log.filter(({ event }) => event === 'refused')).toHaveLength(20);
    expect((await ask('GET', '/v1/environments', bearer(token))).status).toBe(200);
    await clock.advance(60_000);
    expect((await guess()).status).toBe(401);
  });

  it('keeps a token out of the log wherever somebody puts it', async () => {
    const { ask, make, register, log } = testGround();
    const { token } = make('client');
    await ask('GET', `/v1/environments/${token}`);
    await ask('GET', `/v1/environments/${token.replaceAll('_', '%5F')}`);
    await register(make('device').token, { connectionName: `mine ${token}` });
    expect(log.map(({ event }) => event)).toEqual(['refused', 'refused', 'registered']);
    expect(JSON.stringify(log)).not.toContain(token.slice(12));
  });
});

describe('sockets of a token that ends', () => {
  it.each([
    ['revoked', (ground: TestGround, id: string) => void ground.tokens.revoke(id, ground.clock.now())],
    ['expired', () => undefined],
  ] as const)('[SEC-9] are closed within a second when it is %s', async (how, end) => {
    const ground = testGround();
    const { make, clock, register } = ground;
    const expiresAt = how === 'expired' ? clock.now() + 10_000 : null;
    const device = make('device', { expiresAt });
    const client = make('client', { expiresAt });
    const { connectionId } = (await register(device.token)).json;
    const { open } = await atPort(ground);
    const ours = connected(await open(`/v1/environments/${connectionId}/device/ws`, bearer(device.token)));
    const theirs = connected(await open(status()(), bearer(client.token)));
    const other = connected(await open(status()(), bearer(make('client').token)));
    await clock.advance(9_000);
    expect(theirs.pipe.open).toBe(true);
    for (const { record } of [device, client]) end(ground, record.id);
    await clock.advance(1_000);
    expect(await theirs.heard.closed).toEqual({
      code: 4410,
      reason: `the token of this connection was ${how}`,
    });
    // The code that makes a stock runtime register again.
    expect((await ours.heard.closed).code).toBe(1008);
    expect(other.pipe.open).toBe(true);
  });
});

/** Node's `fetch` sets the Host itself. */
const statusOf = (at: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`http://${at}/healthz`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
