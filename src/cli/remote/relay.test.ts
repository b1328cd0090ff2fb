import { describe, expect, it } from 'vitest';
import { memoryPair } from '../../link/memory.ts';
import type { Pipe } from '../../link/pipe.ts';
import { record } from '../../link/recorder.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { relay } from './relay.ts';
import { type Door, stubHome } from './test-peers.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const other = { agent_id: null, conversation_id: 'conv-2' };
const away = { kind: 'refused', message: 'nobody is home' } as const;

/** A peer at a door of a home whose owner may die. */
async function atTheDoor() {
  const clock = virtualClock();
  const home = stubHome();
  const [socket, peer] = memoryPair();
  const heard = record(peer);
  relay({
    socket,
    member: home.member,
    connection: { id: 'conn-1', name: 'desk' },
    clock,
    random: () => 0,
    intercept: () => false,
    ownerAway: () => {},
  });
  const say = (frame: Frame) => peer.send(JSON.stringify(frame));
  const hear = async () => JSON.parse(await heard.next()) as Frame;
  return { clock, home, peer, heard, say, hear, door: await home.door() };
}

const asked = async (door: Door) => JSON.parse(await door.next()) as Frame;
const tell = (door: Door, frame: Frame) => door.pipe.send(JSON.stringify(frame));
const delta = (event_seq: number, runtime: object = scope): Frame => ({
  type: 'stream_delta',
  runtime,
  delta: {},
  event_seq,
});

describe('[HOME-1] relay, when the owner of the home dies', () => {
  it('opens another door, and the peer hears nothing of it', async () => {
    const { clock, home, say, hear, heard, door } = await atTheDoor();
    say({ type: 'sync', runtime: scope });
    await door.next();
    door.pipe.close(1006);
    await clock.advance(0);
    const next = await home.door();
    expect(next.connection).toEqual({ id: 'conn-1', name: 'desk' });
    tell(next, { type: 'x' });
    expect(await hear()).toEqual({ type: 'x' });
    expect(heard.heard.filter((one) => one !== 'drained')).toEqual(['{"type":"x"}']);
  });

  it('keeps what the peer sends meanwhile, in its order', async () => {
    const { clock, home, say, door } = await atTheDoor();
    home.leave(away);
    door.pipe.close(1012);
    await clock.advance(0);
    for (let n = 0; n < 3; n++) say({ type: 'execute_command', n });
    await clock.advance(500);
    home.leave(null);
    await clock.advance(500);
    const next = await home.door();
    for (let n = 0; n < 3; n++) expect(await asked(next)).toEqual({ type: 'execute_command', n });
  });

  it('asks the next owner for what the peer has missed', async () => {
    const { clock, home, say, hear, heard, door } = await atTheDoor();
    say({ type: 'input', runtime: other, payload: {} });
    await door.next();
    tell(door, delta(7));
    tell(door, delta(8));
    tell(door, { ...delta(3), type: 'update_queue', queue: [], snapshot: true, log_id: 'log-1' });
    for (let n = 0; n < 3; n++) await hear();
    door.pipe.close(1006);
    await clock.advance(0);

    const next = await home.door();
    const syncs = [await asked(next), await asked(next)];
    const request_id = expect.stringMatching(/^relay-/);
    expect(syncs).toEqual([
      { type: 'sync', runtime: other, request_id },
      { type: 'sync', runtime: scope, log_id: 'log-1', after_event_seq: 8, request_id },
    ]);
    tell(next, delta(9));
    expect(await hear()).toEqual(delta(9));
    // The answers are ours.
    for (const sync of syncs)
      tell(next, { type: 'sync_response', request_id: sync.request_id, runtime: scope, success: true });
    tell(next, delta(10));
    expect(await hear()).toEqual(delta(10));
    expect(heard.messages).toHaveLength(5);
  });

  it('[ERR-1] answers what the dead owner was asked and did not answer', async () => {
    const { clock, say, hear, home, door } = await atTheDoor();
    say({ type: 'agent_list', request_id: 'list-1' });
    say({ type: 'input', runtime: scope, payload: {}, request_id: 'in-1' });
    say({ type: 'sync', runtime: scope, request_id: 'sync-1' });
    say({ type: 'abort_message', runtime: scope });
    for (let n = 0; n < 4; n++) await door.next();
    tell(door, { type: 'sync_response', request_id: 'sync-1', runtime: scope, success: true });
    await hear();
    door.pipe.close(1006);
    const gone = { error: expect.stringContaining('It may have happened'), error_code: 'owner_gone' };
    expect([await hear(), await hear()]).toEqual([
      { type: 'agent_list_response', request_id: 'list-1', agents: [], success: false, ...gone },
      { type: 'input_accepted', request_id: 'in-1', runtime: scope, accepted: false, ...gone },
    ]);
    // What the next owner is asked is not taken for the peer's question.
    await clock.advance(0);
    const next = await home.door();
    tell(next, { type: 'error', message: 'x', request_id: (await asked(next)).request_id });
    tell(next, delta(1));
    expect(await hear()).toEqual(delta(1));
  });

  it.each<[string, Frame, object]>([
    ['seed', { type: 'sync', runtime: scope }, {}],
    ['stock', { type: 'agent_list', request_id: 'r' }, { dialect: 'stock' }],
    ['farhand', { type: 'client_hello' }, { dialect: 'farhand' }],
  ])('tells the next owner that the peer speaks %s', async (_dialect, first, told) => {
    const { clock, home, say, door } = await atTheDoor();
    say({ type: 'ping' });
    say(first);
    say({ type: 'abort_message', runtime: scope });
    for (let n = 0; n < 3; n++) await door.next();
    door.pipe.close(1006);
    await clock.advance(0);
    const next = await home.door();
    const { connection } = door;
    expect(door.frame).toEqual({ type: 'door', origin: 'direct', connection });
    expect(next.frame).toEqual({ type: 'door', origin: 'direct', ...told, connection });
    expect(await asked(next)).toMatchObject({ type: 'sync' });
  });

  it('closes the peer with 1012 when nobody takes over for 30 s', async () => {
    const { clock, home, heard, door } = await atTheDoor();
    home.leave(away);
    door.pipe.close(1006);
    await clock.advance(29_999);
    expect(heard.heard).toEqual([]);
    await clock.advance(60_000);
    expect(await heard.closed).toMatchObject({ code: 1012, reason: expect.stringContaining('nobody runs') });
    const { opened } = home;
    await clock.advance(300_000);
    expect(home.opened).toBe(opened);
    expect(clock.pending).toBe(0);
  });

  it('[LINK-3] closes the peer rather than keep more than it can hold', async () => {
    const { clock, home, peer, heard, door } = await atTheDoor();
    home.leave(away);
    door.pipe.close(1006);
    await clock.advance(0);
    const text = JSON.stringify({ type: 'x', pad: 'x'.repeat(4 * 1024 * 1024) });
    for (let n = 0; n < 9; n++) peer.send(text);
    expect(await heard.closed).toMatchObject({ code: 4408 });
  });
});

