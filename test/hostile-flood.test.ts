import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BrokerProcess, brokerProcess } from './support/broker-process.ts';
import type { Flood } from './support/flood.ts';
import { brand, type HonestSide, honestSide } from './support/honest-side.ts';
import type { Peer } from './support/peer.ts';
import { root, startNode } from './support/processes.ts';
import { hello, linkedAs, openSocket, type RawLink, register, type Speaks } from './support/raw-link.ts';

// Devices, and clients in league with them, that send a built broker more than it can ever keep, which has little memory.
// Another device streams a turn meanwhile, and its clients get it, all of it and soon.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const mib = 1024 * 1024;
/** On a machine that has little else to do it is a tenth of this. */
const soonMs = 5_000;

let broker: BrokerProcess;
let honest: HonestSide;
/** The attackers' own. */
let token: string;
let devices = 0;

/** With so many MiB of memory for what it keeps. */
async function begin(heapMiB: number): Promise<void> {
  broker = await brokerProcess({
    args: ['--no-runtime'],
    env: { NODE_OPTIONS: `--max-old-space-size=${heapMiB}` },
  });
  honest = await honestSide(broker);
  token = broker.make({ kind: 'device', privileges: [] }).token;
}

const runtime = (conversation_id: string) => ({ agent_id: brand, conversation_id });
const event = (more: object) =>
  JSON.stringify({ runtime: runtime('one'), event_seq: '{n}', log_id: 'l', ...more });
const delta = { type: 'stream_delta', delta: { message_type: 'assistant_message', id: 'm', content: brand } };
const loop = { status: 'PROCESSING_API_RESPONSE', active_run_ids: ['run-{n}'] };
const waiting = (input: string) => ({
  is_processing: true,
  pending_control_requests: [
    { request_id: 'perm-{n}', request: { subtype: 'can_use_tool', input: { input } } },
  ],
});

const floods: [what: string, frame: () => string, count: number][] = [
  ['events', () => event(delta), 100_000],
  ["events in another's conversation", () => event({ ...delta, runtime: honest.scope }), 20_000],
  ['conversations', () => event({ ...delta, runtime: runtime('conv-{n}') }), 40_000],
  [
    'queues',
    () => event({ type: 'update_queue', runtime: runtime('c{n}'), queue: [{ id: 'q{n}' }] }),
    20_000,
  ],
  ['loops', () => event({ type: 'update_loop_status', runtime: runtime('c{n}'), loop_status: loop }), 20_000],
  [
    'receipts',
    () => JSON.stringify({ type: 'input_receipt', runtime: runtime('c{n}'), state: 'done' }),
    20_000,
  ],
  ['signs of life', () => '{"type":"ping"}', 100_000],
  [
    'answers',
    () => JSON.stringify({ type: 'error', request_id: `${honest.session}:{n}`, message: brand }),
    50_000,
  ],
];
const kinds: readonly Speaks[] = ['farhand', 'stock', 'stock-0.25'];

describe('[LINK-4] a device that floods', () => {
  beforeAll(() => begin(192));
  afterAll(() => broker.end());

  it.each(floods)('with %s reaches nobody else', async (_what, frame, count) => {
    const attackers = await Promise.all(kinds.map(attacker));
    const [farhand = '', ...stock] = attackers.map(({ url }) => url);
    const common = { token, frame: frame(), count: Math.ceil(count / kinds.length) };
    const latest = await honest.turnDuring(() =>
      Promise.all([
        flooded({ ...common, urls: [farhand], hello: JSON.stringify(hello()) }),
        flooded({ ...common, urls: stock, hello: null }),
      ]),
    );
    expect(latest).toBeLessThan(soonMs);
    await undisturbed();
    for (const { own } of attackers) own.close();
  });
});

describe('[LINK-3] more than there is memory for', () => {
  beforeAll(() => begin(128));
  afterAll(() => broker.end());

  it('in requests for a person costs nobody else anything', async () => {
    const { url, own } = await attacker('stock-0.25');
    const frame = event({
      type: 'update_device_status',
      runtime: runtime('c{n}'),
      device_status: waiting('{padding}'),
    });
    const flood = { token, urls: [url], hello: null, frame, count: 160, padding: mib };
    expect(await honest.turnDuring(() => flooded(flood))).toBeLessThan(soonMs);
    await undisturbed();
    own.close();
  });

  it('in commands that a device does not answer costs nobody else anything', async () => {
    const { name, link } = await silentDevice();
    const own = await broker.client(name, broker.make().token, { farhand: '1' });
    const latest = await honest.turnDuring(async () => {
      const body = { summary: 'x'.repeat(mib) };
      for (let n = 0; n < 160; n++) {
        own.send({ type: 'conversation_create', request_id: `c-${n}`, body });
        if (n % 20 === 19) await own.ask({ type: 'ping' });
      }
      const last = await own.until(({ request_id }) => request_id === 'c-159');
      expect(last).toMatchObject({ success: false, error_code: 'device_offline' });
    });
    expect(latest).toBeLessThan(soonMs);
    await undisturbed();
    link.socket.terminate();
    own.close();
  });

  it('in the answer to a sync that is not read costs nobody else anything', async () => {
    const { name, link } = await silentDevice();
    const scope = runtime('one');
    const path = `/v1/environments/${name}/status/ws?farhand=1`;
    const own = openSocket(broker, broker.make().token, path);
    await once(own, 'open');
    own.send(JSON.stringify({ type: 'sync', request_id: 'begin', runtime: scope }));
    const { request_id } = await link.until('sync');
    // From now on it reads nothing.
    own.pause();
    const latest = await honest.turnDuring(async () => {
      for (let n = 1; n <= 24; n++)
        link.send({ ...delta, runtime: scope, event_seq: n, log_id: 'l', padding: 'x'.repeat(mib) });
      for (let n = 0; n < 160; n++) {
        const status = { status: 'x'.repeat(mib) };
        const snapshot = { runtime: scope, snapshot: true, event_seq: 24, request_id };
        link.send({ type: 'update_loop_status', ...snapshot, loop_status: status });
        if (n % 20 === 19) await link.flushed();
      }
      link.send({ type: 'ping' });
      await link.until('pong');
    });
    expect(latest).toBeLessThan(soonMs);
    await undisturbed();
    link.socket.terminate();
    own.terminate();
  });
});

/** A device that may be dialled, and a client of the first generations, for whom the most is done, that hears everything it says. */
async function attacker(speaks: Speaks): Promise<{ readonly url: string; readonly own: Peer }> {
  const name = `${brand}-${speaks}-${++devices}`;
  const { json } = await register(broker, token, name, speaks);
  return { url: String(json.wsUrl), own: await broker.client(name, broker.make().token) };
}

async function silentDevice(): Promise<{ readonly name: string; readonly link: RawLink }> {
  const name = `${brand}-silent-${++devices}`;
  return { name, link: await linkedAs(broker, token, name) };
}

/** Resolves when all of it has left the process that floods. */
async function flooded(flood: Flood): Promise<void> {
  const started = startNode([resolve(root, 'test/support/flood.ts'), JSON.stringify(flood)], { cwd: root });
  await started.watch((output) => (output.includes('done') ? true : undefined));
  await started.end();
}

/** The broker lives within its bounds, and the honest device and its clients go on. */
async function undisturbed(): Promise<void> {
  expect(broker.isAlive(), broker.written().slice(-3_000)).toBe(true);
  expect(honest.device.closed).toBeNull();
  expect(await honest.clients.farhand.ask({ type: 'approvals_list' })).toMatchObject({ success: true });
  expect(broker.memory()).toBeLessThan(640 * mib);
}
