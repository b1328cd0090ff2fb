import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isDialFailure } from '../src/link/dial-failure.ts';
import { dial } from '../src/link/node/websocket.ts';
import { fields } from '../src/protocol/dialects/loose.ts';
import type { Frame } from '../src/protocol/frames.ts';
import { type ModelServer, startModelServer } from '../src/testing/model-server.ts';
import { type BrokerProcess, brokerProcess } from './support/broker-process.ts';
import { message, receipt } from './support/home-stand.ts';
import { type Peer, peerOn } from './support/peer.ts';
import { linkedAs, openLink, openSocket, register } from './support/raw-link.ts';

// Who may do what at a built `farhand serve` with the agents of its machine in it and another device linked to it. Whoever is refused is
// told why and with which code, no secret stands in the log, and a turn that runs meanwhile goes on as if nobody had come.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let models: ModelServer;
let broker: BrokerProcess;
/** Everything that must never stand in the log. */
const secrets: string[] = [];
const made = (...args: Parameters<BrokerProcess['make']>) => {
  const one = broker.make(...args);
  secrets.push(one.token);
  return one;
};

/** The device inside the broker, by its names. */
let here = { id: '', deviceId: '', connectionId: '' };
/** The agents of that device: the one that restricted tokens name, and the one they do not. */
let mine = '';
let theirs = '';
let bystander: Peer;
let full = '';
let before = 0;
const calm = () => ({ agent_id: theirs, conversation_id: 'conv-calm' });

beforeAll(async () => {
  models = await startModelServer({
    scripts: { hold: [{ text: 'one two three four five six', pieces: 6, hold: '{{gate}}' }] },
  });
  broker = await brokerProcess({
    env: { FARHAND_MODEL: 'openai-compatible/m', OPENAI_BASE_URL: models.url },
  });
  mine = String(broker.agentId);
  full = made().token;
  const { json } = await broker.ask('GET', '/v1/environments', full);
  here = (json.connections as (typeof here)[])[0] ?? here;
  bystander = await broker.client(here.deviceId, full, { farhand: '1' });
  const { agent } = await bystander.ask({ type: 'agent_create', body: { name: 'Theirs' } });
  theirs = String(fields(agent).id);
  await bystander.ask(message(calm(), 'Wait. gate=calm #script=hold', 'cm-calm'));
  await models.onHeld('calm');
  await bystander.ask({ type: 'sync', runtime: calm() });
  before = bystander.frames.length;
});
afterAll(async () => {
  await broker.end();
  await models.close();
});

