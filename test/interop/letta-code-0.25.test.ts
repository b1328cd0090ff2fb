import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fields, list } from '../../src/protocol/dialects/loose.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import { checkEvent } from '../../src/protocol/validate.ts';
import type { Scripts } from '../../src/testing/model-script.ts';
import { startModelServer } from '../../src/testing/model-server.ts';
import type { Peer } from '../support/peer.ts';
import type { Started } from '../support/processes.ts';
import { type BrokerStand, brokerStand } from './broker-stand.ts';
import { installLettaCode, type LettaHome, letRemote, lettaHome, makeAgent } from './letta-code.ts';

// The published program, through a whole broker, against a model server that says what its script says.

const scripts: Scripts = {
  held: [{ text: 'One two three four. '.repeat(4), pieces: 8, hold: 'held', holdAfter: 3 }],
  nap: [
    {
      calls: [{ name: 'Bash', arguments: { command: 'sleep 3', description: 'Waits a little' } }],
    },
    { text: 'Awake.' },
  ],
  again: [{ text: 'One two three four. '.repeat(4), pieces: 8, hold: 'again', holdAfter: 3 }],
};

type Stand = {
  readonly broker: BrokerStand;
  readonly place: LettaHome;
  readonly models: Awaited<ReturnType<typeof startModelServer>>;
  readonly runtime: { readonly agent_id: string; readonly conversation_id: string };
  readonly deviceId: string;
  readonly remote: Started;
};

async function stand(splitChannels: boolean): Promise<Stand> {
  const models = await startModelServer({ scripts });
  onTestFinished(() => models.close());
  const place = lettaHome(models.url);
  const agent_id = await makeAgent(place);
  const broker = await brokerStand({ splitChannels });
  const remote = letRemote(place, { url: broker.url, token: broker.deviceToken });
  const online = broker.logged(({ event }) => event === 'device_online');
  const failed = remote.ended.then(() => Promise.reject(new Error(`It ended:\n${remote.output()}`)));
  const { device } = await Promise.race([online, failed]);
  failed.catch(() => undefined);
  const runtime = { agent_id, conversation_id: 'default' };
  return { broker, place, models, runtime, deviceId: String(device), remote };
}

const message = (text: string, client_message_id: string) => ({
  kind: 'create_message',
  messages: [{ role: 'user', content: text, client_message_id }],
});

/** Everything that a conversation told, numbered without a hole. */
function eventsOf(peer: Peer): Frame[] {
  const events = peer.frames.filter(({ event_seq, snapshot }) => typeof event_seq === 'number' && !snapshot);
  const heads = new Map<unknown, number>();
  for (const frame of events) {
    expect(checkEvent(frame)).toMatchObject({ ok: true });
    const { log_id, event_seq } = frame;
    const head = heads.get(log_id);
    if (head !== undefined) expect(event_seq).toBe(head + 1);
    heads.set(log_id, Number(event_seq));
  }
  return events;
}

const spoken = (frames: readonly Frame[]): string =>
  frames
    .map(({ delta }) => fields(delta))
    .filter(({ message_type }) => message_type === 'assistant_message')
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : list(content).map((p) => fields(p).text),
    )
    .join('');

const isDelta = (type: string) => (frame: Frame) => fields(frame.delta).message_type === type;
const finished = ({ type }: Frame): boolean => type === 'turn_finished';
const receipt = (id: string, state: string) => (frame: Frame) =>
  frame.type === 'input_receipt' && frame.client_message_id === id && frame.state === state;

beforeAll(() => installLettaCode());

