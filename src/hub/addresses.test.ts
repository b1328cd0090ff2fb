import { describe, expect, it, vi } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { owner, type Principal, type Privilege } from '../protocol/privileges.ts';
import type { Route } from '../protocol/routing.ts';
import { hubStand, numberedStand, type Peer } from '../testing/hub-stand.ts';

/** Types as the contract may have them, so that every kind of address is there. */
const push = (audience: 'scope' | 'asker' | 'holders' | 'privilege' | 'link', more: object = {}) =>
  ({ kind: 'push', audience, privilege: 'observe', redact: [], since: 'seed', ...more }) as Route;
const routes: Readonly<Record<string, Route>> = {
  test_scope: push('scope', { privilege: 'terminal' }),
  test_asker: push('asker'),
  test_held: push('holders', { privilege: 'terminal' }),
  test_news: push('privilege', { privilege: 'memory' }),
  test_extension: push('privilege', { since: 'farhand' }),
  test_link: push('link'),
  test_secret: push('scope', { redact: ['key', 'items.key'] }),
  test_event: {
    ...{ kind: 'event', privilege: 'files', redact: [], stream: false, since: 'seed' },
  },
  test_hidden: {
    ...{ kind: 'event', privilege: 'observe', redact: ['body.key'], stream: false, since: 'seed' },
  },
};
vi.mock('../protocol/routing.ts', async (original) => {
  const real = await original<typeof import('../protocol/routing.ts')>();
  return { ...real, routeOf: (type: string) => routes[type] ?? real.routeOf(type) };
});

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const may = (...privileges: Privilege[]): { principal: Principal } => ({
  principal: { principal: privileges.join(), privileges, origin: 'broker' },
});
const types = (peer: Peer) => peer.frames().map(({ type }) => type);

function audience() {
  const stand = hubStand();
  const follower = stand.peer({ ...farhand, ...may('observe', 'send', 'terminal', 'files') });
  const reader = stand.peer({ ...farhand, ...may('observe', 'memory') });
  const limited = stand.peer({ ...farhand, ...may('observe', 'memory'), reach: { agents: ['agent-2'] } });
  const seed = stand.peer({ hears: 'all', principal: owner('broker') });
  for (const one of [follower, reader]) one.send({ type: 'sync', runtime: scope });
  stand.flush();
  const before = [follower, reader, limited, seed].map(({ texts }) => texts.length);
  const heard = () => [follower, reader, limited, seed].map((one, n) => types(one).slice(before[n]));
  const stamps = stand.device.heard.map(({ request_id }) => String(request_id));
  return { ...stand, heard, stamps, follower };
}