describe('[SEC-9] [SEC-10] at every door', () => {
  type Credentials = { readonly client: string | null; readonly device: string | null };
  const doors: [what: string, knock: (tokens: Credentials) => Promise<number>][] = [
    ['the list of devices', ({ client }) => status('GET', '/v1/environments', client)],
    [
      'the address of a socket',
      ({ client }) => upgrade(`/v1/environments/${here.id}/status/ws?token=${client}`, null),
    ],
    ['a device', ({ client }) => status('GET', `/v1/environments/${here.id}`, client)],
    ['messages', ({ client }) => status('POST', `/v1/environments/${here.id}/messages`, client, {})],
    ['tickets', ({ client }) => status('POST', '/v1/tickets', client)],
    ['the socket of clients', ({ client }) => upgrade(`/v1/environments/${here.id}/status/ws`, client)],
    ['registration', ({ device }) => status('POST', '/v1/environments/register', device, { deviceId: 'x' })],
    [
      'the socket of devices',
      ({ device }) => upgrade(`/v1/environments/${here.connectionId}/device/ws`, device),
    ],
  ];

  it('nobody comes in without a good token of the right kind, and who guesses on is slowed down', async () => {
    const client = made();
    const device = made({ kind: 'device', privileges: [] });
    const ended = [made(), made({ kind: 'device', privileges: [] })] as const;
    for (const { id } of ended) broker.revoke(id);
    const expired = [
      made({ expiresAt: Date.now() }),
      made({ kind: 'device', expiresAt: Date.now() }),
    ] as const;
    const credentials: [what: string, Credentials][] = [
      ['no token', { client: null, device: null }],
      [
        'a wrong one',
        { client: `${client.token.slice(0, -3)}abc`, device: `${device.token.slice(0, -3)}abc` },
      ],
      ['one of the other kind', { client: device.token, device: client.token }],
      ['an expired one', { client: expired[0].token, device: expired[1].token }],
      ['a revoked one', { client: ended[0].token, device: ended[1].token }],
    ];
    let refused = 0;
    for (const [token, shown] of credentials)
      for (const [door, knock] of doors) {
        refused += 1;
        expect(await knock(shown), `${token} at ${door}`).toBe(refused <= 20 ? 401 : 429);
      }
    expect(await status('GET', '/v1/environments', client.token)).toBe(200);
  });

  it.each([
    ['of another site', { origin: 'https://evil.example' }],
    ['of no site', { origin: 'null' }],
    ['whose name was made to lead here', { host: 'evil.example' }],
  ])('a page %s is refused, whatever token it shows', async (_what, headers) => {
    expect(await upgrade(`/v1/environments/${here.id}/status/ws`, full, headers)).toBe(403);
    expect(await upgrade(`/v1/environments/${here.connectionId}/device/ws`, full, headers)).toBe(403);
  });

  it('[SEC-11] a ticket lets its bearer in once, with the rights of its token', async () => {
    const { token } = made({ privileges: ['observe'] });
    const { json } = await broker.ask('POST', '/v1/tickets', token);
    secrets.push(String(json.ticket));
    const path = `/v1/environments/${here.id}/status/ws?farhand=1&ticket=${json.ticket}`;
    const pipe = await dial(`${broker.url.replace(/^http/, 'ws')}${path}`);
    if (isDialFailure(pipe)) throw new Error(pipe.message);
    const client = peerOn(pipe);
    expect(await client.ask({ type: 'agent_list' })).toMatchObject({ success: true });
    const refused = { accepted: false, error_code: 'forbidden' };
    expect(await client.ask(message(scope(mine), 'hi', 'cm-ticket'))).toMatchObject(refused);
    client.close();
    expect([401, 429]).toContain(await upgrade(path, null));
  });

  it('[SEC-8] a device is registered only by its own token, whichever way it is asked for', async () => {
    const own = made({ kind: 'device', privileges: [], devices: ['desk'] });
    expect((await register(broker, own.token, 'desk')).status).toBe(200);
    expect(await register(broker, own.token, here.deviceId)).toMatchObject({ status: 403 });
    expect(await register(broker, own.token, 'other')).toMatchObject({ status: 403 });
    const any = made({ kind: 'device', privileges: [] });
    for (const deviceId of ['desk', here.deviceId])
      expect(await register(broker, any.token, deviceId)).toMatchObject({ status: 403 });
    const link = await openLink(broker, any.token, here.connectionId);
    expect(await link.closed).toMatchObject({ code: 1008 });
  });
});

const scope = (agent_id: string, conversation_id = 'default') => ({ agent_id, conversation_id });
const forbidden = { error_code: 'forbidden' };

