import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { atPort, bearer, connected, testGround } from '../src/broker/test-ground.ts';

const minute = 60_000;

it('[LINK-1] five silent minutes cut neither a client nor a device, and a peer that is gone is found', async () => {
  const ground = testGround();
  const device = ground.make('device').token;
  const { connectionId } = (await ground.register(device, { metadata: { farhand: { v: 1 } } })).json;
  const { host, open } = await atPort(ground);
  const link = connected(await open(`/v1/environments/${connectionId}/device/ws`, bearer(device)));
  const url = `ws://${host}/v1/environments/device-1/status/ws?channel=stream`;
  const client = new WebSocket(url, { headers: bearer(ground.make('client').token) });
  await once(client, 'open');
  let probes = 0;
  client.on('ping', () => probes++);
  for (let passed = 0; passed < 5 * minute; passed += minute / 2) {
    const before = probes;
    await ground.clock.advance(minute / 2);
    // The probe and its answer travel in real time.
    while (probes === before) await turn();
    for (let n = 0; n < 20; n++) await turn();
  }
  expect(client.readyState).toBe(WebSocket.OPEN);
  expect(link.pipe.open).toBe(true);

  client.pause();
  const closed = once(client, 'close');
  await ground.clock.advance(2 * minute);
  client.resume();
  const [code] = await closed;
  expect(code).toBe(1006);
});
