import { describe, expect, it } from 'vitest';
import { failedReply } from '../../protocol/reply.ts';
import { LinkedDevice } from '../../testing/linked-device.ts';
import { stationStand } from '../../testing/station-stand.ts';
import { say, scope } from './test-frames.ts';

/** Another message waited under the id of one that the device has done. */
function conflict() {
  const stand = stationStand();
  const device = new LinkedDevice();
  stand.link(device).cut();
  const client = stand.peer();
  client.send({ type: 'sync', runtime: scope });
  client.send(say('m-1'));
  stand.flush();
  client.clear();
  device.handlers.set('input', (frame) => {
    const why = { code: 'idempotency_conflict', message: 'Another message was sent under that id.' } as const;
    device.send(failedReply('input', String(frame.request_id), why));
  });
  stand.link(device);
  stand.flush();
  return { stand, device, client };
}

describe('[IN-1] another message under the id of one that the device has', () => {
  it('is rejected when the device says so, as a broker could not know', () => {
    const { stand, client } = conflict();
    expect(client.of('input_receipt')).toMatchObject([
      { client_message_id: 'm-1', state: 'rejected', code: 'idempotency_conflict' },
    ]);
    expect(stand.inbox.all()).toEqual([]);
  });

  it('leaves the fate of that id with the device', () => {
    const { stand, device, client } = conflict();
    device.handlers.clear();
    client.clear();
    client.send({ type: 'input_receipt_get', request_id: 'g', runtime: scope, client_message_id: 'm-1' });
    client.send(say('m-1'));
    stand.flush();
    expect(device.heard.map(({ type }) => type)).toEqual(['input', 'input_receipt_get', 'input']);
    expect(client.of('input_accepted')).toMatchObject([{ accepted: true }]);
  });
});

describe('a message that went on to a device before it went away', () => {
  function gone() {
    const stand = stationStand();
    const device = new LinkedDevice();
    const pair = stand.link(device);
    stand.peer().send(say('m-1'));
    stand.flush();
    pair.cut();
    stand.restart();
    return { stand, client: stand.peer() };
  }

  it('[IN-1] is known by what it said', () => {
    const { stand, client } = gone();
    client.send(say('m-1', 'something else'));
    stand.flush();
    expect(client.of('input_accepted')).toMatchObject([
      { accepted: false, error_code: 'idempotency_conflict' },
    ]);
    client.send(say('m-1'));
    stand.flush();
    expect(client.of('input_accepted').at(-1)).toMatchObject({ accepted: true });
  });

  it('[IN-3] and that waits now because it was sent again, is not taken back', () => {
    const { stand, client } = gone();
    client.send(say('m-1'));
    client.send({ type: 'remove_queue_item', request_id: 'r', runtime: scope, item_id: 'parked-1' });
    stand.flush();
    expect(client.of('remove_queue_item_response')).toMatchObject([{ success: false }]);
    expect(client.of('input_receipt')).toMatchObject([{ state: 'parked' }]);
  });
});

it('[IN-3] what the device may have taken is not taken back, also by a broker that began anew', () => {
  const stand = stationStand();
  const device = new LinkedDevice();
  stand.link(device).cut();
  stand.peer().send(say('m-1'));
  stand.flush();
  device.mute = true;
  const pair = stand.link(device);
  device.mute = false;
  device.send(device.hello(1));
  device.mute = true;
  stand.flush();
  expect(device.worked).toEqual(['m-1']);
  pair.cut();
  stand.restart();
  const client = stand.peer();
  client.send({ type: 'remove_queue_item', request_id: 'r', runtime: scope, item_id: 'parked-1' });
  stand.flush();
  expect(client.of('remove_queue_item_response')).toMatchObject([{ success: false }]);
  expect(client.of('input_receipt')).toEqual([]);
});