describe('[SEC-12] a token for one agent', () => {
  let client: Peer;
  let token = '';
  beforeAll(async () => {
    token = made({ agents: [mine] }).token;
    client = await broker.client(here.deviceId, token, { farhand: '1' });
  });

  const there = () => ({ runtime: scope(theirs, 'conv-calm') });
  const beyond: [what: string, frame: () => Frame, answer?: object][] = [
    ['sync', () => ({ type: 'sync', ...there() })],
    ['input', () => message(there().runtime, 'hi', 'cm-beyond')],
    [
      'a decision',
      () => ({ type: 'input', ...there(), payload: { kind: 'approval_response', request_id: 'p' } }),
    ],
    ['an abort', () => ({ type: 'abort_message', ...there() })],
    ['a queue', () => ({ type: 'resume_queue', ...there() })],
    ['a receipt', () => ({ type: 'input_receipt_get', ...there(), client_message_id: 'cm-calm' })],
    [
      'a mode',
      () => ({ type: 'change_device_state', ...there(), payload: { mode: 'unrestricted' } }),
      { code: 'forbidden' },
    ],
    [
      'a mode by the payload',
      () => ({
        type: 'change_device_state',
        runtime: scope(mine),
        payload: { mode: 'strict', agent_id: theirs },
      }),
      { code: 'forbidden' },
    ],
    ['a model', () => ({ type: 'update_model', ...there(), payload: { model_id: 'x' } })],
    ['an agent', () => ({ type: 'agent_retrieve', agent_id: theirs })],
    ['to delete an agent', () => ({ type: 'agent_delete', agent_id: theirs })],
    ['to make an agent', () => ({ type: 'agent_create', body: { name: 'x' } })],
    ['the conversations of an agent', () => ({ type: 'conversation_list', query: { agent_id: theirs } })],
    ['a conversation', () => ({ type: 'conversation_retrieve', conversation_id: 'conv-calm' })],
    ['its messages', () => ({ type: 'conversation_messages_list', conversation_id: 'conv-calm' })],
    ['to begin there', () => ({ type: 'runtime_start', agent_id: theirs, conversation_id: 'conv-calm' })],
    [
      'to begin with a new agent',
      () => ({ type: 'runtime_start', agent_id: mine, create_agent: { body: {} } }),
    ],
    [
      'to offer tools there',
      () => ({
        type: 'runtime_external_tools_update',
        updates: [{ runtimes: [there().runtime], external_tools: [] }],
      }),
    ],
    ['the device', () => ({ type: 'get_cwd_map' })],
    ['its branches', () => ({ type: 'search_branches', query: '' })],
  ];

  it.each(beyond)('is refused %s of another one', async (_what, frame, answer = forbidden) => {
    expect(await client.ask(frame())).toMatchObject(answer);
  });

  it('is told of its own in every list, and may do there what it may', async () => {
    const { agents } = await client.ask({ type: 'agent_list' });
    expect((agents as Frame[]).map(({ id }) => id)).toEqual([mine]);
    const { conversations } = await client.ask({ type: 'conversation_list' });
    expect((conversations as Frame[]).every(({ agent_id }) => agent_id === mine)).toBe(true);
    expect(await client.ask({ type: 'approvals_list' })).toMatchObject({ success: true });
    expect(await client.ask(message(scope(mine), 'Say it. #script=short', 'cm-mine'))).toMatchObject({
      accepted: true,
    });
    await client.until(receipt('cm-mine', 'done'));
  });

  it('is refused over REST what it is refused on its socket', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const post = (body: object) => broker.ask('POST', `/v1/environments/${here.id}/messages`, token, body);
    expect(await post({ messages, agentId: theirs })).toMatchObject({
      status: 403,
      json: { errorCode: 'forbidden' },
    });
    expect(await post({ messages, agentId: mine, conversationId: 'conv-rest' })).toMatchObject({
      status: 200,
    });
  });

  it("cannot go on with another's session", async () => {
    const other = await broker.client(here.deviceId, full, { farhand: '1' });
    const { session, resume_token } = await other.ask({ type: 'client_hello' });
    secrets.push(String(resume_token));
    const thief = await broker.client(here.deviceId, token, { farhand: '1' });
    const taken = await thief.ask({
      type: 'client_hello',
      session: String(session),
      resume_token: String(resume_token),
      last_seq: 0,
    });
    expect(taken).toMatchObject({ verdict: 'reset' });
    expect(taken.session).not.toBe(session);
    for (const one of [thief, other]) one.close();
  });
});