describe('every frame has an address: what is for', () => {
  it.each<[string, Frame, readonly [boolean, boolean, boolean, boolean]]>([
    ['a scope', { type: 'test_scope', runtime: scope }, [true, false, false, true]],
    [
      'a scope that nobody knows',
      { type: 'test_scope', runtime: { agent_id: 7 } },
      [false, false, false, false],
    ],
    ['whoever has a privilege', { type: 'test_news' }, [false, true, true, true]],
    ['them, of one agent', { type: 'test_news', agent_id: 'agent-1' }, [false, true, false, true]],
    ['them, of one conversation', { type: 'test_news', runtime: scope }, [false, true, false, true]],
    ['who knows extensions', { type: 'test_extension' }, [true, true, true, false]],
    ['the link', { type: 'test_link', runtime: scope }, [false, false, false, false]],
    ['an asker who is not named', { type: 'test_asker', runtime: scope }, [false, false, false, false]],
    [
      'an event with its privilege',
      { type: 'test_event', runtime: scope, event_seq: 1 },
      [true, false, false, true],
    ],
    ['an event that is not numbered', { type: 'test_event', runtime: scope }, [true, false, false, true]],
    [
      'a state, with its privilege',
      { type: 'test_event', runtime: scope, snapshot: true, event_seq: 0 },
      [true, false, false, true],
    ],
    ['nobody knows whom', { type: 'test_unknown', runtime: scope }, [false, false, false, true]],
    [
      'nobody knows whom, numbered',
      { type: 'test_unknown', runtime: scope, event_seq: 1 },
      [false, false, false, true],
    ],
    ['nobody', { type: 'test_unknown' }, [false, false, false, false]],
    [
      'an asker, but answers nothing',
      { type: 'sync_response', runtime: scope },
      [false, false, false, false],
    ],
    ['a device', { type: 'sync', runtime: scope }, [false, false, false, false]],
  ])('[SEC-3] %s', (_, frame, heard) => {
    const stand = audience();
    stand.device.send(frame);
    stand.flush();
    expect(stand.heard()).toEqual(heard.map((hears) => (hears ? [frame.type] : [])));
  });

  it('[SEC-3] some is passed over in a replay too, and what follows is given', () => {
    const { device, flush, peer } = hubStand();
    for (const type of ['test_event', 'test_unknown', 'stream_delta']) device.commit(scope, { type });
    const [reader, all] = [peer({ ...farhand, ...may('observe') }), peer(farhand)];
    for (const one of [reader, all]) one.send({ type: 'sync', runtime: scope, after_event_seq: 0 });
    flush();
    device.emit(scope, { type: 'test_event' });
    device.emit(scope, { type: 'stream_delta' });
    flush();
    const seqs = [reader, all].map((one) =>
      one.frames().flatMap((frame) => (frame.snapshot ? [] : [frame.event_seq])),
    );
    expect(seqs).toEqual([
      [3, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  it('[SEC-3] whoever asked is told only what it may know', () => {
    const { device, flush, peer } = hubStand();
    device.handlers.set('sync', (frame) => {
      const { request_id } = frame;
      device.send({ type: 'test_event', request_id, runtime: scope, snapshot: true, event_seq: 0 });
      device.answerSync(frame, 1);
    });
    const clients = [peer({ ...farhand, ...may('observe') }), peer(farhand)];
    for (const one of clients) one.send({ type: 'sync', request_id: 's', runtime: scope });
    flush();
    expect(clients.map(types)).toEqual([['update_loop_status'], ['test_event', 'update_loop_status']]);
  });

  it('holders goes to who took hold, under its own request id and without the stamp', () => {
    const { device, flush, stamps, heard, follower } = audience();
    const [holder = '', other = ''] = stamps;
    device.send({ type: 'test_held', request_id: 'own', holder, runtime: scope });
    for (const no of [other, 'x', undefined, 7])
      device.send({ type: 'test_held', request_id: 'no', holder: no });
    flush();
    expect(heard()).toEqual([['test_held'], [], [], []]);
    expect(follower.frames().at(-1)).toEqual({ type: 'test_held', request_id: 'own', runtime: scope });
  });
});

describe('[SEC-3] fields that are hidden from those who only observe', () => {
  const secret = {
    type: 'test_secret',
    runtime: scope,
    key: 'k',
    items: [{ key: 'k', id: 1 }, 7],
    more: { key: 'kept' },
  };
  const shown = { type: 'test_secret', runtime: scope, items: [{ id: 1 }, 7], more: { key: 'kept' } };

  it('are taken away live, in a replay and after a resume', () => {
    const { device, flush, peer } = numberedStand();
    device.commit(scope, { type: 'test_hidden', body: { key: 'k', n: 1 } });
    const greeted = (more: object) => {
      const one = peer({ ...farhand, ...more });
      one.send({ type: 'client_hello' });
      one.send({ type: 'sync', request_id: 's', runtime: scope, after_event_seq: 0 });
      flush();
      return one;
    };
    const clients = [may('observe'), may('observe'), may('observe', 'send'), {}].map(greeted);
    device.emit(scope, { type: 'test_hidden', body: { key: 'k', n: 2 } });
    flush();
    for (const one of clients) one.pair.cut();
    device.send(secret);
    flush();
    const kinds = [may('observe'), may('observe'), may('observe', 'send'), {}];
    const again = clients.map((one, n) => {
      const { session, resume_token } = one.frames()[0] as Frame;
      const next = peer({ ...farhand, ...kinds[n] });
      next.send({ type: 'client_hello', session, resume_token, last_seq: one.frames().at(-1)?.seq });
      flush();
      return next;
    });
    expect(again.map((one) => one.frames()[0]?.verdict)).toEqual(['ok', 'ok', 'ok', 'ok']);
    const bodies = clients.map((one) => one.frames().flatMap(({ body }) => (body ? [body] : [])));
    const [hidden, full] = [
      [{ n: 1 }, { n: 2 }],
      [
        { key: 'k', n: 1 },
        { key: 'k', n: 2 },
      ],
    ];
    expect(bodies).toEqual([hidden, hidden, full, full]);
    const told = again.map((one) => one.frames().slice(1));
    expect(told).toMatchObject([[shown], [shown], [secret], [secret]]);
    expect(told[0]?.[0]).not.toHaveProperty('key');
    const [first, second, third, fourth] = again.map((one) => one.texts.slice(1));
    expect(first).toEqual(second);
    expect(third).toEqual(fourth);
  });
});
