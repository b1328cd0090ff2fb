import { expect, it, vi } from 'vitest';
import { memoryPair } from '../src/link/memory.ts';
import { type ErrorCode, errorTable, isErrorCode } from '../src/protocol/errors.ts';
import type { Random } from '../src/testing/chaos-random.ts';
import { LinkedDevice } from '../src/testing/linked-device.ts';
import { type BrokerInProcess, brokerInProcess } from './support/broker-in-process.ts';
import { framesPerDoor, fuzz } from './support/fuzz.ts';
import { type Fields, frameSource } from './support/mutated-frames.ts';
import { metadataOf } from './support/raw-link.ts';

// The requests of a broker: whatever is asked, there is one answer, in JSON, with a code of the table, and never that the broker failed.

vi.setConfig({ testTimeout: 600_000 });

const answered: ReadonlySet<number> = new Set([200, 400, 401, 403, 404, 405, 409, 413, 429, 503]);

it('[ERR-2] requests of any kind are answered with a code of the table', async () => {
  await fuzz('requests of any kind', async (random) => {
    const ground = brokerInProcess();
    const { broker, clock, log } = ground;
    linked(ground);
    const tokens = await everyToken(ground);
    const source = frameSource(random);
    const statuses = new Map<number, number>();
    for (let sent = 0; sent < framesPerDoor; sent++) {
      const { method, path, body } = random.pick(requests)(source.mutated, random);
      const headers = headersOf(random, tokens);
      const text = source.text(body, 0.05);
      const request = new Request(`http://127.0.0.1:8283${path}`, {
        method,
        headers,
        ...(method === 'POST' && { body: text }),
      });
      const response = await broker.fetch(request);
      const said = `${method} ${path} ${JSON.stringify(headers)} ${text.slice(0, 500)}`;
      const json = (await response.json()) as Fields;
      expect(answered.has(response.status), `${response.status} to ${said}`).toBe(true);
      if (response.status !== 200) {
        const { errorCode, message } = json;
        expect(typeof message === 'string' && isErrorCode(String(errorCode)), said).toBe(true);
        expect(errorTable[errorCode as ErrorCode].http, said).toBe(response.status);
      }
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      if (sent % 100 === 99) await clock.advance(1_000);
    }
    expect(log.filter(({ event }) => event === 'trouble')).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const written = JSON.stringify(log);
    for (const token of tokens) expect(written).not.toContain(token.slice(12));
    // Enough of them were good, and enough bad in every way.
    for (const status of [200, 400, 401, 403, 404])
      expect(statuses.get(status), `${status}`).toBeGreaterThan(20);
    for (const { hub } of ground.stations) expect(hub.sessions).toBe(0);
    await ground.close();
    expect(clock.pending).toBe(0);
  });
});

type Mutated = ReturnType<typeof frameSource>['mutated'];
type Asked = { readonly method: string; readonly path: string; readonly body: Fields };

const selectors = [
  'device-1',
  'device-1',
  'device-2',
  'env-1',
  '__proto__',
  '%00',
  '..%2f',
  '%E0%A4%A',
  'x'.repeat(300),
];
const paths = [
  '/v1/environments/',
  '//v1//environments//',
  '/v1/environments/device-1/nothing',
  '/v1/tickets',
  '/readyz',
];
const messages = [{ role: 'user', content: 'hello', client_message_id: 'cm-1' }];

/** A body without its type, which no request has. */
const changed = (mutated: Mutated, own: Fields): Fields => {
  const { type: _, ...body } = mutated('ping', own);
  return body;
};

const requests: readonly ((mutated: Mutated, random: Random) => Asked)[] = [
  (mutated, random) => {
    const deviceId = random.pick(['device-1', 'device-2', `device-${random.int(3, 2_000)}`]);
    const speaks = random.pick(['farhand', 'stock', 'stock-0.25'] as const);
    const own = { deviceId, listenerInstanceId: null, connectionName: 'x', metadata: metadataOf[speaks] };
    return { method: 'POST', path: '/v1/environments/register', body: changed(mutated, own) };
  },
  (mutated, random) => {
    const own = { messages, agentId: 'agent-1', conversationId: 'default', otid: null };
    return {
      method: 'POST',
      path: `/v1/environments/${random.pick(selectors)}/messages`,
      body: changed(mutated, own),
    };
  },
  (mutated) => ({ method: 'POST', path: '/v1/tickets', body: changed(mutated, {}) }),
  (_mutated, random) => ({
    method: 'GET',
    path: `/v1/environments?limit=${random.pick([1, 0, 'x', 1e9, '1e2'])}&after=${random.pick(selectors)}&onlineOnly=${random.pick(['true', '1', 'x'])}`,
    body: {},
  }),
  (_mutated, random) => ({ method: 'GET', path: `/v1/environments/${random.pick(selectors)}`, body: {} }),
  (_mutated, random) => ({
    method: random.pick(['GET', 'POST', 'DELETE']),
    path: random.pick(paths),
    body: {},
  }),
];

function headersOf(random: Random, tokens: readonly string[]): Record<string, string> {
  const token = random.pick([...tokens, ...tokens, 'nonsense', '']);
  const shown = random.pick([
    `Bearer ${token}`,
    `Bearer ${token}`,
    `Bearer ${token}`,
    `bearer  ${token} `,
    token,
  ]);
  return {
    ...(random.chance(0.95) && { authorization: shown }),
    ...(random.chance(0.03) && {
      origin: random.pick(['https://evil.example', 'null', 'http://127.0.0.1:8283']),
    }),
    ...(random.chance(0.03) && { host: random.pick(['evil.example', '127.0.0.1:8283', 'x', '[::1']) }),
    ...(random.chance(0.03) && { 'content-length': random.pick(['0', '9999999999']) }),
  };
}

/** A device that answers. */
function linked({ broker }: BrokerInProcess): void {
  const registration = { deviceId: 'device-1', listenerInstanceId: null, connectionName: 'x' };
  const lease = broker.enrol({ ...registration, metadata: metadataOf.farhand });
  if ('code' in lease) throw new Error(lease.message);
  const device = new LinkedDevice();
  const [near, far] = memoryPair();
  device.attach(near);
  broker.attach(lease, far);
}

async function everyToken({ make, clock }: BrokerInProcess): Promise<readonly string[]> {
  const expired = make({ expiresAt: clock.now() + 1 });
  await clock.advance(10);
  return [
    make(),
    make(),
    make({ kind: 'device', privileges: [] }),
    make({ kind: 'device', privileges: [], devices: ['device-2'] }),
    make({ privileges: ['observe'] }),
    make({ devices: ['device-2'] }),
    make({ agents: ['agent-2'] }),
    expired,
  ];
}
