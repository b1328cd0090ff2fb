import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Pipe } from '../../link/pipe.ts';
import { failure } from '../../protocol/errors.ts';
import { haveCaptures, readCapture } from '../../testing/captures.ts';
import { isProblem } from '../program/outcome.ts';
import { readAuth } from './capability-token.ts';
import { type AppServerDoor, listenAppServer } from './http-server.ts';
import { readListenUrl } from './listen-url.ts';

const token = 'capability-token-for-tests';

async function aDoor(options: { listen?: string; auth?: boolean; info?: AppServerDoor['info'] } = {}) {
  const listen = readListenUrl(options.listen ?? 'ws://127.0.0.1:0');
  const wsTokenSha256 = createHash('sha256').update(token).digest('hex');
  const checkToken = options.auth ? readAuth({ wsAuth: 'capability-token', wsTokenSha256 }) : null;
  if (isProblem(listen) || isProblem(checkToken)) throw new Error('not a door');
  const came: { pipe: Pipe; query: string }[] = [];
  const door = await listenAppServer({
    listen,
    checkToken,
    info: options.info ?? (async () => ({ type: 'app_server_info_response', request_id: 'http-info' })),
    accept: (pipe, query) => came.push({ pipe, query: `${query}` }),
  });
  if ('code' in door) throw new Error(door.message);
  onTestFinished(() => {
    for (const { pipe } of came) pipe.close(1006);
    door.close();
  });
  return { ...door, port: Number(new URL(door.url).port), came };
}

type Headers = Readonly<Record<string, string>>;
type Answered = { status: number; reason: string; headers: Record<string, unknown>; body: string };

async function ask(port: number, path: string, headers: Headers = {}, method = 'GET'): Promise<Answered> {
  const asking = request({ port, path, method, headers, agent: false }).end();
  const [response] = await once(asking, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, reason: response.statusMessage, headers: response.headers, body };
}

/** 101 where the door opens. */
async function upgrade(port: number, path: string, headers: Headers = {}): Promise<Answered> {
  const asking = request({
    port,
    path,
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
      ...headers,
    },
  }).end();
  const opened = once(asking, 'upgrade').then(([response, socket]) => {
    socket.destroy();
    return response;
  });
  const [response] = await Promise.race([once(asking, 'response'), opened.then((response) => [response])]);
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: response.headers,
    body: '',
  };
}

const page = { origin: 'http://localhost:3000' };
const bearer = { authorization: `Bearer ${token}` };
const other = { host: 'evil.example' };

describe('[SEC-10] upgrades', () => {
  it.each<[string, Headers, number, string, string?]>([
    ['/ws', {}, 101, 'Switching Protocols'],
    ['/', {}, 101, 'Switching Protocols'],
    ['/ws?token=abc', {}, 101, 'Switching Protocols'],
    ['/ws?farhand=1', {}, 101, 'Switching Protocols'],
    ['/ws', { host: 'localhost:1' }, 101, 'Switching Protocols'],
    ['/other', {}, 404, 'Not Found'],
    ['/ws/', {}, 404, 'Not Found'],
    ['//', {}, 404, 'Not Found'],
    ['/ws?channel=stream', {}, 426, 'Upgrade Required'],
    ['/ws?channel=', page, 426, 'Upgrade Required'],
    ['/ws', page, 403, 'Forbidden'],
    ['/ws', { origin: 'null' }, 403, 'Forbidden'],
    ['/ws', other, 403, 'Forbidden'],
    ['/other', other, 403, 'Forbidden'],
  ])('without a token: %s %j is %i', async (path, headers, status, reason) => {
    const door = await aDoor();
    const answered = await upgrade(door.port, path, headers);
    expect(answered).toMatchObject({ status, reason });
    expect(door.came).toHaveLength(status === 101 ? 1 : 0);
    if (status !== 101) expect(answered.headers).toEqual({ connection: 'close', 'content-length': '0' });
  });

  it.each<[string, Headers, number, string]>([
    ['/ws', bearer, 101, 'Switching Protocols'],
    ['/ws', { authorization: `bearer ${token}` }, 101, 'Switching Protocols'],
    ['/ws', { authorization: `BEARER  ${token} ` }, 101, 'Switching Protocols'],
    ['/ws', { ...bearer, ...page }, 101, 'Switching Protocols'],
    ['/ws', { ...bearer, ...other }, 101, 'Switching Protocols'],
    ['/ws', {}, 401, 'missing websocket bearer token'],
    [`/ws?token=${token}`, {}, 401, 'missing websocket bearer token'],
    ['/ws', { authorization: 'Bearer wrong' }, 401, 'invalid websocket bearer token'],
    ['/ws', { authorization: `Basic ${token}` }, 401, 'invalid authorization header'],
    ['/ws', { authorization: token }, 401, 'invalid authorization header'],
    ['/ws', { authorization: 'Bearer' }, 401, 'invalid authorization header'],
    ['/other', {}, 404, 'Not Found'],
    ['/ws?channel=control', {}, 426, 'Upgrade Required'],
  ])('[SEC-9] with a token: %s %j is %i %s', async (path, headers, status, reason) => {
    const door = await aDoor({ auth: true });
    expect(await upgrade(door.port, path, headers)).toMatchObject({ status, reason });
    expect(door.came).toHaveLength(status === 101 ? 1 : 0);
  });

  it('come by the path that was chosen, and by none', async () => {
    const door = await aDoor({ listen: 'ws://localhost:0/agents/here' });
    expect(door.wsUrl).toBe(`ws://localhost:${door.port}/agents/here`);
    expect((await upgrade(door.port, '/agents/here', { host: 'localhost' })).status).toBe(101);
    expect((await upgrade(door.port, '/', { host: 'localhost' })).status).toBe(101);
    expect((await upgrade(door.port, '/ws', { host: 'localhost' })).status).toBe(404);
  });

  it('bring their query along', async () => {
    const door = await aDoor();
    await upgrade(door.port, '/ws?farhand=1');
    expect(door.came[0]?.query).toBe('farhand=1');
  });
});

