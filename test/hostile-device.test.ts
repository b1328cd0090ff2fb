import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits } from '../src/protocol/limits.ts';
import { type BrokerProcess, brokerProcess } from './support/broker-process.ts';
import { brand, type HonestSide, honestSide } from './support/honest-side.ts';
import {
  hello,
  linkedAs,
  metadataOf,
  openLink,
  type RawLink,
  register,
  type Speaks,
} from './support/raw-link.ts';

// A device with a good token that says whatever it likes to a built broker, while another device streams a turn to its own clients. These
// get their events in order and soon, and nothing that is not theirs; the process lives, and takes no more memory for it than it may.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let broker: BrokerProcess;
let honest: HonestSide;
/** The attacker's own. */
let token: string;
/** A link that says no hello. */
let silent: RawLink;

beforeAll(async () => {
  broker = await brokerProcess({ args: ['--no-runtime'] });
  honest = await honestSide(broker);
  token = broker.make({ kind: 'device', privileges: [] }).token;
  silent = await openLink(broker, token, (await register(broker, token, 'silent')).json.connectionId);
});
afterAll(() => broker.end());

const greetedTwice = 1008;
type Deed = (link: RawLink) => void | Promise<void>;
const evil = (n: unknown) => ({
  type: 'stream_delta',
  runtime: honest.scope,
  delta: { message_type: 'assistant_message', id: brand, content: brand },
  event_seq: n,
  log_id: `log-${honest.scope.agent_id}/${honest.scope.conversation_id}`,
  idempotency_key: `stream_delta:log-${honest.scope.agent_id}/${honest.scope.conversation_id}:${n}`,
});

