import { describe, expect, it } from 'vitest';
import { limits } from '../protocol/limits.ts';
import { hubStand } from '../testing/hub-stand.ts';
import { maxRequestId } from './stamp.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const other = { agent_id: 'agent-1', conversation_id: 'conv-2' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = new URLSearchParams({ farhand: '1' });

describe('commands', () => {
  it('[SEC-2] are stamped with who asks, whatever the client says of itself', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({
      principal: { principal: 'ann', privileges: ['observe', 'send'], origin: 'broker' },
    });
    const auth = { principal: 'owner', privileges: ['admin'], origin: 'private' };
    client.send({
      type: 'sync',
      runtime: { ...scope, acting_user_id: 'bob' },
      acting_user_id: 'bob',
      auth,
      // A place in an inbox would be marked as taken, and what waits there would be lost (IN-4).
      inbox: 3,
    });
    flush();
    expect(device.heard).toMatchObject([
      {
        type: 'sync',
        runtime: scope,
        auth: { principal: 'ann', privileges: ['observe', 'send'], origin: 'broker' },
      },
    ]);
    expect(JSON.stringify(device.heard)).not.toContain('bob');
    expect(device.heard[0]).not.toHaveProperty('inbox');
  });

  it('[ERR-1] of clients with the same request ids are answered to the one that asked, under its own id', () => {
    const { device, flush, peer } = hubStand();
    const clients = [peer(), peer(), peer()];
    for (const [n, client] of clients.entries()) {
      client.send({ type: 'agent_retrieve', request_id: 'r', agent_id: `agent-${n}` });
    }
    device.handlers.set('agent_retrieve', (frame) =>
      device.send({
        type: 'agent_retrieve_response',
        request_id: frame.request_id,
        success: true,
        agent: { id: frame.agent_id },
      }),
    );
    flush();
    for (const [n, client] of clients.entries()) {
      expect(client.frames()).toMatchObject([{ request_id: 'r', agent: { id: `agent-${n}` } }]);
    }
    expect(new Set(device.heard.map((frame) => frame.request_id)).size).toBe(3);
  });

  it('[SEC-2] cannot make an answer go to another session', () => {
    const { device, flush, peer } = hubStand();
    const victim = peer();
    victim.send({ type: 'agent_list', request_id: 'mine' });
    flush();
    const stolen = String(device.heard[0]?.request_id);
    const thief = peer();
    for (const request_id of [stolen, `${stolen.split(':')[0]}!`])
      thief.send({ type: 'agent_list', request_id });
    thief.send({ type: 'agent_list_response', request_id: stolen, success: true, agents: [] });
    flush();
    expect(victim.frames()).toHaveLength(1);
    expect(thief.frames().map((frame) => frame.type)).toEqual([
      'error',
      'agent_list_response',
      'agent_list_response',
    ]);
    expect(device.heard).toHaveLength(3);
  });

  it('without a request id get an answer where the dialect has one', () => {
    const { flush, peer } = hubStand();
    const seed = peer();
    seed.send({ type: 'abort_message', runtime: scope });
    const stock = peer({ appServer: true });
    stock.send({ type: 'abort_message', runtime: scope });
    flush();
    expect(seed.frames()).toMatchObject([{ type: 'cancel_ack', accepted: false, run_id: null }]);
    expect(stock.frames()).toEqual([]);
  });

  it('[LINK-1] ping is answered at once and no device is asked; ack is only heard', () => {
    const { device, clock, flush, peer } = hubStand();
    const client = peer();
    client.send({ type: 'ping' });
    client.send({ type: 'ack', seq: 4 });
    flush();
    expect(client.frames()).toEqual([{ type: 'pong', timestamp: clock.now() }]);
    expect(device.heard).toEqual([]);
  });

  it('[ERR-1] that nobody knows, or whose envelope is wrong, get one error and reach no device', () => {
    const { device, flush, peer } = hubStand();
    const client = peer();
    const bystander = peer({ hears: 'all' });
    client.send({ type: 'snyc', request_id: 'a', runtime: scope });
    client.send({ type: 'stream_delta', request_id: 'b', runtime: scope });
    client.send({ type: 'sync', request_id: 'c' });
    client.send({ type: 'sync', request_id: 'd', runtime: { agent_id: 'agent-1', conversation_id: '../x' } });
    client.send({ type: 'agent_list', request_id: 5 });
    client.send({ type: 'agent_list', request_id: 'x'.repeat(maxRequestId + 1) });
    client.pair.a.send('[]');
    client.pair.a.send('{');
    flush();
    expect(client.frames()).toMatchObject([
      {
        type: 'error',
        request_id: 'a',
        code: 'frame_unknown_type',
        message: expect.stringContaining('"sync"'),
      },
      { type: 'error', request_id: 'b', code: 'frame_unknown_type' },
      { type: 'sync_response', request_id: 'c', success: false, error_code: 'frame_invalid' },
      { type: 'sync_response', request_id: 'd', success: false, error_code: 'frame_invalid' },
      { type: 'error', code: 'frame_invalid' },
      { type: 'error', code: 'id_too_long' },
      { type: 'error', code: 'frame_not_object' },
      { type: 'error', code: 'frame_not_json' },
    ]);
    expect(device.heard).toEqual([]);
    expect(bystander.texts).toEqual([]);
  });

  it('[LINK-3] too large to be read close the socket they came by, and no other', () => {
    const { flush, peer } = hubStand();
    const client = peer();
    const bystander = peer();
    client.send({ type: 'agent_list', request_id: 'a', query: { x: 'x'.repeat(limits.frameFromClient) } });
    bystander.send({ type: 'ping' });
    flush();
    expect(client.closed()).toBe(1009);
    expect(bystander.closed()).toBeNull();
    expect(bystander.frames()).toMatchObject([{ type: 'pong' }]);
  });

  it('[ERR-1] that the device does not answer in time are answered with the deadline, once', async () => {
    const { device, clock, flush, peer } = hubStand();
    device.handlers.set('agent_list', () => undefined);
    const client = peer();
    client.send({ type: 'agent_list', request_id: 'a' });
    flush();
    await clock.advance(29_999);
    flush();
    expect(client.frames()).toEqual([]);
    await clock.advance(1);
    flush();
    const answer = {
      type: 'agent_list_response',
      request_id: 'a',
      success: false,
      error_code: 'deadline',
      agents: [],
    };
    expect(client.frames()).toMatchObject([answer]);
    device.send({
      type: 'agent_list_response',
      request_id: device.heard[0]?.request_id,
      success: true,
      agents: [],
    });
    flush();
    expect(client.frames()).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('[ERR-1] under a request id that is in use already are each answered', async () => {
    const { device, clock, flush, peer } = hubStand();
    device.handlers.set('agent_list', (frame) => {
      if (device.heard.length === 1) device.answer(frame);
    });
    const client = peer();
    for (let n = 0; n < 3; n++) client.send({ type: 'agent_list', request_id: 'same' });
    flush();
    await clock.advance(30_000);
    flush();
    expect(client.frames().map((frame) => [frame.request_id, frame.error_code])).toEqual([
      ['same', undefined],
      ['same', 'deadline'],
      ['same', 'deadline'],
    ]);
  });

  it('[LINK-3] without end are refused while their answers are awaited', () => {
    const { device, flush, peer } = hubStand();
    device.handlers.set('agent_list', () => undefined);
    const client = peer();
    for (let n = 0; n <= 10_000; n++) client.send({ type: 'agent_list', request_id: `${n}` });
    flush();
    expect(client.frames()).toMatchObject([
      { request_id: '10000', success: false, error_code: 'queue_full' },
    ]);
    expect(device.heard).toHaveLength(10_000);
  });
});

describe('what a device says', () => {
  it('[SEQ-1] goes, as it was stored, to those who follow its scope and to those who hear all', () => {
    const { device, flush, peer } = hubStand();
    const [follower, stranger, all] = [peer({ query: farhand }), peer(), peer({ hears: 'all' })];
    device.emit(scope, text('before'));
    follower.send({ type: 'abort_message', runtime: scope });
    stranger.send({ type: 'resume_queue', runtime: other });
    flush();
    device.emit(scope, text('one'));
    device.emit(other, text('two'));
    flush();
    expect(follower.texts).toEqual([device.stored(scope)[1]]);
    expect(stranger.texts).toEqual([device.stored(other)[0]]);
    expect(all.texts).toEqual([...device.stored(scope), ...device.stored(other)]);
  });

  it('of an input goes to the scope, and to one who sent it again', () => {
    const { flush, peer } = hubStand();
    const sender = peer({ query: farhand });
    const watcher = peer({ query: farhand });
    const stranger = peer({ query: farhand });
    watcher.send({ type: 'sync', runtime: scope });
    flush();
    const before = watcher.texts.length;
    const messages = [{ role: 'user', content: 'hi', client_message_id: 'cm-1' }];
    sender.send({ type: 'input', runtime: scope, payload: { kind: 'create_message', messages } });
    flush();
    sender.send({
      type: 'input',
      request_id: 'again',
      runtime: scope,
      payload: { kind: 'create_message', messages },
    });
    flush();
    const receipt = { type: 'input_receipt', client_message_id: 'cm-1', state: 'accepted' };
    expect(sender.frames()).toMatchObject([
      receipt,
      receipt,
      { type: 'input_accepted', request_id: 'again' },
    ]);
    expect(sender.frames()[1]).not.toHaveProperty('request_id');
    expect(watcher.frames().slice(before)).toMatchObject([receipt]);
    expect(stranger.texts).toEqual([]);
  });

  it('to nobody in particular goes to nobody', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ hears: 'all' });
    device.send({ type: 'pong' });
    device.send({ type: 'agent_list_response', request_id: 'a', success: true, agents: [] });
    device.send({ type: 'something_new' });
    flush();
    expect(client.texts).toEqual([]);
  });

  it('[SEC-3] is not for those who may not observe', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({
      hears: 'all',
      principal: { principal: 'ci', privileges: ['send'], origin: 'broker' },
    });
    client.send({ type: 'sync', request_id: 'a', runtime: scope, after_event_seq: 0 });
    device.emit(scope, text('secret'));
    flush();
    expect(client.frames()).toMatchObject([
      { type: 'sync_response', request_id: 'a', success: false, error_code: 'forbidden' },
    ]);
    expect(device.heard).toEqual([]);
  });

  it('[SYNC-3] again while a turn goes on reaches those who know what it is about', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ query: farhand });
    device.emit(scope, text('one'));
    client.send({ type: 'abort_message', runtime: scope });
    flush();
    const status = {
      type: 'update_loop_status',
      runtime: scope,
      snapshot: true,
      loop_status: { status: 'WAITING_ON_APPROVAL' },
    };
    device.send({ ...status, event_seq: 1 });
    device.send({ ...status, event_seq: 7 });
    flush();
    expect(client.frames()).toEqual([{ ...status, event_seq: 1 }]);
  });

  it('that is no frame ends the link and every session with it', () => {
    const { link, flush, peer } = hubStand();
    const client = peer();
    link.a.send('{"type"');
    flush();
    expect(client.closed()).toBe(1012);
  });
});
