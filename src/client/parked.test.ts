import { describe, expect, it } from 'vitest';
import { clientStand } from '../testing/client-stand.ts';
import { memoryOutbox, type SendResult } from './index.ts';

const scope = { agent_id: 'agent-1', conversation_id: 'conv-1' };

/** The result, or undefined as long as there is none. */
function watched(result: Promise<SendResult>): () => SendResult | undefined {
  let known: SendResult | undefined;
  void result.then((value) => {
    known = value;
  });
  return () => known;
}

/** A broker whose device is away: what is sent is parked. */
function begin() {
  const stand = clientStand();
  const { device } = stand;
  const outbox = memoryOutbox();
  const receipt = (state: string, authority: string, more: object = {}) => {
    const told = { client_message_id: 'cm-1', input_id: 'input-1', state, authority, at: 0, ...more };
    device.send({ type: 'input_receipt', runtime: scope, ...told });
  };
  device.handlers.set('input', ({ request_id }) => {
    const accepted = { accepted: true, disposition: 'queued' };
    device.send({ type: 'input_accepted', request_id, runtime: scope, ...accepted });
    receipt('parked', 'broker', { position: 1 });
  });
  const presence = (online: boolean) =>
    device.send({
      type: 'device_presence',
      online,
      since: 5,
      last_seen: 4,
      connection_id: null,
      connection_name: 'desk',
    });
  const heard = (type: string) => device.heard.filter((frame) => frame.type === type);
  return { stand, device, outbox, receipt, presence, heard };
}

describe('[IN-6] a message that a broker keeps for a device that is away', () => {
  it('is there for who wanted it kept, and stays in the outbox until the device has it', async () => {
    const { stand, outbox, receipt } = begin();
    const client = stand.connect({ outbox });
    const kept = watched(client.send(scope, 'hello', { client_message_id: 'cm-1' }));
    const done = watched(client.send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }));
    await stand.settle();
    const fate = { client_message_id: 'cm-1', state: 'parked', authority: 'broker' };
    expect(kept()).toEqual({ ok: true, fate });
    expect(done()).toBeUndefined();
    expect(outbox.all()).toHaveLength(1);
    receipt('queued', 'device');
    await stand.settle();
    expect(outbox.all()).toEqual([]);
    expect(done()).toBeUndefined();
    receipt('done', 'device', { turn_id: 'batch-1' });
    await stand.settle();
    expect(done()).toMatchObject({ ok: true, fate: { state: 'done', turn_id: 'batch-1' } });
  });

  it('is asked about when the device is back, and sent again when neither knows it', async () => {
    const { stand, device, outbox, presence, heard } = begin();
    const client = stand.connect({ outbox });
    await stand.settle();
    presence(false);
    void client.send(scope, 'hello', { client_message_id: 'cm-1' });
    await stand.settle();
    expect(client.state().device).toMatchObject({ online: false, since: 5, lastSeen: 4, name: 'desk' });
    device.handlers.set('input_receipt_get', ({ request_id }) => {
      const why = { receipt: null, error: 'unknown', error_code: 'input_not_found' };
      device.send({ type: 'input_receipt_get_response', request_id, success: false, ...why });
    });
    device.handlers.delete('input');
    presence(true);
    await stand.settle();
    expect(heard('input_receipt_get')).toHaveLength(1);
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(device.taken).toEqual(['cm-1']);
    expect(outbox.all()).toEqual([]);
    // Said again it is no news.
    presence(true);
    await stand.settle();
    expect(heard('input_receipt_get')).toHaveLength(1);
  });

  it('is asked about every 30 s should the news of the device be lost', async () => {
    const { stand, heard } = begin();
    void stand.connect().send(scope, 'hello', { client_message_id: 'cm-1' });
    await stand.settle();
    await stand.clock.advance(29_000);
    await stand.settle();
    expect(heard('input_receipt_get')).toHaveLength(0);
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(heard('input_receipt_get')).toHaveLength(1);
  });

  it('is sent again by the next client that finds it in the outbox', async () => {
    const { stand, device, outbox } = begin();
    const first = stand.connect({ outbox });
    void first.send(scope, 'hello', { client_message_id: 'cm-1' });
    await stand.settle();
    first.close();
    device.handlers.delete('input');
    stand.connect({ outbox });
    await stand.settle();
    expect(device.taken).toEqual(['cm-1']);
    expect(outbox.all()).toEqual([]);
  });

  it('that waited too long is given up, and that is its end', async () => {
    const { stand, outbox, receipt } = begin();
    const client = stand.connect({ outbox });
    const done = watched(client.send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }));
    await stand.settle();
    receipt('failed', 'broker', { code: 'parking_expired' });
    await stand.settle();
    expect(done()).toMatchObject({ ok: true, fate: { state: 'failed', code: 'parking_expired' } });
    expect(outbox.all()).toEqual([]);
  });

  it('that the device refuses at last is told to nobody in particular, if nobody waits', async () => {
    const { stand, outbox, receipt } = begin();
    const troubles: string[] = [];
    const client = stand.connect({ outbox, onTrouble: ({ code }) => troubles.push(code) });
    void client.send(scope, 'hello', { client_message_id: 'cm-1' });
    await stand.settle();
    receipt('rejected', 'broker', { code: 'queue_full' });
    await stand.settle();
    expect(troubles).toEqual(['queue_full']);
    expect(outbox.all()).toEqual([]);
  });
});

