import { describe, expect, it } from 'vitest';
import { fields, list } from '../../src/protocol/dialects/loose.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import { commandSpec, isSeedCommand, pushSpec, routeOf } from '../../src/protocol/routing.ts';
import { scopeKey, scopeOf } from '../../src/protocol/shapes.ts';
import { checkEvent, checkPush } from '../../src/protocol/validate.ts';
import { type CaptureLine, haveCaptures, readCapture } from '../../src/testing/captures.ts';
import type { Peer } from '../support/peer.ts';
import { brokerStand } from './broker-stand.ts';
import { type RecordedDevice, recordedDevice } from './recorded-device.ts';

// Both ends of a recording of Letta Code 0.32.18, its device and its client, with our broker between them.

/** The commands of the recording that the contract has, with what the device said until the next one. */
type Step = {
  readonly command: Frame | null;
  readonly said: { frame: Frame; socket: string }[];
  cut: boolean;
};

function stepsOf(capture: readonly CaptureLine[], says: (type: string) => boolean): Step[] {
  const steps: Step[] = [{ command: null, said: [], cut: false }];
  const unknown = new Set<unknown>();
  for (const { dir, frame, socket = '', event } of capture) {
    const step = steps.at(-1) as Step;
    if (event === 'ws_open' && steps.length > 1 && socket !== 'stream') step.cut = true;
    if (!frame) continue;
    if (dir === 'broker->runtime' && frame.type !== 'pong') {
      if (says(frame.type)) steps.push({ command: frame, said: [], cut: false });
      else unknown.add(frame.request_id);
    }
    const answersUnknown = routeOf(frame.type)?.kind !== 'event' && unknown.has(frame.request_id);
    if (dir === 'runtime->broker' && frame.type !== 'ping' && !answersUnknown)
      step.said.push({ frame, socket });
  }
  return steps;
}

type Heard = {
  readonly peer: Peer;
  readonly device: RecordedDevice;
  readonly sent: Frame[];
  readonly asked: Frame[];
};

/** Plays it, each command when the client has heard all that came before. */
async function play(name: string, query: string, says = isCommand): Promise<Heard> {
  const broker = await brokerStand({ splitChannels: name.includes('split') });
  const device = await recordedDevice(broker);
  const peer = await broker.client(device.deviceId, query);
  const heard: Heard = { peer, device, sent: [], asked: [] };
  let asked = 0;
  /** The names under which the device got the commands, by those that they have in the recording. */
  const names = new Map<unknown, unknown>();
  for (const { command, said, cut } of stepsOf(readCapture(name), says)) {
    if (command) names.set(command.request_id, (await give(heard, command, ++asked))?.request_id);
    for (const { frame, socket } of said) {
      const isReply = routeOf(frame.type)?.kind === 'reply';
      const request_id = names.get(frame.request_id);
      if (isReply && request_id === undefined) continue;
      device.send(isReply ? { ...frame, request_id } : frame, socket);
      if (typeof frame.event_seq === 'number') heard.sent.push(frame);
    }
    await peer.watch(
      () => (eventsOf(peer).length >= heard.sent.length ? true : undefined),
      () => `Event ${heard.sent.length} of ${name}`,
    );
    if (cut) await device.dialAgain();
  }
  for (const { request_id, type } of heard.asked) {
    const answered = () => peer.frames.some((frame) => frame.request_id === request_id) || undefined;
    await peer.watch(answered, () => `An answer to ${type}`);
  }
  return heard;
}

const isCommand = (type: string): boolean => commandSpec(type) !== null;

