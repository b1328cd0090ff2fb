import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits } from '../src/protocol/limits.ts';
import { type BrokerProcess, brokerProcess } from './support/broker-process.ts';
import { brand, type HonestSide, honestSide } from './support/honest-side.ts';
import { root, startNode } from './support/processes.ts';
import { hello, linkedAs, metadataOf, openLink, type RawLink, register, type Speaks } from './support/raw-link.ts';

// A device with a good token that says whatever it likes to a built broker, while another device streams a turn to its own clients. These
// get their events in order and soon, and nothing that is not theirs; the process lives, and takes no more memory for it than it may.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let broker: BrokerProcess;
let honest: HonestSide;
/** The attacker's own. */
let token: string;
/** Links that say no hello, and when they were opened. */
let silent: RawLink;

beforeAll(async () => {
  broker = await brokerProcess({ args: ['--no-runtime'] });
  honest = await honestSide(broker);
  token = broker.make({ kind: 'device', privileges: [] }).token;
  silent = await openLink(broker, token, (await register(broker, token, 'silent')).json.connectionId);
});
afterAll(() => broker.end());

type Deed = (link: RawLink) => void | Promise<void>;
const evil = (n: unknown) => ({
  type: 'stream_delta',
  runtime: honest.scope,
  delta: { message_type: 'assistant_message', id: brand, content: brand },
  event_seq: n,
  log_id: `log-${honest.scope.agent_id}/${honest.scope.conversation_id}`,
  idempotency_key: `stream_delta:log-${honest.scope.agent_id}/${honest.scope.conversation_id}:${n}`,
});

