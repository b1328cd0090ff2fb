import { afterEach, describe, expect, it } from 'vitest';
import type { DialFailure } from '../link/dial-failure.ts';
import { dial } from '../link/node/websocket.ts';
import { type BrokerStand, brokerStand } from '../testing/broker-stand.ts';
import {
  type Client,
  type ClientState,
  type ConnectOptions,
  connect,
  environmentsAt,
  memoryOutbox,
  type OpenSocket,
} from './index.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const stands: BrokerStand[] = [];
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const stand of stands.splice(0)) await stand.close();
});

async function begin(): Promise<BrokerStand> {
  const stand = await brokerStand();
  stands.push(stand);
  return stand;
}

/** A client, and a way to wait until its state is so. */
function reach(options: ConnectOptions) {
  const looks = new Set<(state: ClientState) => void>();
  const client = connect({
    random: () => 0,
    ...options,
    onState: (state) => {
      for (const look of looks) look(state);
    },
  });
  clients.push(client);
  const until = (is: (state: ClientState) => boolean) =>
    new Promise<ClientState>((found) => {
      const look = (state: ClientState) => {
        if (!is(state)) return;
        looks.delete(look);
        found(state);
      };
      looks.add(look);
      look(client.state());
    });
  return { client, until };
}

/** As a program that can set headers dials, and where it went. */
function dialling() {
  const urls: string[] = [];
  const openSocket: OpenSocket = (url, { headers }) => {
    urls.push(url);
    return dial(url, { headers });
  };
  return { urls, openSocket };
}

describe('a client of a broker', () => {
  it('finds the environment, shows its token in a header, and is told how things stand', async () => {
    const { url, token, device } = await begin();
    device('desk');
    const { urls, openSocket } = dialling();
    const { client } = reach({ url: `${url}/`, token, openSocket });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: true });
    expect(urls).toEqual([`${url.replace('http', 'ws')}/v1/environments/device-1/status/ws?farhand=1`]);
    expect(client.state()).toMatchObject({
      broker: { online: true, peer: { features: expect.arrayContaining(['resume', 'receipts']) } },
      device: { online: true, name: 'desk', lastSeen: expect.any(Number), agentId: 'agent-1' },
    });
  });

  it('[SEC-11] shows a ticket where it can set no headers, another for each connection', async () => {
    const { url, token, device, stop, start } = await begin();
    device('desk');
    const asked: string[] = [];
    const { client, until } = reach({
      url,
      token,
      fetch: (to, init) => {
        asked.push(`${init.method} ${to.slice(url.length)}`);
        return fetch(to, init);
      },
    });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: true });
    expect(asked).toEqual(['GET /v1/environments?limit=100', 'POST /v1/tickets']);
    await stop();
    await until(({ broker }) => !broker.online);
    await start();
    await until(({ broker }) => broker.online);
    expect(await client.call('agent_list', {})).toMatchObject({ ok: true });
  });

  it('hears of one agent or conversation alone when told to', async () => {
    const { url, token, device } = await begin();
    device('desk');
    const { urls, openSocket } = dialling();
    const { client } = reach({ url, token, openSocket, agentId: 'agent-1', conversationId: 'conv-1' });
    await client.call('agent_list', {});
    expect(urls[0]).toMatch(/\?farhand=1&agentId=agent-1&conversationId=conv-1$/);
  });

  it('stays with its machine when another one comes that was seen later', async () => {
    const { url, token, device, stop, start } = await begin();
    const desk = device('desk');
    const { urls, openSocket } = dialling();
    const { client, until } = reach({ url, token, openSocket });
    await client.call('agent_list', {});
    device('laptop');
    desk.down();
    await stop();
    await until(({ broker }) => !broker.online);
    await start();
    await until(({ broker }) => broker.online);
    expect(urls.filter((one) => !one.includes('/device-1/'))).toEqual([]);
  });

  it('goes to the installation itself where several have one device id', async () => {
    const { url, token, device } = await begin();
    device('desk');
    const found = await environmentsAt({ url, token });
    expect(found).toMatchObject([{ deviceId: 'device-1', connectionName: 'desk', online: true }]);
    const [desk] = 'code' in found ? [] : found;
    const { urls, openSocket } = dialling();
    const twin = { deviceId: 'device-1', connectionName: 'desk', connectionId: 'conn-x', lastHeartbeat: 1 };
    const { client } = reach({
      url,
      token,
      openSocket,
      environment: desk?.id,
      fetch: async (to, init) => {
        const listed = JSON.parse(await (await fetch(to, init)).text());
        listed.connections.push({ ...twin, id: 'env-twin' });
        return { status: 200, headers: new Headers(), text: async () => JSON.stringify(listed) };
      },
    });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: true });
    expect(urls[0]).toContain(`/${desk?.id}/`);
  });
});

