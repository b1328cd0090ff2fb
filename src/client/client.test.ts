import { describe, expect, it } from 'vitest';
import { clientStand } from '../testing/client-stand.ts';
import type { ClientState } from './index.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

function watched<T>(promise: Promise<T>): () => T | undefined {
  let known: T | undefined;
  void promise.then((value) => {
    known = value;
  });
  return () => known;
}

describe('[ERR-1] a call', () => {
  it('resolves with the reply, or with the failure that it tells', async () => {
    const stand = clientStand();
    const client = stand.connect();
    stand.device.handlers.set('agent_list', (frame) =>
      stand.device.send({
        type: 'agent_list_response',
        request_id: frame.request_id,
        success: true,
        agents: [],
      }),
    );
    stand.device.handlers.set('agent_retrieve', (frame) => {
      const why = { agent: null, error: 'There is no such agent.', error_code: 'agent_not_found' };
      stand.device.send({
        type: 'agent_retrieve_response',
        request_id: frame.request_id,
        success: false,
        ...why,
      });
    });
    const found = watched(client.call('agent_list', {}));
    const missing = watched(client.call('agent_retrieve', { agent_id: 'agent-9' }));
    await stand.settle();
    expect(found()).toMatchObject({ ok: true, value: { agents: [] } });
    expect(missing()).toEqual({
      ok: false,
      failure: { code: 'agent_not_found', message: 'There is no such agent.' },
    });
  });

  it('does not take a reply that is none, nor another frame with its id', async () => {
    const stand = clientStand();
    const answer = watched(stand.connect().call('agent_list', {}));
    stand.device.handlers.set('agent_list', (frame) => {
      stand.device.send({ type: 'cancel_ack', request_id: frame.request_id, accepted: true, run_id: null });
      stand.device.send({
        type: 'agent_list_response',
        request_id: frame.request_id,
        success: true,
        agents: 'none',
      });
    });
    await stand.settle();
    expect(answer()).toMatchObject({
      ok: false,
      failure: { code: 'frame_invalid', message: expect.stringContaining('agents') },
    });
  });

  it('that only looks is asked again after a lost connection; what may have been done is not', async () => {
    const stand = clientStand();
    const client = stand.connect();
    for (const type of ['agent_list', 'agent_delete']) stand.device.handlers.set(type, () => undefined);
    const looked = watched(client.call('agent_list', {}));
    const done = watched(client.call('agent_delete', { agent_id: 'agent-1' }));
    await stand.settle();
    stand.cut();
    stand.device.handlers.set('agent_list', (frame) =>
      stand.device.send({
        type: 'agent_list_response',
        request_id: frame.request_id,
        success: true,
        agents: [],
      }),
    );
    await stand.settle();
    expect(looked()).toMatchObject({ ok: true });
    expect(done()).toMatchObject({ ok: false, failure: { code: 'deadline' } });
    expect(stand.device.heard.filter((frame) => frame.type === 'agent_delete')).toHaveLength(1);
  });

  it('ends with its deadline: unreachable when it was never sent, else with an unknown outcome', async () => {
    const stand = clientStand();
    stand.reachable = false;
    const client = stand.connect();
    const never = watched(client.call('agent_list', {}));
    await stand.clock.advance(30_000);
    expect(never()).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    stand.reachable = true;
    await stand.clock.advance(30_000);
    stand.device.handlers.set('agent_list', () => undefined);
    const silent = watched(client.call('agent_list', {}));
    await stand.settle();
    await stand.clock.advance(30_000);
    await stand.settle();
    expect(silent()).toMatchObject({ ok: false, failure: { code: 'deadline' } });
  });

  it('of a command without a reply resolves when it is sent', async () => {
    const stand = clientStand();
    const client = stand.connect();
    const moded = watched(
      client.call('change_device_state', { runtime: scope, payload: { mode: 'strict' } }),
    );
    expect(moded()).toBeUndefined();
    await stand.settle();
    expect(moded()).toMatchObject({ ok: true });
    expect(stand.device.heard).toMatchObject([{ type: 'change_device_state', payload: { mode: 'strict' } }]);
  });

  it('decides and aborts', async () => {
    const stand = clientStand();
    const client = stand.connect();
    stand.device.handlers.set('abort_message', (frame) =>
      stand.device.send({
        type: 'abort_message_response',
        request_id: frame.request_id,
        runtime: scope,
        success: true,
        aborted: true,
      }),
    );
    const decided = watched(client.decide(scope, 'perm-1', { behavior: 'deny', message: 'no' }, 'hash'));
    const aborted = watched(client.abort(scope, 'run-1'));
    await stand.settle();
    expect(decided()).toMatchObject({ ok: true });
    expect(aborted()).toMatchObject({ ok: true, value: { aborted: true } });
    expect(stand.device.heard).toMatchObject([
      {
        payload: {
          kind: 'approval_response',
          request_id: 'perm-1',
          decision: { behavior: 'deny' },
          input_hash: 'hash',
        },
      },
      { type: 'abort_message', run_id: 'run-1' },
    ]);
  });
});