describe('[SEC-10] requests', () => {
  it.each<[string, Headers, number, string, string?]>([
    ['/readyz', {}, 200, 'ok\n'],
    ['/healthz', {}, 200, 'ok\n'],
    ['/healthz', {}, 200, 'ok\n', 'POST'],
    ['/healthz', page, 403, ''],
    ['/healthz', other, 403, ''],
    ['/nothing', page, 403, ''],
    ['/nothing', {}, 404, ''],
    ['/ws', {}, 404, ''],
    ['/v1/models', {}, 404, ''],
    ['/app-server-info', {}, 200, '{"type":"app_server_info_response","request_id":"http-info"}'],
  ])('%s %j is %i', async (path, headers, status, body, method = 'GET') => {
    const door = await aDoor();
    expect(await ask(door.port, path, headers, method)).toMatchObject({ status, body });
  });

  it('[SEC-9] show a token only for what tells something', async () => {
    const door = await aDoor({ auth: true });
    expect((await ask(door.port, '/healthz')).status).toBe(200);
    expect(await ask(door.port, '/app-server-info')).toMatchObject({
      status: 401,
      body: '{"error":"missing websocket bearer token"}',
    });
    expect((await ask(door.port, '/app-server-info', bearer)).status).toBe(200);
  });

  it('say when nobody runs the home', async () => {
    const door = await aDoor({ info: async () => failure('unreachable', 'Nobody is there.') });
    expect(await ask(door.port, '/app-server-info')).toMatchObject({
      status: 503,
      body: '{"error":"Nobody is there."}',
    });
  });

  it('fail to find a door where one is already', async () => {
    const door = await aDoor();
    const listen = readListenUrl(`ws://127.0.0.1:${door.port}`);
    if (isProblem(listen)) throw new Error(listen.message);
    const second = await listenAppServer({
      listen,
      checkToken: null,
      info: async () => ({}),
      accept: () => undefined,
    });
    expect(second).toMatchObject({ code: 'address_in_use', message: expect.stringContaining('port 0') });
  });
});

describe.runIf(haveCaptures())('what a stock app-server answered', () => {
  type Line = {
    event?: string;
    url?: string;
    headers?: Headers;
    method?: string;
    socket?: string;
  } & Partial<Answered>;

  it.each([
    ['30-app-server-connect', false, 16],
    ['30-app-server-auth', true, 10],
  ])('%s: is answered the same', async (name, auth, count) => {
    const door = await aDoor({ auth });
    const lines = readCapture(`0.32.18/${name}`) as unknown as Line[];
    let compared = 0;
    for (const [index, { event, url = '', headers = {}, method }] of lines.entries()) {
      const [answered] = lines.slice(index + 1).filter((line) => line.event !== 'note');
      if ((event !== 'http_request' && event !== 'ws_connect') || !answered) continue;
      const { pathname, search } = new URL(url);
      const ours =
        event === 'ws_connect'
          ? await upgrade(door.port, pathname + search, headers)
          : await ask(door.port, pathname + search, headers, method);
      compared += 1;
      if (answered.event === 'ws_open') {
        expect(ours.status, `${url} ${JSON.stringify(headers)}`).toBe(101);
        continue;
      }
      const { status, reason = ours.reason, body } = answered;
      expect(ours, `${url} ${JSON.stringify(headers)}`).toMatchObject({ status, reason });
      if (typeof body === 'string') expect(ours.body).toBe(body);
      else if (body) expect(Object.keys(JSON.parse(ours.body))[0]).toBe(Object.keys(body)[0]);
      expect(ours.headers['content-type']).toBe(answered.headers?.['content-type']);
    }
    expect(compared).toBe(count);
  });
});