describe('[IN-3] receipts', () => {
  it('that overtake each other or come again take nothing back', async () => {
    const { stand, receipt } = begin();
    const client = stand.connect();
    const done = watched(client.send(scope, 'hello', { client_message_id: 'cm-1', until: 'settled' }));
    await stand.settle();
    for (const state of ['started', 'accepted', 'queued']) receipt(state, 'device');
    receipt('parked', 'broker');
    receipt('rejected', 'device', { code: 'idempotency_conflict' });
    await stand.settle();
    expect(await client.send(scope, 'hello', { client_message_id: 'cm-1' })).toMatchObject({
      ok: true,
      fate: { state: 'started', authority: 'device' },
    });
    expect(done()).toBeUndefined();
    receipt('done', 'device');
    await stand.settle();
    expect(done()).toMatchObject({ ok: true, fate: { state: 'done' } });
  });

  it('that do not come though they are promised are asked for', async () => {
    const { stand, device, heard } = begin();
    device.handlers.set('input', ({ request_id }) =>
      device.send({ type: 'input_accepted', request_id, runtime: scope, accepted: true }),
    );
    device.handlers.set('input_receipt_get', () => undefined);
    const outbox = memoryOutbox();
    const sent = watched(stand.connect({ outbox }).send(scope, 'hello', { client_message_id: 'cm-1' }));
    await stand.settle();
    expect(sent()).toBeUndefined();
    await stand.clock.advance(1_000);
    await stand.settle();
    expect(heard('input_receipt_get')).toMatchObject([{ client_message_id: 'cm-1' }]);
    expect(outbox.all()).toHaveLength(1);
  });

  it.each(['unsupported', 'forbidden'])(
    'that nobody can give (%s) are not waited for',
    async (error_code) => {
      const { stand, device } = begin();
      device.handlers.set('input', ({ request_id }) =>
        device.send({ type: 'input_accepted', request_id, runtime: scope, accepted: true }),
      );
      device.handlers.set('input_receipt_get', ({ request_id }) => {
        const why = { success: false, receipt: null, error: 'no', error_code };
        device.send({ type: 'input_receipt_get_response', request_id, ...why });
      });
      const outbox = memoryOutbox();
      const sent = watched(stand.connect({ outbox }).send(scope, 'hello', { client_message_id: 'cm-1' }));
      await stand.settle();
      await stand.clock.advance(1_000);
      await stand.settle();
      expect(sent()).toMatchObject({ ok: true, fate: { state: 'accepted' } });
      expect(outbox.all()).toEqual([]);
    },
  );
});
