import { describe, expect, it } from 'vitest';
import { clientStand } from '../testing/client-stand.ts';
import { memoryOutbox, type Outbox, type SendResult } from './index.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

/** The result, or undefined as long as there is none. */
function watched(result: Promise<SendResult>): () => SendResult | undefined {
  let known: SendResult | undefined;
  void result.then((value) => {
    known = value;
  });
  return () => known;
}

const inputs = (heard: readonly { type: string }[]) => heard.filter((frame) => frame.type === 'input');

describe('[IN-1] a message', () => {
  it('is sent once, and resolves when the device has it', async () => {
    const stand = clientStand();
    const outbox = memoryOutbox();
    const sent = watched(stand.connect({ outbox }).send(scope, 'hello'));
    await stand.settle();
    expect(sent()).toMatchObject({
      ok: true,
      fate: { state: 'accepted', client_message_id: expect.stringMatching(/^cm-/) },
    });
    expect(inputs(stand.device.heard)).toMatchObject([
      { runtime: scope, payload: { kind: 'create_message', messages: [{ role: 'user', content: 'hello' }] } },
    ]);
    expect(outbox.all()).toEqual([]);
  });

  it('waits for the end of its turn when asked to', async () => {
    const stand = clientStand();
    const sent = watched(
      stand.connect().send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }),
    );
    await stand.settle();
    stand.device.receipt(scope, 'cm-1', 'started');
    await stand.settle();
    expect(sent()).toBeUndefined();
    stand.device.receipt(scope, 'cm-1', 'failed');
    await stand.settle();
    expect(sent()).toEqual({
      ok: true,
      fate: { client_message_id: 'cm-1', state: 'failed', authority: 'device' },
    });
  });

  it('sent while there is no connection goes out with the first one', async () => {
    const stand = clientStand();
    stand.reachable = false;
    const sent = watched(stand.connect().send(scope, 'hello'));
    await stand.clock.advance(120_000);
    await stand.settle();
    expect(sent()).toBeUndefined();
    stand.reachable = true;
    await stand.clock.advance(31_000);
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true });
  });

  it('whose answer was lost is sent again under its id, and taken once', async () => {
    const stand = clientStand();
    const sent = watched(stand.connect().send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.clock.advance(0);
    stand.pairs[0]?.flush();
    stand.hub().link.flush();
    stand.cut();
    expect(sent()).toBeUndefined();
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true, fate: { client_message_id: 'cm-1', state: 'accepted' } });
    expect(inputs(stand.device.heard)).toHaveLength(2);
    expect(stand.device.taken).toEqual(['cm-1']);
  });

  it('that nobody answers is sent again when its deadline has passed', async () => {
    const stand = clientStand();
    stand.device.handlers.set('input', () => undefined);
    const sent = watched(stand.connect().send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.settle();
    stand.device.handlers.delete('input');
    await stand.clock.advance(31_000);
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true });
    expect(stand.device.taken).toEqual(['cm-1']);
  });

  it('that was accepted is only asked about after a lost connection', async () => {
    const stand = clientStand();
    const sent = watched(
      stand.connect().send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }),
    );
    await stand.settle();
    stand.cut();
    stand.device.handlers.set('input_receipt_get', (frame) => {
      const receipt = {
        runtime: scope,
        client_message_id: 'cm-1',
        input_id: 'i',
        state: 'done',
        turn_id: 'batch-1',
        authority: 'device',
        at: 0,
      };
      stand.device.send({
        type: 'input_receipt_get_response',
        request_id: frame.request_id,
        success: true,
        receipt,
      });
    });
    await stand.settle();
    expect(sent()).toEqual({
      ok: true,
      fate: { client_message_id: 'cm-1', state: 'done', turn_id: 'batch-1', authority: 'device' },
    });
    expect(inputs(stand.device.heard)).toHaveLength(1);
  });

  it('is asked about again where a broker knew only of another one with its id', async () => {
    const stand = clientStand();
    const sent = watched(
      stand.connect().send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }),
    );
    await stand.settle();
    stand.device.receipt(scope, 'cm-1', 'started');
    await stand.settle();
    const states = ['parked', 'done'];
    stand.device.handlers.set('input_receipt_get', (frame) => {
      const told = { runtime: scope, client_message_id: 'cm-1', input_id: 'i', authority: 'broker', at: 0 };
      const receipt = { ...told, state: states.shift() };
      stand.device.send({
        type: 'input_receipt_get_response',
        request_id: frame.request_id,
        success: true,
        receipt,
      });
    });
    stand.cut();
    await stand.settle();
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(states).toEqual(['done']);
    expect(sent()).toBeUndefined();
    await stand.clock.advance(30_000);
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true, fate: { state: 'done' } });
  });

  it('that the device has forgotten is sent again', async () => {
    const stand = clientStand();
    const sent = watched(
      stand.connect().send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }),
    );
    await stand.settle();
    stand.device.handlers.set('input_receipt_get', (frame) =>
      stand.device.send({
        type: 'input_receipt_get_response',
        request_id: frame.request_id,
        success: false,
        error_code: 'input_not_found',
      }),
    );
    stand.cut();
    await stand.settle();
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(inputs(stand.device.heard)).toHaveLength(2);
    stand.device.receipt(scope, 'cm-1', 'done');
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true, fate: { state: 'done' } });
  });

  it('that is refused fails with the reason and is not sent again', async () => {
    const stand = clientStand();
    const outbox = memoryOutbox();
    stand.device.handlers.set('input', (frame) => {
      const runtime = scope;
      const receipt = {
        client_message_id: 'cm-1',
        input_id: 'i',
        state: 'rejected',
        code: 'queue_full',
        authority: 'device',
        at: 0,
      };
      stand.device.send({ type: 'input_receipt', runtime, ...receipt });
      const why = { accepted: false, error: '300 inputs wait already.', error_code: 'queue_full' };
      stand.device.send({ type: 'input_accepted', request_id: frame.request_id, runtime, ...why });
    });
    const client = stand.connect({ outbox });
    const sent = watched(client.send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.settle();
    expect(sent()).toEqual({
      ok: false,
      failure: { code: 'queue_full', message: '300 inputs wait already.' },
    });
    stand.cut();
    await stand.settle();
    expect(inputs(stand.device.heard)).toHaveLength(1);
    expect(outbox.all()).toEqual([]);
  });

  it('that cannot be taken for the moment is sent again', async () => {
    const stand = clientStand();
    stand.device.handlers.set('input', (frame) => {
      stand.device.handlers.delete('input');
      const why = { accepted: false, error: 'the disk is busy', error_code: 'store_failed' };
      stand.device.send({ type: 'input_accepted', request_id: frame.request_id, runtime: scope, ...why });
    });
    const sent = watched(stand.connect().send(scope, 'hello'));
    await stand.settle();
    expect(sent()).toBeUndefined();
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true });
  });

  it('under an id that is on its way is the same message, or refused', async () => {
    const stand = clientStand();
    const client = stand.connect();
    const both = [1, 2].map(() => watched(client.send(scope, 'hello', { client_message_id: 'cm-1' })));
    const other = watched(client.send(scope, 'else', { client_message_id: 'cm-1' }));
    await stand.settle();
    expect(both.map((result) => result())).toMatchObject([{ ok: true }, { ok: true }]);
    expect(other()).toMatchObject({ ok: false, failure: { code: 'idempotency_conflict' } });
    expect(inputs(stand.device.heard)).toHaveLength(1);
  });

  it('bears the id that its caller gave it, on the first part with content', async () => {
    const stand = clientStand();
    const parts = [
      { role: 'system' },
      { role: 'user', content: 'a', client_message_id: 'mine' },
      { role: 'user', content: 'b' },
    ];
    const sent = watched(stand.connect().send(scope, parts));
    await stand.settle();
    expect(sent()).toMatchObject({ fate: { client_message_id: 'mine' } });
    expect(inputs(stand.device.heard)).toMatchObject([{ payload: { messages: parts } }]);
  });
});