describe.each([
  ['one socket', false],
  ['two sockets', true],
])('Letta Code 0.25.9 on %s', (_, split) => {
  it('[SEQ-5] [IN-5] talks, asks, obeys and queues', async () => {
    const { broker, place, models, runtime, deviceId } = await stand(split);
    const peer = await broker.client(deviceId);
    const turn = async (text: string, id: string, until = finished) => {
      const from = peer.frames.length;
      const answer = await peer.ask({ type: 'input', runtime, payload: message(text, id) });
      expect(answer).toMatchObject({ type: 'input_accepted', accepted: true });
      return { from, frame: await peer.until(until, from), frames: () => peer.frames.slice(from) };
    };

    // How it is.
    expect(await peer.ask({ type: 'sync', runtime })).toMatchObject({ type: 'sync_response', success: true });
    const [seen] = fields(await broker.rest('/v1/environments?onlineOnly=true')).connections as Frame[];
    expect(seen).toMatchObject({ deviceId, connectionName: 'local-dev' });

    // Text.
    const text = await turn('Say it. #script=text40', 'cm-1');
    expect(text.frame).toMatchObject({ stop_reason: 'end_turn' });
    expect(spoken(text.frames())).toMatch(/^The scripted model says this .* Done\.$/);
    await peer.until(receipt('cm-1', 'handed_over'));

    // [IN-5] The same again is not worked again.
    const requests = models.requests.length;
    await peer.ask({ type: 'input', runtime, payload: message('Say it. #script=text40', 'cm-1') });
    expect(models.requests.length).toBe(requests);

    // A tool that a person allows, and one that a person denies.
    peer.send({ type: 'change_device_state', runtime, payload: { mode: 'standard' } });
    await peer.until(({ device_status }) => fields(device_status).current_permission_mode === 'standard');
    const marker = (name: string) => join(place.project, name);
    const asks = ({ type, snapshot }: Frame) => type === 'control_request' && snapshot !== true;
    const decide = async (frame: Frame, decision: object) =>
      expect(
        await peer.ask({
          type: 'input',
          runtime,
          payload: {
            kind: 'approval_response',
            request_id: frame.request_id,
            input_hash: frame.input_hash,
            decision,
          },
        }),
      ).toMatchObject({ type: 'input_accepted', accepted: true });
    const allowed = await turn(`#script=touch cwd="${place.project}" marker=yes`, 'cm-2', asks);
    expect(await peer.ask({ type: 'approvals_list' })).toMatchObject({ approvals: [{ runtime }] });
    await decide(allowed.frame, { behavior: 'allow' });
    await peer.until(finished, allowed.from);
    expect(existsSync(marker('yes'))).toBe(true);
    const denied = await turn(`#script=touch cwd="${place.project}" marker=no`, 'cm-3', asks);
    await decide(denied.frame, { behavior: 'deny', message: 'Not this one.' });
    await peer.until(finished, denied.from);
    expect(existsSync(marker('no'))).toBe(false);
    expect(await peer.ask({ type: 'approvals_list' })).toMatchObject({ approvals: [] });

    // A second input while the first is worked.
    const busy = await turn('First. #script=held', 'cm-4', isDelta('assistant_message'));
    const queued = await peer.ask({
      type: 'input',
      runtime,
      payload: message('Second. #script=short', 'cm-5'),
    });
    expect(queued).toMatchObject({ accepted: true, disposition: 'queued' });
    models.release('held');
    const first = await peer.until(finished, busy.from);
    await peer.until(finished, peer.frames.indexOf(first) + 1);
    expect(spoken(busy.frames())).toContain('That is all there is.');

    // An abort.
    const long = await turn('Long. #script=slow', 'cm-6', isDelta('assistant_message'));
    const aborted = await peer.ask({ type: 'abort_message', runtime });
    expect(aborted).toMatchObject({ type: 'abort_message_response', success: true, aborted: true });
    expect(await peer.until(finished, long.from)).toMatchObject({ stop_reason: 'cancelled' });
    expect(await peer.ask({ type: 'abort_message', runtime })).toMatchObject({ aborted: false });

    // What it does not know.
    expect(await peer.ask({ type: 'resume_queue', runtime })).toMatchObject({
      success: false,
      error_code: 'unsupported',
    });
    eventsOf(peer);
  });

  it('[LINK-5] goes on after the broker was restarted in the middle of text', async () => {
    const { broker, place, models, runtime, deviceId, remote } = await stand(split);
    const before = await broker.client(deviceId);
    expect(await before.ask({ type: 'sync', runtime })).toMatchObject({ success: true });
    await before.ask({ type: 'input', runtime, payload: message('Long. #script=again', 'cm-1') });
    await before.until(isDelta('assistant_message'));
    const lines = broker.log.length;
    await broker.end();
    expect((await before.closed).code).toBe(1012);
    const log_id = eventsOf(before).at(-1)?.log_id;
    // Known limit: with two sockets it throws when the first attempt to come back finds nobody.
    if (split) expect(await remote.ended).toMatchObject({ code: 1 });
    await broker.start();
    if (split) letRemote(place, { url: broker.url, token: broker.deviceToken });
    await broker.logged(({ event }) => event === 'device_online', lines);
    models.release('again');

    const after = await broker.client(deviceId);
    const synced = await after.ask({ type: 'sync', runtime, log_id, after_event_seq: 1 });
    expect(synced).toMatchObject({ type: 'sync_response', success: true });
    await after.until(({ device_status }) => fields(device_status).is_processing === false);
    const from = after.frames.length;
    const answer = await after.ask({
      type: 'input',
      runtime,
      payload: message('Again. #script=short', 'cm-2'),
    });
    expect(answer).toMatchObject({ accepted: true });
    // The turn that was cut off ends in its own time.
    await after.until((frame) => finished(frame) && frame.stop_reason === 'end_turn', from);
    expect(spoken(after.frames.slice(from))).toBe('That is all there is.');
    expect(eventsOf(after).at(-1)?.log_id).not.toBe(log_id);
    // [IN-5] What it was given before the restart is not given again.
    const given = models.requests.filter(({ script }) => script === 'again');
    expect(given).toHaveLength(1);
  });
});