describe('a client', () => {
  it('says of itself and hears of the other side', async () => {
    const stand = clientStand();
    const states: ClientState[] = [];
    const client = stand.connect({ onState: (state) => states.push(state) });
    expect(client.state().broker).toMatchObject({ online: false, peer: null, lastSeen: null });
    await stand.settle();
    const now = stand.clock.now();
    expect(client.state().broker).toMatchObject({
      online: true,
      since: now,
      lastSeen: now,
      peer: { version: '0.0.0-test' },
      why: null,
    });
    stand.reachable = false;
    stand.cut();
    await stand.settle();
    expect(client.state().broker).toMatchObject({
      online: false,
      why: 'nobody listens',
      retry: { attempt: 1, delayMs: 1_000 },
    });
    expect(states.at(-1)).toEqual(client.state());
  });

  it('[LINK-1] finds out that the other side is gone without a word, and connects again', async () => {
    const stand = clientStand();
    const client = stand.connect();
    await stand.settle();
    await stand.clock.advance(89_000);
    expect(stand.pairs).toHaveLength(1);
    await stand.clock.advance(2_000);
    await stand.settle();
    expect(stand.pairs).toHaveLength(2);
    expect(client.state().broker.online).toBe(true);
  });

  it('[LINK-1] keeps a silent connection for as long as the other side answers', async () => {
    const stand = clientStand();
    stand.connect();
    await stand.settle();
    for (let n = 0; n < 30; n++) {
      await stand.clock.advance(10_000);
      await stand.settle();
    }
    expect(stand.pairs).toHaveLength(1);
  });

  it('tells of errors that answer nothing it asked', async () => {
    const stand = clientStand();
    const troubles: string[] = [];
    stand.connect({ onTrouble: ({ code, message }) => troubles.push(`${code}: ${message}`) });
    await stand.settle();
    stand.pairs[0]?.b.send('{"type":"error","code":"frame_not_json","message":"no JSON"}');
    stand.pairs[0]?.b.send('{"type":"error","code":"of_the_future","message":"what"}');
    await stand.settle();
    expect(troubles).toEqual(['frame_not_json: no JSON', 'internal: what']);
  });

  it('connects again when what it hears is no frame', async () => {
    const stand = clientStand();
    stand.connect();
    await stand.settle();
    stand.pairs[0]?.b.send('<html>');
    await stand.settle();
    expect(stand.pairs).toHaveLength(2);
  });

  it('that is closed ends what waits, and its connection, and tries no more', async () => {
    const stand = clientStand();
    const client = stand.connect();
    await stand.settle();
    stand.device.handlers.set('agent_list', () => undefined);
    const waiting = watched(client.call('agent_list', {}));
    await stand.settle();
    client.close();
    client.close();
    await stand.settle();
    expect(waiting()).toMatchObject({ ok: false, failure: { code: 'deadline' } });
    expect(client.state().broker.online).toBe(false);
    expect(stand.pairs.map((pair) => pair.b.open)).toEqual([false]);
    expect(stand.clock.pending).toBe(0);
  });
});
