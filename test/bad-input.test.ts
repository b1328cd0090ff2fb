import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits } from '../src/protocol/limits.ts';
import { misshapen, unreadable } from './support/bad-frames.ts';
import { type HomeStand, homeStand, message, receipt } from './support/home-stand.ts';
import type { Peer } from './support/peer.ts';

// Whatever a client sends, it gets one clear answer with a code, and that is all that happens: it can go on, nothing that was there is
// lost, and another client notices nothing.

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let home: HomeStand;
let bystander: Peer;
let calm = { head: 0, messages: 0 };

beforeAll(async () => {
  home = await homeStand({
    scripts: {
      hold: [{ text: 'waiting', pieces: 2, hold: '{{gate}}' }],
      ask: [{ calls: [{ name: 'Bash', arguments: { command: 'umask 22; echo asked' } }] }, { text: 'done' }],
    },
  });
  bystander = await home.terminal();
  await home.turn(bystander, 'conv-calm');
  calm = await stillThere();
});
afterAll(() => home.close());

let sent = 0;
const fresh = (name: string) => `${name}-${++sent}`;
/** Where the bystander's conversation stands; whatever it heard besides the answers is a failure. */
async function stillThere() {
  const from = bystander.frames.length;
  const { head } = await bystander.ask({ type: 'sync', runtime: home.scope('conv-calm') });
  const list = { type: 'conversation_messages_list', conversation_id: 'conv-calm' };
  const { messages } = await bystander.ask(list);
  const heard = bystander.frames.slice(from).filter(({ snapshot }) => snapshot !== true);
  expect(heard).toHaveLength(2);
  return { head: Number(head), messages: (messages as unknown[]).length };
}

/** After each row: the process works, nothing is lost, nobody else noticed. */
async function livesOn(peer: Peer): Promise<void> {
  const from = bystander.frames.length;
  await home.turn(peer, 'conv-lives');
  expect(bystander.frames.slice(from)).toEqual([]);
  expect(await stillThere()).toEqual(calm);
  expect(home.troubles).toEqual([]);
}

const doors = {
  'the private socket': async () => home.terminal,
  'a server that was dialled': async () => (await home.server()).next,
};

