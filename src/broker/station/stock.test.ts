import { describe, expect, it } from 'vitest';
import type { Pipe } from '../../link/pipe.ts';
import { fields, list } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { type StationPeer, stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

/** A device that answers what it is asked and remembers nothing of it. */
class StockDevice {
  readonly heard: Frame[] = [];
  answers = true;
  refuses: string | null = null;
  #pipe: Pipe | null = null;
  #seq = 0;

  attach(pipe: Pipe): void {
    this.#pipe = pipe;
    pipe.listen({ message: (text) => this.#hear(JSON.parse(text) as Frame), closed: () => undefined });
  }

  send(frame: object): void {
    this.#pipe?.send(JSON.stringify(frame));
  }

  event(type: string, body: object): void {
    this.#seq += 1;
    this.send({ type, runtime: scope, ...body, event_seq: this.#seq, idempotency_key: `k-${this.#seq}` });
  }

  inputs(): unknown[] {
    return this.heard
      .filter(({ type }) => type === 'input')
      .map(({ payload }) => fields(list(fields(payload).messages)[0]).client_message_id);
  }

  #hear(frame: Frame): void {
    this.heard.push(frame);
    if (!this.answers) return;
    const { type, request_id, runtime } = frame;
    if (type === 'input')
      this.send({
        type: 'input_accepted',
        request_id,
        runtime,
        accepted: this.refuses === null,
        ...(this.refuses === null ? { disposition: 'started' } : { error: this.refuses }),
      });
    if (type === 'sync') {
      this.event('update_loop_status', {
        loop_status: { status: 'PROCESSING_API_RESPONSE', active_run_ids: ['run-2'] },
      });
      this.send({ type: 'sync_response', request_id, runtime, success: true });
    }
    if (type === 'abort_message')
      this.send({
        type: 'abort_message_response',
        request_id,
        runtime,
        success: true,
        aborted: true,
        run_id: null,
      });
  }
}
const stock = { speaks: 'stock' } as const;
const fates = (peer: StationPeer, id: string) =>
  peer.of('input_receipt').flatMap((frame) => (frame.client_message_id === id ? [frame.state] : []));

function there() {
  const stand = stationStand();
  const device = new StockDevice();
  const pair = stand.link(device, stock);
  const client = stand.peer();
  client.send({ type: 'sync', request_id: 's', runtime: scope });
  stand.flush();
  client.clear();
  device.heard.splice(0);
  return { stand, device, pair, client };
}

describe('a stock device', () => {
  it('is not greeted, and hears nothing of what it does not understand', () => {
    const { stand, device, client } = there();
    client.send(say('m-1'));
    stand.flush();
    expect(device.heard).toHaveLength(1);
    expect(device.heard[0]).not.toHaveProperty('auth');
    expect(device.heard[0]).not.toHaveProperty('inbox');
    expect(client.of('input_accepted')).toMatchObject([
      { request_id: 'r-m-1', accepted: true, disposition: 'started' },
    ]);
  });

  it('[IN-5] is handed an input once: the receipt ends as handed_over, and a second copy goes nowhere', () => {
    const { stand, device, client } = there();
    client.send(say('m-1'));
    stand.flush();
    expect(fates(client, 'm-1')).toEqual(['handed_over']);
    client.send(say('m-1'));
    stand.flush();
    stand.restart();
    const later = stand.peer();
    stand.link(device, stock);
    later.send(say('m-1'));
    later.send({ type: 'input_receipt_get', request_id: 'q', runtime: scope, client_message_id: 'm-1' });
    stand.flush();
    expect(device.inputs()).toEqual(['m-1']);
    expect(fates(later, 'm-1')).toEqual(['handed_over']);
    expect(later.of('input_accepted')).toMatchObject([{ accepted: true }]);
    expect(later.of('input_receipt_get_response')).toMatchObject([{ receipt: { state: 'handed_over' } }]);
  });

  it('[IN-5] whose link dies before any sign of an input: nobody knows, and it is not sent again', () => {
    const { stand, device, pair, client } = there();
    device.answers = false;
    client.send(say('m-1'));
    stand.flush();
    pair.cut();
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([{ accepted: false, error_code: 'device_lost' }]);
    expect(fates(client, 'm-1')).toEqual(['indeterminate']);
    device.answers = true;
    stand.link(device, stock);
    client.send(say('m-1'));
    stand.flush();
    expect(device.inputs()).toEqual(['m-1']);
    expect(fates(client, 'm-1')).toEqual(['indeterminate', 'indeterminate']);
  });

  it('[IN-5] a broker that dies after it wrote an input does not write it again', () => {
    const { stand, device, client } = there();
    device.answers = false;
    client.send(say('m-1'));
    stand.flush();
    expect(stand.inbox.all()).toMatchObject([{ key: 'm-1', state: 'written' }]);
    stand.restart();
    device.answers = true;
    const later = stand.peer();
    stand.link(device, stock);
    later.send(say('m-1'));
    stand.flush();
    expect(device.inputs()).toEqual(['m-1']);
    expect(fates(later, 'm-1')).toEqual(['indeterminate']);
  });

  it('[IN-5] is handed in order what waited for it', () => {
    const { stand, device, pair, client } = there();
    pair.cut();
    for (const id of ['m-1', 'm-2']) client.send(say(id));
    stand.flush();
    expect(fates(client, 'm-2')).toEqual(['parked']);
    stand.link(device, stock);
    stand.flush();
    expect(device.inputs()).toEqual(['m-1', 'm-2']);
    expect(fates(client, 'm-2')).toEqual(['parked', 'handed_over']);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[IN-2] that refuses an input: it is rejected', () => {
    const { stand, device, client } = there();
    device.refuses = 'no';
    client.send(say('m-1'));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([
      { request_id: 'r-m-1', accepted: false, error: 'no' },
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[ABT-1] is given a parked abort only after it said what it does, and not for another run', () => {
    const { stand, device, pair, client } = there();
    device.event('update_loop_status', {
      loop_status: { status: 'PROCESSING_API_RESPONSE', active_run_ids: ['run-1'] },
    });
    stand.flush();
    pair.cut();
    client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    client.send({ type: 'abort_message', request_id: 'b', runtime: scope, run_id: 'run-2' });
    stand.flush();
    device.heard.splice(0);
    stand.link(device, stock);
    stand.flush();
    expect(device.heard.map(({ type, run_id }) => [type, run_id])).toEqual([
      ['sync', undefined],
      ['sync', undefined],
      ['abort_message', 'run-2'],
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[SEC-3] is asked nothing that its asker may not ask', () => {
    const { stand, device } = there();
    const watcher = stand.peer({
      principal: { principal: 'ann', privileges: ['observe'], origin: 'broker' },
    });
    watcher.send(say('m-1'));
    watcher.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    stand.flush();
    expect(device.heard).toEqual([]);
    expect(watcher.of('input_accepted')).toMatchObject([{ error_code: 'forbidden' }]);
  });

  it('[ERR-3] that is lost with an abort in hand: it may have happened', () => {
    const { stand, device, pair, client } = there();
    device.answers = false;
    client.send({ type: 'abort_message', request_id: 'a', runtime: scope });
    stand.flush();
    pair.cut();
    stand.flush();
    expect(client.of('abort_message_response')).toMatchObject([
      { success: false, error_code: 'device_lost' },
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('[SEQ-5] has its events kept and told under numbers of their own', () => {
    const { stand, device, client } = there();
    device.event('stream_delta', { delta: { message_type: 'assistant_message', id: 'm', content: 'x' } });
    stand.flush();
    const [told] = client.of('stream_delta');
    expect(told).toMatchObject({ event_seq: 2, log_id: expect.stringContaining('conn-1') });
    expect(stand.mirror.read(scope, 1, 1_000).events).toMatchObject([{ event_seq: 2 }]);
  });
});