describe('a limit of Letta Code 0.25.9', () => {
  it('[LINK-4] a link that is cut in the middle of a tool leaves the conversation stuck, and it is said', async () => {
    const { broker, place, runtime, deviceId, remote } = await stand(false);
    const before = await broker.client(deviceId);
    await before.ask({ type: 'sync', runtime });
    await before.ask({ type: 'input', runtime, payload: message('#script=nap', 'cm-1') });
    await before.until(isDelta('client_tool_start'));
    const lines = broker.log.length;
    await broker.end();
    await broker.start();
    await broker.logged(({ event }) => event === 'device_online', lines);

    const after = await broker.client(deviceId);
    await after.ask({ type: 'sync', runtime });
    const lost = await after.until(isDelta('loop_error'));
    expect(lost.delta).toMatchObject({ is_terminal: true, code: 'device_lost' });
    const waiting = await after.until(({ loop_status }) => fields(loop_status).waiting_for !== undefined);
    expect(waiting.loop_status).toMatchObject({ waiting_for: { kind: 'device' } });

    // An abort ends the turn, and still nothing is worked.
    expect(await after.ask({ type: 'abort_message', runtime })).toMatchObject({ aborted: true });
    const from = after.frames.length;
    const queued = await after.ask({ type: 'input', runtime, payload: message('Hi. #script=short', 'cm-2') });
    expect(queued).toMatchObject({ accepted: true, disposition: 'queued' });
    const still = await after.until(({ loop_status }) => fields(loop_status).waiting_for !== undefined, from);
    expect(still.loop_status).toMatchObject({ waiting_for: { kind: 'device' } });

    remote.child.kill('SIGTERM');
    await remote.ended;
    letRemote(place, { url: broker.url, token: broker.deviceToken });
    await broker.logged(({ event }) => event === 'device_online', broker.log.length);
    const last = after.frames.length;
    await after.ask({ type: 'input', runtime, payload: message('Hi. #script=short', 'cm-3') });
    await after.until(finished, last);
    expect(spoken(after.frames.slice(last))).toBe('That is all there is.');
    eventsOf(after);
  });
});