const deeds: [what: string, deed: Deed, ends?: number][] = [
  [
    "answers with the stamps of another's client",
    (link) => {
      for (const request_id of [
        `${honest.session}:open`,
        `${honest.session}!`,
        `${honest.session}:asked-9`,
      ]) {
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
      const types = [
        'update_loop_status',
        'update_queue',
        'update_device_status',
        'turn_finished',
        'file_ops',
      ];
      for (const type of types)
        link.send({ ...evil(1), type, turn_id: brand, queue: [{ id: brand }], log_id: brand });
    },
  ],
  [
    'forges the numbers of events',
    (link) => {
      const numbers = [
        0,
        -1,
        1.5,
        2 ** 53,
        Number.MAX_SAFE_INTEGER,
        5,
        5,
        4,
        1e300,
        null,
        '7',
        {},
        [1],
        true,
      ];
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
        link.send({ ...evil(1), type: 'control_request', request_id: 'perm-1', request });
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
      const receipt = {
        runtime: honest.scope,
        client_message_id: brand,
        state: 'done',
        authority: 'broker',
        at: 1,
      };
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
      link.send(
        `${text.slice(0, -1)},"seq":1,"seq":2,"type":"stream_delta","runtime":${JSON.stringify(honest.scope)}}`,
      );
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
        link.send(
          JSON.stringify({ ...evil(1), brand: '@' }).replace(
            '"@"',
            `${'['.repeat(levels)}${']'.repeat(levels)}`,
          ),
        );
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
  [
    'sends binary that is no text',
    (link) => link.send(Buffer.from([0xff, 0xfe, 0x00]), { binary: true }),
    1008,
  ],
  ['sends half a frame', (link) => link.send(JSON.stringify(evil(1)).slice(0, 40)), 1008],
  ['greets twice', (link) => link.send(hello()), greetedTwice],
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

describe('[LINK-4] a hostile device that', () => {
  it.each(deeds)('%s reaches nobody else', async (_what, deed, ends) => {
    const attackers = await Promise.all(
      kinds
        .map(async (speaks) => ({ speaks, name: `${brand}-${speaks}-${++rows}` }))
        .map(async (one) => {
          const { speaks, name } = await one;
          const link = await linkedAs(broker, token, name, speaks);
          const own = await broker.client(name, broker.make().token);
          own.send({ type: 'sync', runtime: honest.scope });
          return { speaks, name, link, own };
        }),
    );
    const latest = await honest.turnDuring(async () => {
      for (const { link } of attackers) await deed(link);
      for (const { link, speaks } of attackers) {
        if (ends === undefined) await link.flushed();
        // To a stock device no greeting is a second one.
        else if (speaks === 'farhand' || ends !== greetedTwice) expect((await link.closed).code).toBe(ends);
      }
    });
    expect(latest).toBeLessThan(soonMs);
    await undisturbed();
    for (const { link, own, name } of attackers) {
      link.socket.terminate();
      own.close();
      await served(name);
    }
  });
});

describe('a hostile device that is not who it says', () => {
  it("[SEC-8] registers under another's id is refused, and the other one keeps its link", async () => {
    const latest = await honest.turnDuring(async () => {
      for (const speaks of kinds)
        expect(await register(broker, token, honest.deviceId, speaks)).toMatchObject({ status: 403 });
    });
    expect(latest).toBeLessThan(soonMs);
    await undisturbed();
  });

  it("[REG-3] dials another's lease is told to register, and the other one keeps its link", async () => {
    await honest.turnDuring(async () => {
      for (const lease of [honest.connectionId, honest.deviceId, 'conn-none', '__proto__']) {
        const link = await openLink(broker, token, lease);
        expect((await link.closed).code).toBe(1008);
        expect(link.heard).toEqual([]);
      }
    });
    await undisturbed();
  });

  it("[REG-6] takes another's lease, environment or device for its own id is not taken for it", async () => {
    const { json } = await broker.ask('GET', `/v1/environments/${honest.deviceId}`, broker.make().token);
    for (const id of [json.id, json.connectionId]) {
      const link = await linkedAs(broker, token, String(id));
      const found = await broker.ask('GET', `/v1/environments/${id}`, broker.make().token);
      expect(found.json).toMatchObject({ deviceId: honest.deviceId });
      link.socket.terminate();
    }
    await undisturbed();
  });

  it('[REG-7] dials its own lease twice takes only its own place', async () => {
    const first = await linkedAs(broker, token, `${brand}-twice`);
    await honest.turnDuring(async () => {
      const second = await openLink(broker, token, first.connectionId);
      expect((await first.closed).code).toBe(1012);
      second.socket.terminate();
    });
    await undisturbed();
  });

  it('says nothing at all is closed after 15 s, and its own clients are told that it is away', async () => {
    const own = await broker.client('silent', broker.make().token);
    own.send({ type: 'agent_list', request_id: 'held' });
    expect(await silent.closed).toMatchObject({ code: 1008 });
    const answer = await own.until(({ request_id }) => request_id === 'held');
    expect(answer).toMatchObject({ success: false, error_code: 'device_offline' });
    own.close();
    await undisturbed();
  });

  it('[SEC-9] leaves no trace in the log but of itself', () => {
    const troubles = broker.log().filter(({ event }) => event === 'trouble');
    expect(troubles.filter(({ device }) => device === honest.deviceId)).toEqual([]);
    expect(troubles.filter(({ what }) => what === failedInside)).toEqual([]);
    expect(broker.written()).not.toMatch(/unhandled|uncaught|at .*\.js:\d/i);
    for (const secret of [token.slice(-40), token.slice(11, 31)])
      expect(broker.written()).not.toContain(secret);
  });
});

const kinds = Object.keys(metadataOf) as Speaks[];
const failedInside = 'what the device said could not be worked';
/** On a machine that has little else to do it is a hundredth of this, and for the largest frames a tenth. */
const soonMs = 5_000;
let rows = 0;

/** The honest device is there, works for its clients, and every question has its one answer. */
async function undisturbed(): Promise<void> {
  expect(broker.isAlive()).toBe(true);
  expect(honest.device.closed).toBeNull();
  const { farhand } = honest.clients;
  const { request_id } = await farhand.ask({ type: 'approvals_list' });
  expect(farhand.frames.filter((frame) => frame.request_id === request_id)).toHaveLength(1);
}

/** Whatever a device did, its own clients can come and ask for it. */
async function served(name: string): Promise<void> {
  const client = await broker.client(name, broker.make().token);
  expect(await client.ask({ type: 'sync', runtime: honest.scope })).toMatchObject({ success: true });
  client.close();
}