/** Sends a command; returns it as the device got it, or nothing where the broker answered it alone. */
async function give({ peer, device, asked }: Heard, command: Frame, n: number): Promise<Frame | undefined> {
  // One that was given without a name was not answered when it was recorded.
  const named = command.request_id !== undefined;
  const frame = named ? { ...command, request_id: `asked-${n}` } : command;
  const from = peer.frames.length;
  peer.send(frame);
  const answered = () =>
    named && peer.frames.slice(from).some(({ request_id }) => request_id === frame.request_id);
  await new Promise<void>((resolve) => {
    device.onCommand(resolve);
    if (device.commands.length > 0) return resolve();
    peer
      .watch(
        () => answered() || undefined,
        () => `An answer to ${command.type}`,
      )
      .then(
        () => resolve(),
        () => resolve(),
      );
  });
  const got = device.next();
  if (named && commandSpec(command.type)?.reply) asked.push(frame);
  return got;
}

const eventsOf = (peer: Peer): Frame[] =>
  peer.frames.filter(
    ({ type, event_seq, snapshot }) =>
      typeof event_seq === 'number' && snapshot !== true && routeOf(type)?.kind === 'event',
  );

/** An event but for what a broker renumbers and adds. */
function content({ event_seq, idempotency_key, log_id, seq, input_hash, ...event }: Frame): unknown {
  const { pending_control_requests, ...status } = fields(event.device_status);
  const pending = list(pending_control_requests).map((one) => ({ ...fields(one), input_hash: undefined }));
  return event.device_status === undefined ? event : { ...event, device_status: { ...status, pending } };
}

const recordings = [
  '0.32.18/03-text-turn',
  '0.32.18/03-text-turn-split',
  '0.32.18/03-reasoning-turn',
  '0.32.18/04-tool-turn',
  '0.32.18/05-approval',
  '0.32.18/06-queue',
  '0.32.18/07-abort',
  '0.32.18/09-device-state',
  '0.32.18/18-reconnect-approval',
];

describe.runIf(haveCaptures())(
  'recorded devices and clients of Letta Code 0.32.18 through our broker',
  () => {
    it.each(recordings)('[SEQ-5] %s: the client is told what the device said, in its order', async (name) => {
      const { peer, sent, asked } = await play(name, '?channel=control');
      const events = eventsOf(peer);
      // Two sockets are read in any order; the device's numbers say which it was.
      if (name.includes('split')) sent.sort((a, b) => Number(a.event_seq) - Number(b.event_seq));
      expect(events.map(content)).toEqual(sent.map(content));
      const heads = new Map<string, number>();
      for (const frame of events) {
        expect(checkEvent(frame)).toMatchObject({ ok: true });
        const scope = scopeOf(frame.runtime);
        const log = `${scope && scopeKey(scope)} ${frame.log_id}`;
        expect(frame.event_seq).toBe((heads.get(log) ?? Number(frame.event_seq) - 1) + 1);
        heads.set(log, Number(frame.event_seq));
      }
      // [SEQ-3]
      const numbers = peer.frames.map(({ seq }) => Number(seq));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      for (const { request_id, type } of asked) {
        const replies = peer.frames.filter((frame) => frame.request_id === request_id);
        expect([type, replies.map((frame) => frame.type)]).toEqual([type, [replyTypeOf(type)]]);
      }
    });

    it('[CONTRACT-2] tell a client of the first documents the same in its words too', async () => {
      const name = '0.32.18/06-queue';
      const first = readCapture(name).find(({ frame }) => typeof frame?.event_seq === 'number')?.frame;
      const { agent_id, conversation_id } = fields(first?.runtime);
      const query = `?agentId=${agent_id}&conversationId=${conversation_id}&channel=stream`;
      const { peer, sent } = await play(name, query, isSeedCommand);
      expect(eventsOf(peer).map(content)).toEqual(sent.map(content));
      const made = peer.frames.filter(({ type }) => pushSpec(type)?.summary.startsWith('Made by the hub'));
      for (const frame of made) expect(checkPush(frame)).toMatchObject({ ok: true });
      const kinds = new Set(made.map(({ type }) => type));
      for (const type of ['run_started', 'run_completed', 'queue_item_enqueued', 'queue_batch_dequeued'])
        expect(kinds).toContain(type);
    });
  },
);

const replyTypeOf = (type: string): string | undefined => commandSpec(type)?.reply?.type;