const deeds: readonly (readonly [what: string, deed: Deed, ends?: number])[] = [
  [
    "answers with the stamps of another's client",
    (link) => {
      for (const request_id of [`${honest.session}:open`, `${honest.session}!`, `${honest.session}:asked-9`]) {
        link.send({ type: 'agent_list_response', request_id, success: true, agents: [{ id: brand }] });
        link.send({ type: 'error', request_id, code: 'internal', message: brand });
        link.send({ type: 'sync_response', request_id, success: true, runtime: honest.scope, log_id: brand });
        link.send({ type: 'no_such_type', request_id, brand });
      }
    },
  ],
  [
    "tells events of another's conversation",
    (link) => {
      for (let n = 1; n < 50; n++) link.send(evil(n));
      for (const type of ['update_loop_status', 'update_queue', 'update_device_status', 'turn_finished', 'file_ops'])
        link.send({ ...evil(1), type, turn_id: brand, queue: [{ id: brand }], log_id: brand });
    },
  ],
  [
    'forges the numbers of events',
    (link) => {
      const numbers = [0, -1, 1.5, 2 ** 53, Number.MAX_SAFE_INTEGER, 5, 5, 4, 1e300, null, '7', {}, [1], true];
      for (const n of numbers) link.send(evil(n));
      link.send(JSON.stringify(evil(1)).replace('"event_seq":1', '"event_seq":1e999'));
      link.send(JSON.stringify(evil(1)).replace('"event_seq":1', '"event_seq":NaN'));
    },
    1008,
  ],
  [
    "shows how another's conversation is",
    (link) => {
      for (const request_id of [undefined, `${honest.session}:first`, `${honest.session}!`]) {
        const snapshot = { runtime: honest.scope, snapshot: true, event_seq: 1, request_id, brand };
        for (const type of ['update_device_status', 'update_loop_status', 'update_queue'])
          link.send({ type, ...snapshot, queue: [], loop_status: { status: brand } });
        const request = { subtype: 'can_use_tool', tool_name: brand, tool_call_id: brand, input: {} };
        link.send({ type: 'control_request', ...snapshot, request_id: 'perm-1', request });
        link.send({ type: 'control_request', ...evil(1), request_id: 'perm-1', request });
      }
    },
  ],
  [
    'speaks for the broker, and to holders',
    (link) => {
      const holder = `${honest.session}:open`;
      link.send({ type: 'external_tool_call_request', holder, request_id: brand, runtime: honest.scope });
      link.send({ type: 'client_gone', request_id: `${honest.session}!`, brand });
      link.send({ type: 'device_presence', online: false, since: 0, connection_name: brand });
      link.send({ type: 'broker_hello', feed_id: brand, have: 0, inbox_id: brand, first: 0 });
      link.send({ type: 'listener_ready', connection_generation: brand, connection_attempt: 1 });
      const receipt = { runtime: honest.scope, client_message_id: brand, state: 'done', authority: 'broker', at: 1 };
      link.send({ type: 'input_receipt', ...receipt });
      for (const type of ['status', 'cancel_ack', 'run_started', 'queue_cleared', 'mode_changed'])
        link.send({ type, ...receipt });
    },
  ],
  [
    "bears the broker's own fields, once or twice",
    (link) => {
      const auth = { principal: 'owner', privileges: ['admin'], origin: 'private' };
      link.send({ ...evil(1), seq: 1_000_000, auth, holder: `${honest.session}:x`, inbox: 1 });
      const text = JSON.stringify({ ...evil(2), seq: 9 });
      link.send(`${text.slice(0, -1)},"seq":1,"seq":2,"type":"stream_delta","runtime":${JSON.stringify(honest.scope)}}`);
      link.send(`{"type":"ping","type":"stream_delta",${text.slice(1)}`);
      link.send(`${JSON.stringify(evil(3))} \n\t`);
    },
  ],
  [
    'sends a frame of 39 MiB',
    async (link) => {
      link.send({ ...evil(1), brand: brand.repeat((39 * 1024 * 1024) / brand.length) });
      await link.flushed();
    },
  ],
  ['sends a frame that is too large', (link) => link.send(`"${'x'.repeat(limits.frameFromDevice)}"`), 1009],
  [
    'sends a frame that is too large in pieces',
    async (link) => {
      const piece = 'x'.repeat(1024 * 1024);
      link.send(`{"type":"${brand}","x":"`, { fin: false });
      for (let n = 0; n < 41 && link.socket.readyState === 1; n++) {
        link.send(piece, { fin: false });
        await link.flushed();
      }
    },
    1009,
  ],
  [
    'nests deeply',
    (link) => {
      for (const levels of [65, 900, 1_001, 100_000])
        link.send(JSON.stringify({ ...evil(1), brand: '@' }).replace('"@"', `${'['.repeat(levels)}${']'.repeat(levels)}`));
    },
  ],
  [
    'sends bytes for text',
    (link) => {
      link.send(Buffer.from(JSON.stringify(evil(1))), { binary: true });
      link.send(JSON.stringify(evil(2)), { binary: true });
    },
  ],
  ['sends bytes that are no text', (link) => link.send(Buffer.from([0xff, 0xfe, 0x00])), 1007],
  ['sends binary that is no text', (link) => link.send(Buffer.from([0xff, 0xfe, 0x00]), { binary: true }), 1008],
  ['sends half a frame', (link) => link.send(JSON.stringify(evil(1)).slice(0, 40)), 1008],
  ['greets twice', (link) => link.send(hello()), 1008],
  [
    'names itself by the things that every object has',
    (link) => {
      for (const name of ['__proto__', 'constructor', 'toString']) {
        const runtime = { agent_id: name, conversation_id: name };
        link.send(`{"type":"${name}","runtime":${JSON.stringify(runtime)},"__proto__":{"${brand}":1}}`);
        link.send({ ...evil(1), runtime, log_id: name });
        link.send({ ...evil(1), type: 'update_queue', queue: [{ id: { toString: 1 } }] });
      }
    },
  ],
];

describe.each(Object.keys(metadataOf) as Speaks[])('[LINK-4] a hostile %s device that', (speaks) => {
  it.each(deeds)('%s reaches nobody else', async (_what, deed, ends) => {
    const name = `${brand}-${deviceNumber++}`;
    const link = await linkedAs(broker, token, name, speaks);
    const own = await broker.client(name, broker.make().token);
    own.send({ type: 'sync', runtime: honest.scope, request_id: brand });
    const latest = await honest.turnDuring(async () => {
      await deed(link);
      if (ends === undefined) await link.flushed();
      else if (speaks === 'farhand' || ends !== 1008) expect((await link.closed).code).toBe(ends);
    });
    console.log(_what, latest);
    await undisturbed();
    // Its own clients are told what it says, and hear of its end.
    link.socket.terminate();
    own.send({ type: 'sync', runtime: honest.scope, request_id: 'after' });
    await own.until(({ type, request_id }) => type === 'sync_response' && request_id === 'after');
    own.close();
  });
});
let deviceNumber = 0;

/** The honest device is there, works for its clients, and every question has its one answer. */
async function undisturbed(): Promise<void> {
  expect(broker.isAlive()).toBe(true);
  expect(honest.device.closed).toBeNull();
  const { farhand } = honest.clients;
  const from = farhand.frames.length;
  await farhand.ask({ type: 'approvals_list' });
  await farhand.ask({ type: 'ping' });
  expect(farhand.frames.slice(from).map(({ type }) => type)).toEqual(['approvals_list_response', 'pong']);
}