describe('a client that is refused', () => {
  const refusal = (status: number): DialFailure => ({
    kind: 'status',
    status,
    message: `answered ${status}`,
  });

  it('[LINK-2] before the first success is told so for good, whatever it asks', async () => {
    const { url, device } = await begin();
    device('desk');
    const { openSocket } = dialling();
    const { client } = reach({ url, token: 'wrong', openSocket, hint: 'Look for another one.' });
    const why = {
      code: 'unauthorized',
      message: expect.stringMatching(/answered 401: .+\. Look for another one\.$/),
    };
    expect(await client.call('agent_list', {})).toEqual({ ok: false, failure: why });
    expect(await client.call('agent_list', {})).toEqual({ ok: false, failure: why });
    expect(await client.send(scope, 'hello')).toEqual({ ok: false, failure: why });
    expect(await new Promise((failed) => client.follow(scope, { event: () => undefined, failed }))).toEqual(
      why,
    );
    expect(client.state().broker).toMatchObject({
      online: false,
      why: expect.stringContaining('401'),
      retry: null,
    });
    expect(await environmentsAt({ url, token: 'wrong' })).toMatchObject({ code: 'unauthorized' });
  });

  it('[LINK-2] after one success tries again for ever', async () => {
    const { url, device, make, revoke } = await begin();
    device('desk');
    const { id, token } = make();
    const { openSocket } = dialling();
    const { client, until } = reach({ url, token, openSocket });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: true });
    revoke(id);
    const state = await until(({ broker }) => broker.retry?.failure !== undefined);
    expect(state.broker).toMatchObject({ online: false, retry: { failure: { status: 401 } } });
  });

  it('by the socket alone is told so too', async () => {
    const { url, token, device } = await begin();
    device('desk');
    const { client } = reach({ url, token, openSocket: async () => refusal(403) });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: false, failure: { code: 'forbidden' } });
  });

  it('because its machine is not there is told which are', async () => {
    const { url, token, device } = await begin();
    device('desk');
    const { client } = reach({ url, token, environment: 'laptop' });
    expect(await client.call('agent_list', {})).toEqual({
      ok: false,
      failure: {
        code: 'environment_not_found',
        message: 'There is no environment "laptop". Those there are: desk.',
      },
    });
  });

  it.each([
    ['ftp://example.org', null, 'input_invalid'],
    ['nonsense', null, 'input_invalid'],
    ['ws://127.0.0.1:9/ws', 'a token that a page cannot show', 'unauthorized'],
  ])('of %s does not begin', async (url, token, code) => {
    const { client } = reach({ url, token });
    expect(await client.call('agent_list', {})).toMatchObject({ ok: false, failure: { code } });
  });

  it('by nobody, since nobody listens, tries again', async () => {
    const { until } = reach({ url: 'http://127.0.0.1:9', token: null });
    const { broker } = await until((state) => state.broker.retry !== null);
    expect(broker).toMatchObject({ online: false, retry: { attempt: 1 } });
    expect(broker.why).toContain('http://127.0.0.1:9 cannot be reached');
  });
});

describe('a client of an app-server', () => {
  it('dials its socket, with the token in a header', async () => {
    const opened: unknown[] = [];
    const openSocket: OpenSocket = async (url, options) => {
      opened.push([url, options]);
      return { kind: 'refused', message: 'nobody listens' };
    };
    const { until } = reach({ url: 'ws://127.0.0.1:4500', token: 'tok', openSocket });
    await until(({ broker }) => broker.retry !== null);
    expect(opened).toEqual([['ws://127.0.0.1:4500/ws', { headers: { authorization: 'Bearer tok' } }]]);
  });
});

describe('[IN-6] a message for a machine that is away', () => {
  it('waits at the broker and in the outbox until the machine has it, and is worked once', async () => {
    const { url, token, device } = await begin();
    const desk = device('desk');
    desk.down();
    const { openSocket } = dialling();
    const outbox = memoryOutbox();
    const { client, until } = reach({ url, token, openSocket, outbox });
    const sent = await client.send(scope, 'hello', { client_message_id: 'cm-1' });
    expect(sent).toMatchObject({ ok: true, fate: { state: 'parked', authority: 'broker' } });
    expect(client.state().device).toMatchObject({ online: false, name: 'desk' });
    expect(outbox.all()).toHaveLength(1);
    desk.up();
    await until((state) => state.device.online === true);
    const again = await client.send(scope, 'hello', { client_message_id: 'cm-1' });
    expect(again).toMatchObject({ ok: true });
    while ((await outbox.all()).length > 0) await new Promise(setImmediate);
    expect(desk.device.worked).toEqual(['cm-1']);
  });

  it('is sent again when the broker has lost what it kept', async () => {
    const { url, token, device, stop, start } = await begin();
    const desk = device('desk');
    const { openSocket } = dialling();
    const outbox = memoryOutbox();
    const { client, until } = reach({ url, token, openSocket, outbox });
    await client.call('agent_list', {});
    desk.down();
    await until((state) => state.device.online === false);
    expect(await client.send(scope, 'hello', { client_message_id: 'cm-1' })).toMatchObject({
      fate: { state: 'parked' },
    });
    await stop();
    await start({ lost: true });
    while ((await outbox.all()).length > 0) await new Promise(setImmediate);
    expect(desk.device.worked).toEqual(['cm-1']);
  });
});