describe('[SEC-12] a token for one device', () => {
  it('finds no other one, by any of its names, on any way', async () => {
    const other = await linkedAs(broker, made({ kind: 'device', privileges: [] }).token, 'elsewhere');
    const { token } = made({ devices: ['elsewhere'] });
    const { json } = await broker.ask('GET', '/v1/environments', token);
    expect((json.connections as (typeof here)[]).map(({ deviceId }) => deviceId)).toEqual(['elsewhere']);
    for (const name of [here.id, here.deviceId, here.connectionId, encodeURIComponent(here.id)]) {
      expect(await status('GET', `/v1/environments/${name}`, token)).toBe(404);
      expect(await status('POST', `/v1/environments/${name}/messages`, token, { messages: [] })).toBe(404);
      expect(await upgrade(`/v1/environments/${name}/status/ws`, token)).toBe(404);
    }
    const client = await broker.client('elsewhere', token, { farhand: '1' });
    expect(await client.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
    client.close();
    other.socket.terminate();
  });
});

describe('[SEC-3] a token that only looks', () => {
  it('changes nothing', async () => {
    const { token } = made({ privileges: ['observe'] });
    const client = await broker.client(here.deviceId, token, { farhand: '1' });
    const runtime = scope(theirs, 'conv-calm');
    const deeds: Frame[] = [
      message(runtime, 'hi', 'cm-look'),
      { type: 'abort_message', runtime },
      { type: 'change_device_state', runtime, payload: { mode: 'unrestricted' } },
      { type: 'agent_delete', agent_id: theirs },
      { type: 'checkout_branch', branch: 'x' },
    ];
    for (const deed of deeds) {
      const answer = await client.ask(deed);
      expect(answer.error_code ?? answer.code, deed.type).toBe('forbidden');
    }
    const body = { messages: [{ role: 'user', content: 'hi' }], agentId: theirs };
    expect((await broker.ask('POST', `/v1/environments/${here.id}/messages`, token, body)).status).toBe(403);
    client.close();
  });
});

describe('[SEC-9] a token that is revoked', () => {
  it('takes with it everything that it has opened, also by a ticket, and nothing else', async () => {
    const client = made();
    const device = made({ kind: 'device', privileges: [] });
    const { json } = await broker.ask('POST', '/v1/tickets', client.token);
    secrets.push(String(json.ticket));
    const path = `/v1/environments/${here.id}/status/ws`;
    const opened = [
      openSocket(broker, client.token, path),
      openSocket(broker, '', `${path}?token=${client.token}`),
      openSocket(broker, '', `${path}?ticket=${json.ticket}`),
    ];
    const ends = opened.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    const link = await linkedAs(broker, device.token, 'revoked-device');
    for (const { id } of [client, device]) broker.revoke(id);
    expect(await Promise.all(ends)).toEqual([4410, 4410, 4410]);
    expect((await link.closed).code).toBe(1008);
    expect([401, 429]).toContain(await upgrade(path, client.token));
    expect([401, 429]).toContain((await register(broker, device.token, 'revoked-device')).status);
  });
});

describe('in the end', () => {
  it('[SEC-12] the turn of the bystander ends as if nobody had come, and nobody else has heard of it', async () => {
    const { token } = made({ agents: [mine] });
    const filters = [
      {},
      { agentId: theirs },
      { agentId: theirs, conversationId: 'conv-calm' },
      { conversationId: 'conv-calm' },
    ];
    const curious = await Promise.all(filters.map((query) => broker.client(here.deviceId, token, query)));
    for (const client of curious) client.send({ type: 'sync', request_id: 'curious', runtime: calm() });
    models.release('calm');
    await bystander.until(receipt('cm-calm', 'done'), before);
    for (const client of curious) {
      await client.ask({ type: 'agent_list' });
      const told = client.frames.filter(({ runtime }) => fields(runtime).agent_id === theirs);
      expect(told).toMatchObject([{ type: 'sync_response', success: false, error_code: 'forbidden' }]);
      client.close();
    }
    const came = bystander.frames.slice(before);
    const events = came.filter(({ event_seq, snapshot }) => event_seq !== undefined && snapshot !== true);
    expect(events.map(({ event_seq }) => Number(event_seq) - Number(events[0]?.event_seq))).toEqual(
      events.map((_, n) => n),
    );
    expect(events.every(({ runtime }) => fields(runtime).conversation_id === 'conv-calm')).toBe(true);
    expect(
      events.some(({ type, stop_reason }) => type === 'turn_finished' && stop_reason === 'end_turn'),
    ).toBe(true);
    expect(broker.isAlive()).toBe(true);
  });

  it('[SEC-9] no secret stands in the log, whole or in part', () => {
    const written = broker.written();
    expect(broker.log().filter(({ event }) => event === 'refused').length).toBeGreaterThanOrEqual(20);
    expect(secrets.length).toBeGreaterThan(15);
    for (const secret of secrets) {
      const random = secret.replace(/^fh_[a-z]+_/, '');
      for (let from = 0; from + 12 <= random.length; from++)
        expect(written.includes(random.slice(from, from + 12)), `${from} of ${secret.length}`).toBe(false);
    }
  });
});

async function status(method: string, path: string, token: string | null, body?: unknown): Promise<number> {
  return (await broker.ask(method, path, token, body)).status;
}

/** The status of an upgrade; 101 where the door opens. */
async function upgrade(
  path: string,
  token: string | null,
  more: Record<string, string> = {},
): Promise<number> {
  const headers = { ...(token !== null && { authorization: `Bearer ${token}` }), ...more };
  const pipe = await dial(`${broker.url.replace(/^http/, 'ws')}${path}`, { headers });
  if (isDialFailure(pipe)) return pipe.status ?? 0;
  pipe.close();
  return 101;
}
