import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { onTestFinished } from 'vitest';
import { isDialFailure } from '../link/dial-failure.ts';
import { dial } from '../link/node/websocket.ts';
import type { Pipe } from '../link/pipe.ts';
import { type Recorder, record } from '../link/recorder.ts';
import { virtualClock } from '../link/virtual-clock.ts';
import { privileges } from '../protocol/privileges.ts';
import type { HubClient } from './access/principal.ts';
import { type BrokerOptions, brokerOn } from './broker.ts';
import type { BrokerEvent } from './log.ts';
import type { DeviceLink } from './station/device-link.ts';
import type { Station } from './station/station.ts';
import { openTokens } from './store/sqlite-tokens.ts';
import { openBrokerStore } from './store/store.ts';
import type { TokenKind, TokenRequest } from './store/tokens.ts';

/** Of the requests that a test makes without a server. */
export const base = 'http://127.0.0.1:8283';

/** A station that notes who comes, and answers what a test says. */
export type TestStation = Station & {
  readonly links: DeviceLink[];
  readonly clients: { readonly pipe: Pipe; readonly client: HubClient }[];
};

export type TestGround = ReturnType<typeof testGround>;

/** A broker with real stores in a folder of its own, whose stations are stand-ins. */
export function testGround(
  options: Partial<BrokerOptions> = {},
  answer: (pipe: Pipe, text: string) => void = () => undefined,
) {
  const home = mkdtempSync(join(tmpdir(), 'farhand-broker-'));
  const clock = virtualClock();
  const log: BrokerEvent[] = [];
  const stations: TestStation[] = [];
  const tokens = openTokens(home);
  const trouble: unknown[] = [];
  const onTrouble = (what: string, error: unknown) => trouble.push(what, error);
  const stores = openBrokerStore(home, { clock, onTrouble, durability: 'process' });
  let minted = 0;
  const broker = brokerOn(
    { stores, tokens, createStation: () => testStation(stations, answer) },
    {
      home,
      version: '0.0.0',
      clock,
      mint: () => `01TEST${minted++}`,
      log: (event) => log.push(event),
      ...options,
    },
  );
  onTestFinished(async () => {
    const closed = broker.close();
    await clock.advance(5_000);
    await closed;
    rmSync(home, { recursive: true });
  });

  function make(kind: TokenKind, more: Partial<TokenRequest> = {}) {
    const all = kind === 'client' ? privileges : [];
    const request = {
      kind,
      name: 'test',
      privileges: all,
      devices: null,
      agents: null,
      expiresAt: null,
      ...more,
    };
    return tokens.create(request, clock.now());
  }
  const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await broker.fetch(new Request(`${base}${path}`, { method, headers, ...sent }));
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: text === '' ? null : JSON.parse(text),
    };
  };
  const register = async (token: string, more: Readonly<Record<string, unknown>> = {}) => {
    const body = { deviceId: 'device-1', connectionName: 'desk', ...more };
    return ask('POST', '/v1/environments/register', bearer(token), body);
  };
  return { home, clock, log, trouble, stations, tokens, stores, broker, make, ask, register };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The broker behind a real server. `open` gives the status of a refused upgrade, or the socket, listened to. */
export async function atPort({ broker }: Pick<TestGround, 'broker'>) {
  const answer = getRequestListener((request, { incoming }) => broker.fetch(request, { incoming } as never), {
    overrideGlobalObjects: false,
  });
  const server = createServer((request, response) => void answer(request, response));
  server.on('upgrade', (request, socket, head) => broker.upgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    async open(path: string, headers: Record<string, string> = {}): Promise<Opened> {
      const dialled = await dial(`ws://${host}${path}`, { headers });
      if (isDialFailure(dialled)) return { status: dialled.status ?? 0, said: dialled.message };
      onTestFinished(() => dialled.close(1006));
      return { status: 101, pipe: dialled, heard: record(dialled) };
    },
  };
}

export type Opened =
  | { readonly status: 101; readonly pipe: Pipe; readonly heard: Recorder }
  | { readonly status: number; readonly said: string };

export function connected(opened: Opened): Extract<Opened, { pipe: Pipe }> {
  if ('pipe' in opened) return opened;
  throw new Error(`refused: ${opened.said}`);
}

function testStation(all: TestStation[], answer: (pipe: Pipe, text: string) => void): TestStation {
  const links: DeviceLink[] = [];
  const clients: TestStation['clients'] = [];
  const station: TestStation = {
    links,
    clients,
    get online() {
      return links.some(({ pipe }) => pipe.open);
    },
    hub: {
      accept(pipe, client) {
        clients.push({ pipe, client });
        pipe.listen({ message: (text) => answer(pipe, text), closed: () => undefined });
      },
      hear: () => undefined,
      caughtUp: () => undefined,
      followed: () => [],
      sessions: 0,
      stats: () => {
        throw new Error('nobody asks a stand-in');
      },
      close: () => undefined,
    },
    connect(link) {
      links.push(link);
      link.pipe.listen({ message: () => undefined, closed: () => undefined });
    },
    close(code, reason) {
      for (const { pipe } of [...links, ...clients]) pipe.close(code, reason);
    },
  };
  all.push(station);
  return station;
}