describe('an outbox', () => {
  const leftover = {
    scope,
    client_message_id: 'cm-0',
    messages: [{ role: 'user', content: 'from before', client_message_id: 'cm-0' }],
  };

  it('is emptied by the next client', async () => {
    const stand = clientStand();
    const outbox = memoryOutbox();
    await outbox.put(leftover);
    stand.connect({ outbox });
    await stand.settle();
    expect(stand.device.taken).toEqual(['cm-0']);
    expect(outbox.all()).toEqual([]);
  });

  it('[IN-6] keeps what an earlier client left while the disk of the other side is full, and says so once', async () => {
    const stand = clientStand();
    const outbox = memoryOutbox();
    await outbox.put(leftover);
    const troubles: string[] = [];
    stand.device.handlers.set('input', ({ request_id, runtime }) =>
      stand.device.send({
        type: 'input_accepted',
        request_id,
        runtime,
        accepted: false,
        error_code: 'store_full',
      }),
    );
    stand.connect({ outbox, onTrouble: ({ code }) => troubles.push(code) });
    await stand.settle();
    await stand.clock.advance(5_000);
    await stand.settle();
    expect(outbox.all()).toHaveLength(1);
    expect(troubles).toEqual(['store_full']);
    stand.device.handlers.clear();
    await stand.clock.advance(30_000);
    await stand.settle();
    expect(stand.device.taken).toEqual(['cm-0']);
    expect(outbox.all()).toEqual([]);
  });

  it('has a message before it is sent', async () => {
    const stand = clientStand();
    let written: () => void = () => undefined;
    const inMemory = memoryOutbox();
    const outbox: Outbox = { ...inMemory, put: () => new Promise((resolve) => (written = resolve)) };
    const sent = watched(stand.connect({ outbox }).send(scope, 'hello'));
    await stand.settle();
    expect(inputs(stand.device.heard)).toEqual([]);
    written();
    await stand.settle();
    expect(sent()).toMatchObject({ ok: true });
  });

  it('that fails refuses the message', async () => {
    const stand = clientStand();
    const outbox: Outbox = { ...memoryOutbox(), put: () => Promise.reject(new Error('disk full')) };
    const sent = watched(stand.connect({ outbox }).send(scope, 'hello'));
    await stand.settle();
    expect(sent()).toMatchObject({
      ok: false,
      failure: { code: 'store_failed', message: expect.stringContaining('disk full') },
    });
    expect(stand.device.heard.map((frame) => frame.type)).toEqual([]);
  });

  it('that cannot be read or emptied says so', async () => {
    const stand = clientStand();
    const troubles: string[] = [];
    const fail = () => Promise.reject(new Error('no disk'));
    stand
      .connect({
        outbox: { put: () => undefined, remove: fail, all: fail },
        onTrouble: ({ code }) => troubles.push(code),
      })
      .send(scope, 'x');
    await stand.settle();
    expect(troubles).toEqual(['store_failed', 'store_failed']);
  });

  it('keeps what a closed client had not delivered', async () => {
    const stand = clientStand();
    stand.reachable = false;
    const outbox = memoryOutbox();
    const client = stand.connect({ outbox });
    const sent = watched(client.send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.settle();
    client.close();
    await stand.settle();
    expect(sent()).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    expect(outbox.all()).toMatchObject([{ client_message_id: 'cm-1' }]);
    expect(stand.clock.pending).toBe(0);
    expect(await client.send(scope, 'too late')).toMatchObject({
      ok: false,
      failure: { code: 'unreachable' },
    });
    expect(outbox.all()).toHaveLength(1);
  });
});