describe('relay', () => {
  it('keeps what comes before the first door is open', async () => {
    const home = stubHome();
    const [socket, peer] = memoryPair();
    home.leave(away);
    const clock = virtualClock();
    const common = { clock, random: () => 0, intercept: () => false, ownerAway: () => {} };
    relay({ socket, member: home.member, connection: { id: 'c', name: 'n' }, ...common });
    peer.send('first');
    peer.send('second');
    await clock.advance(0);
    home.leave(null);
    await clock.advance(1_000);
    const door = await home.door();
    expect([await door.next(), await door.next()]).toEqual(['first', 'second']);
  });

  it('passes on why the hub closes this client', async () => {
    const { clock, home, heard, door } = await atTheDoor();
    door.pipe.close(1009, 'too large');
    expect(await heard.closed).toEqual({ code: 1009, reason: 'too large' });
    await clock.advance(60_000);
    expect(home.opened).toBe(1);
  });

  it('closes the door when the peer leaves', async () => {
    const { clock, peer, door } = await atTheDoor();
    peer.close(1001);
    expect(await door.closed).toMatchObject({ code: 1000 });
    expect(clock.pending).toBe(0);
  });

  it('[LINK-3] closes a peer that does not read', async () => {
    const home = stubHome();
    const [socket, peer] = memoryPair();
    const stuck: Pipe = {
      send() {},
      unsent: 33 * 1024 * 1024,
      open: true,
      close: (code, reason) => socket.close(code, reason),
      listen: (listener) => socket.listen(listener),
    };
    const clock = virtualClock();
    const common = { clock, random: () => 0, intercept: () => false, ownerAway: () => {} };
    relay({ socket: stuck, member: home.member, connection: { id: 'c', name: 'n' }, ...common });
    const heard = record(peer);
    tell(await home.door(), delta(1));
    expect(await heard.closed).toMatchObject({ code: 4408 });
  });
});