describe.each(Object.entries(doors))('through %s', (_door, opened) => {
  let next: () => Promise<Peer>;
  let peer: Peer;
  beforeAll(async () => {
    next = await opened();
    peer = await next();
  });
  const bad = (conversation = 'conv-bad') => home.scope(conversation);

  it.each(unreadable)('%s is answered with an error frame', async (_what, frame, code, words) => {
    const from = peer.frames.length;
    peer.send(frame);
    const answer = { type: 'error', code, message: expect.stringContaining(words) };
    expect(await peer.until(() => true, from)).toMatchObject(answer);
    await livesOn(peer);
  });

  it.each(misshapen)('%s %j is answered with the reason', async (type, fields, words, error_code) => {
    const answer = await peer.ask({ type, runtime: bad(), ...fields });
    expect(answer).toMatchObject({ error_code, error: expect.stringContaining(words) });
    expect(answer.success ?? answer.accepted).toBe(false);
    await livesOn(peer);
  });

  it.each([
    ['an agent that is not there', 'agent-none', 'default', 'agent_not_found'],
    ['no agent', null, 'default', 'agent_not_found'],
    ['a conversation that must be created first', undefined, 'c-1', 'conversation_not_found'],
    ['the conversation of another agent', 'other', 'conv-calm', 'conversation_of_other_agent'],
    ['a conversation that was deleted', 'other', 'conv-deleted', 'conversation_deleted'],
  ])('an input for %s is refused', async (_what, agent, conversation, error_code) => {
    const made = await peer.ask({ type: 'agent_create', body: { name: 'Other' } });
    const other = (made.agent as { id: string }).id;
    const agent_id = agent === 'other' ? other : agent;
    const runtime = { ...bad(conversation), ...(agent_id !== undefined && { agent_id }) };
    if (error_code === 'conversation_deleted') {
      expect(await peer.ask(message(runtime, 'hi', fresh('cm')))).toMatchObject({ accepted: true });
      expect(await peer.ask({ type: 'agent_delete', agent_id: other })).toMatchObject({ success: true });
    }
    const refusal = { accepted: false, error_code, error: expect.any(String) };
    expect(await peer.ask(message(runtime, 'hi', fresh('cm')))).toMatchObject(refusal);
    await livesOn(peer);
  });

  it('[LINK-3] a frame of 17 MiB ends the connection and nothing else', async () => {
    const before = peer;
    before.send(message(bad(), 'x'.repeat(17 * 1024 * 1024), fresh('cm')));
    expect(await before.closed).toMatchObject({ code: 1009, reason: expect.stringContaining('in parts') });
    peer = await next();
    await livesOn(peer);
  });

  it('[SEC-2] who asks is not what the frame says', async () => {
    const auth = { principal: 'nobody', privileges: [], origin: 'broker' };
    const runtime = { ...bad(fresh('conv')), acting_user_id: 'mallory' };
    const id = fresh('cm');
    expect(await peer.ask({ ...message(runtime, 'hi', id), auth })).toMatchObject({ accepted: true });
    await peer.until(receipt(id, 'done'));
    expect(await peer.ask({ type: 'agent_list', auth: 'owner' })).toMatchObject({ success: true });
    await livesOn(peer);
  });

  it('[IN-1] another text under the id of a message that was sent is refused', async () => {
    const runtime = bad(fresh('conv'));
    const id = fresh('cm');
    expect(await peer.ask(message(runtime, 'one', id))).toMatchObject({ accepted: true });
    const refusal = { accepted: false, error_code: 'idempotency_conflict' };
    expect(await peer.ask(message(runtime, 'another', id))).toMatchObject(refusal);
    await peer.until(receipt(id, 'done'));
    await livesOn(peer);
  });

  it('a text that ends in half a character is taken as any reader takes it', async () => {
    const runtime = bad(fresh('conv'));
    await home.turn(peer, runtime.conversation_id, 'cut off here: \ud83d');
    const list = { type: 'conversation_messages_list', conversation_id: runtime.conversation_id };
    const { messages } = await peer.ask(list);
    expect(JSON.stringify(messages)).toContain('cut off here: \ufffd');
    await livesOn(peer);
  });

  it('[QUE-1] the 301st that waits is refused, the 300 are worked', async () => {
    const runtime = bad(fresh('conv'));
    const gate = fresh('gate');
    await peer.ask(message(runtime, `Wait. gate=${gate} #script=hold`, fresh('cm')));
    await home.models.onHeld(gate);
    const ids = Array.from({ length: limits.queue }, () => fresh('cm'));
    const answers = ids.map((id) => peer.ask(message(runtime, 'one of many', id)));
    const one = fresh('cm');
    const many = message(runtime, 'one too many', one);
    const refusal = { accepted: false, error_code: 'queue_full' };
    expect(await peer.ask(many)).toMatchObject(refusal);
    for (const answer of answers) expect(await answer).toMatchObject({ disposition: 'queued' });
    home.models.release(gate);
    for (const id of ids) await peer.until(receipt(id, 'done'));
    expect(await peer.ask(many), 'a fate never changes').toMatchObject(refusal);
    const again = fresh('cm');
    expect(await peer.ask(message(runtime, 'one too many', again))).toMatchObject({ accepted: true });
    await peer.until(receipt(again, 'done'));
    await livesOn(peer);
  });

  it('[APR-2] a decision that is not for this request changes nothing', async () => {
    const runtime = bad(fresh('conv'));
    const id = fresh('cm');
    await peer.ask(message(runtime, 'Do it. #script=ask', id));
    const asked = await peer.until(
      ({ type, runtime: at }) =>
        type === 'control_request' && JSON.stringify(at).includes(runtime.conversation_id),
    );
    const decide = (at: object, fields: object) =>
      peer.ask({
        type: 'input',
        runtime: at,
        payload: {
          kind: 'approval_response',
          request_id: asked.request_id,
          decision: { behavior: 'allow' },
          ...fields,
        },
      });
    const gone = { accepted: false, error_code: 'approval_not_pending' };
    expect(await decide(runtime, { request_id: 'perm-of-nobody' })).toMatchObject(gone);
    expect(await decide(bad('conv-lives'), {})).toMatchObject(gone);
    expect(await decide(bad(fresh('conv-new')), {})).toMatchObject(gone);
    const mismatch = { accepted: false, error_code: 'approval_hash_mismatch' };
    expect(await decide(runtime, { input_hash: 'of-something-else' })).toMatchObject(mismatch);
    expect(await peer.ask({ type: 'approvals_list' })).toMatchObject({
      approvals: [{ runtime, request_id: asked.request_id }],
    });
    expect(await decide(runtime, { input_hash: asked.input_hash })).toMatchObject({ accepted: true });
    expect(await decide(runtime, {})).toMatchObject(gone);
    await peer.until(receipt(id, 'done'));
    await livesOn(peer);
  });

  it.each([
    ['a mode that is none', { mode: 'yolo' }, 'mode_unknown'],
    ['a folder that is none', { cwd: '/dev/null' }, 'path_not_directory'],
  ])('%s is told in its conversation', async (_what, payload, code) => {
    const runtime = bad(fresh('conv'));
    const from = peer.frames.length;
    peer.send({ type: 'change_device_state', runtime, payload });
    const told = await peer.until(({ type }) => type === 'stream_delta', from);
    expect(told).toMatchObject({ runtime, delta: { message_type: 'loop_error', code, is_terminal: false } });
    await livesOn(peer);
  });
});

describe('on the private socket', () => {
  it.each([
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
    ['half a line', Buffer.from('{"type":"input","runtime":{"agent_')],
    ['a door without a name', Buffer.from('{"type":"door"}\n{"type":"agent_list","request_id":"a"}\n')],
    ['half a door', Buffer.from('{"type":"door"\n')],
  ])('%s, and then nothing more, harm nobody', async (_what, bytes) => {
    const socket = connect(home.paths.socket);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.once('connect', () => socket.end(bytes)).resume();
    await ended;
    await livesOn(await home.terminal());
  });
});
