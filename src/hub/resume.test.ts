import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import type { Principal } from '../protocol/privileges.ts';
import { comeBack, numberedStand, type Peer } from '../testing/hub-stand.ts';
import type { Client } from './session.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const other = { agent_id: 'agent-2', conversation_id: 'conv-2' };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const ann: Principal = { principal: 'ann', privileges: ['observe', 'send'], origin: 'broker' };

const follow = { type: 'resume_queue', request_id: 'f', runtime: scope };
const contents = (peer: Peer) =>
  peer.frames().flatMap(({ delta }) => (delta ? [(delta as { content: string }).content] : []));

describe('[SEQ-3] a session that lost its socket', () => {
  it('goes on where it stopped: with events, answers and receipts, each once and in order', () => {
    const { device, flush, greeted } = numberedStand();
    const [client, bystander] = [greeted(), greeted()];
    expect(client.hello).toMatchObject({ features: expect.arrayContaining(['resume']) });
    expect(client.hello).not.toHaveProperty('verdict');
    client.send(follow);
    client.send({ type: 'agent_list', request_id: 'slow' });
    device.handlers.set('agent_list', () => undefined);
    flush();
    device.emit(scope, text('heard'));
    flush();
    device.emit(scope, text('on its way'));
    client.pair.flushOne('b');
    client.pair.cut();
    flush();
    device.receipt(scope, 'cm-1', 'accepted');
    device.answer(device.heard.at(-1) as Frame);
    bystander.send({ type: 'get_cwd_map', request_id: 'not yours' });
    device.emit(scope, text('away'));
    flush();
    const again = greeted({}, client);
    device.emit(scope, text('back'));
    flush();
    expect(again.hello).toMatchObject({ verdict: 'ok', session: client.hello.session });
    expect(again.hello.resume_token).not.toBe(client.hello.resume_token);
    const story = again.frames().slice(1);
    expect(story.map(({ type, event_seq: seq }) => seq ?? type)).toEqual([
      2,
      'input_receipt',
      'agent_list_response',
      3,
      4,
    ]);
    expect(story[2]).toMatchObject({ request_id: 'slow' });
    const numbers = story.map(({ seq }) => Number(seq));
    expect(numbers.every(Number.isInteger)).toBe(true);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    again.send({ type: 'agent_list', request_id: 'next' });
    flush();
    device.answer(device.heard.at(-1) as Frame);
    flush();
    expect(again.frames().at(-1)).toMatchObject({ request_id: 'next', success: true });
  });

  it('is found by a token that is good once, for the same principal with the same filter', () => {
    const { flush, greeted } = numberedStand();
    const client = greeted({ principal: ann });
    client.pair.cut();
    flush();
    const { session, resume_token } = client.hello;
    const attempts: [Partial<Client>, Record<string, unknown>][] = [
      [{ principal: ann }, { session, resume_token: 'x' }],
      [{ principal: ann }, { session, resume_token: undefined }],
      [{ principal: ann }, { session: 'x', resume_token }],
      [{ principal: { ...ann, principal: 'bob' } }, { session, resume_token }],
      [{ principal: { ...ann, privileges: ['observe'] } }, { session, resume_token }],
      [
        { principal: ann, hears: 'all' },
        { session, resume_token },
      ],
      [
        { principal: ann, reach: { agents: ['agent-1'] } },
        { session, resume_token },
      ],
    ];
    for (const [n, [who, said]] of attempts.entries()) {
      const { hello } = greeted(who, undefined, said);
      expect([n, hello.verdict]).toEqual([n, 'reset']);
      expect(hello.session).not.toBe(session);
    }
    expect(greeted({ principal: ann }, client).hello).toMatchObject({ verdict: 'ok', session });
    expect(greeted({ principal: ann }, client).hello).toMatchObject({ verdict: 'reset' });
  });

  it('is given no event of before it followed, and every notice of what it hears of unnamed', () => {
    const { device, link, flush, greeted } = numberedStand();
    const [client, wide, all] = [
      greeted(),
      greeted({ hears: { agentId: 'agent-1' } }),
      greeted({ hears: 'all' }),
    ];
    device.emit(scope, text('before'));
    flush();
    client.send(follow);
    client.pair.flushOne('b');
    device.emit(scope, text('after'));
    device.receipt({ ...scope, conversation_id: 'conv-9' }, 'cm-9', 'accepted');
    for (const one of [client, wide, all]) one.pair.cut();
    device.receipt({ ...scope, conversation_id: 'conv-8' }, 'cm-8', 'accepted');
    link.flush();
    const story = [greeted({}, client), greeted({ hears: { agentId: 'agent-1' } }, wide)].map((one) =>
      one.frames().map((frame) => frame.verdict ?? frame.event_seq ?? frame.client_message_id ?? frame.type),
    );
    expect(story).toEqual([
      ['ok', 2, 'resume_queue_response'],
      ['ok', 2, 'cm-9', 'cm-8'],
    ]);
  });

  it('is reset where the ring no longer reaches, unless nothing of its own is gone', () => {
    const { device, hub, flush, greeted } = numberedStand({ ringBytes: 3_000 });
    const [behind, caughtUp] = [greeted(), greeted()];
    behind.send(follow);
    caughtUp.send({ ...follow, runtime: other });
    flush();
    device.emit(scope, text('lost'));
    for (const one of [behind, caughtUp]) one.pair.cut();
    flush();
    const bystander = greeted({ hears: 'all' });
    for (let n = 0; n < 20; n++) device.emit({ ...scope, conversation_id: 'busy' }, text('x'.repeat(300)));
    device.emit(other, text('kept'));
    flush();
    expect(bystander.texts.length).toBe(22);
    expect(greeted({}, behind).hello.verdict).toBe('reset');
    expect(hub.stats()).toMatchObject({ sessions: 2, parted: 1 });
    const again = greeted({}, caughtUp);
    expect(again.hello.verdict).toBe('ok');
    expect(contents(again)).toEqual(['kept']);
  });

  it('is reset where it was last given events out of the log', () => {
    const { device, flush, greeted } = numberedStand();
    for (let n = 0; n < 3; n++) device.commit(scope, text(`${n}`));
    const client = greeted();
    client.send({ type: 'sync', request_id: 's', runtime: scope, after_event_seq: 0 });
    client.pair.flushOne('b');
    for (let n = 0; n < 2; n++) client.pair.flushOne('a');
    client.pair.cut();
    flush();
    expect(contents(client)).toEqual(['0', '1']);
    expect(greeted({}, client).hello.verdict).toBe('reset');
  });

  it('is reset where another log has begun since what it missed', () => {
    const { device, link, flush, greeted } = numberedStand();
    const client = greeted();
    client.send(follow);
    flush();
    for (let n = 0; n < 3; n++) device.emit(scope, text('old'));
    link.flush();
    device.renew(scope);
    device.emit(scope, text('new'));
    link.flush();
    client.pair.cut();
    flush();
    expect(greeted({}, client).hello.verdict).toBe('reset');
  });

  it('is reset where it claims to have heard what it never was given', () => {
    const { flush, greeted } = numberedStand();
    const client = greeted();
    client.pair.cut();
    flush();
    expect(greeted({}, client, { last_seq: 1 }).hello.verdict).toBe('reset');
  });

  it('goes on also before its old socket is known to be dead, which is then given up', () => {
    const { device, hub, flush, greeted } = numberedStand();
    const client = greeted();
    client.send(follow);
    flush();
    while (client.pair.drop('b') !== undefined);
    device.emit(scope, text('one'));
    const again = greeted({}, client);
    expect(again.hello.verdict).toBe('ok');
    expect(contents(again)).toEqual(['one']);
    expect(client.closed()).toBe(1000);
    expect(hub.stats()).toMatchObject({ sessions: 1, parted: 0 });
    client.send(follow);
    flush();
    expect(again.closed()).toBeNull();
  });

  it('goes on reading in the log where it was too slow', () => {
    const { device, link, flush, greeted } = numberedStand();
    const [client, quick] = [greeted(), greeted()];
    for (const one of [client, quick]) one.send(follow);
    flush();
    for (let n = 0; n < 15; n++) {
      device.emit(scope, text(`${n}${'x'.repeat(100_000)}`));
      link.flush();
      quick.pair.flush();
    }
    client.pair.flushOne('a');
    client.pair.cut();
    device.emit(scope, text('15'));
    flush();
    const again = greeted({}, client);
    expect(again.hello.verdict).toBe('ok');
    const told = [...contents(client), ...contents(again)].map((one) => Number.parseInt(one, 10));
    expect(told).toEqual(Array.from({ length: 16 }, (_, n) => n));
  });

  it('is none where the client is of another dialect', () => {
    const { device, hub, flush, peer } = numberedStand();
    const clients = [peer({ hears: 'all' }), peer({ hears: 'all', appServer: true })];
    device.emit(scope, text('one'));
    flush();
    for (const one of clients) one.pair.cut();
    flush();
    expect(hub.stats()).toMatchObject({ sessions: 0, parted: 0, ringBytes: 0 });
  });

  it('does not go on over a socket that has been used already', () => {
    const { flush, peer, greeted } = numberedStand();
    const client = greeted();
    client.pair.cut();
    const used = peer(farhand);
    used.send(follow);
    used.send({ type: 'client_hello', ...comeBack(client) });
    flush();
    expect(used.frames()[0]).toMatchObject({ type: 'hello', verdict: 'reset' });
    expect(greeted({}, client).hello.verdict).toBe('ok');
  });

  it('keeps its dialect, and the hashes and syncs of before', () => {
    const { device, link, flush, greeted } = numberedStand();
    const client = greeted();
    client.send({ type: 'sync', request_id: 's', runtime: scope });
    client.pair.flushOne('b');
    client.pair.cut();
    link.flush();
    flush();
    const again = greeted({}, client);
    expect(again.frames().map(({ type }) => type)).toEqual([
      'hello',
      'update_loop_status',
      'update_queue',
      'sync_response',
    ]);
    device.emit(scope, text('live'));
    flush();
    expect(contents(again)).toEqual(['live']);
  });
});
