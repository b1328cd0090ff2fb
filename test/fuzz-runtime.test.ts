import { describe, expect, it, vi } from 'vitest';
import { linePipe } from '../src/link/node/line-pipe.ts';
import { readLine } from '../src/link/node/ndjson.ts';
import type { Pipe } from '../src/link/pipe.ts';
import type { Frame } from '../src/protocol/frames.ts';
import type { Random } from '../src/testing/chaos-random.ts';
import { type DeviceInProcess, deviceInProcess } from './support/device-in-process.ts';
import { framesPerDoor, fuzz } from './support/fuzz.ts';
import { clientTypes, frameSource } from './support/mutated-frames.ts';
import { Questions } from './support/questions.ts';

// The doors of a runtime itself, an app-server's and the owner's private socket: whatever comes in, the runtime answers it once.

vi.setConfig({ testTimeout: 600_000 });

/** Longer than any command's deadline. */
const longEnough = 400_000;
/** These run a program each time. */
const slow: ReadonlySet<string> = new Set(['search_branches', 'checkout_branch', 'list_models']);

type Client = { readonly send: (text: string) => void; readonly isOpen: () => boolean; leave(): void };
type Door = (device: DeviceInProcess, random: Random, heard: (frame: Frame) => void) => Client;

const throughAppServer: Door = (device, random, heard) => {
  const query = new URLSearchParams(random.chance(0.5) ? { farhand: '1' } : {});
  return clientOn(device.appServer(query), heard);
};

const throughSocket: Door = (device, _random, heard) => clientOn(linePipe(device.privateSocket()), heard);

function clientOn(pipe: Pipe, heard: (frame: Frame) => void): Client {
  pipe.listen({ message: (text) => heard(JSON.parse(text) as Frame), closed: () => undefined });
  return { send: (text) => pipe.send(text), isOpen: () => pipe.open, leave: () => pipe.close(1000) };
}

describe('a runtime is told anything', () => {
  it.each([
    ['an app-server', throughAppServer],
    ['the private socket', throughSocket],
  ])('[ERR-1] through %s, and answers it once', async (name, door) => {
    await fuzz(`through ${name}`, async (random) => {
      const device = deviceInProcess();
      const { clock } = device;
      const asked = new Questions();
      const heard = (frame: Frame): void => asked.heard(frame);
      const agents = [device.agentId, device.agentId, 'agent-none', null];
      const runtime = ['default', 'conv-1', 'conv-2'].map((conversation_id) => ({
        agent_id: device.agentId,
        conversation_id,
      }));
      const source = frameSource(random, {
        runtime,
        runtimes: runtime.map((one) => [one]),
        agent_id: agents,
      });
      const types = [...clientTypes, ...Array(8).fill('input')];
      let client = door(device, random, heard);
      const wrong: string[] = [];
      const settle = async (): Promise<void> => {
        for (let n = 0; n < 100 && asked.open > 0; n++) await clock.advance(1);
      };
      for (let sent = 0; sent < framesPerDoor; sent++) {
        const type = random.pick(types);
        if (slow.has(type) && random.chance(0.95)) continue;
        const text = source.text(source.mutated(type, { request_id: asked.mint() }));
        asked.sent(text);
        client.send(text);
        if (sent % 50 !== 49) continue;
        await settle();
        if (sent % 1_000 !== 999) continue;
        await clock.advance(longEnough);
        await settle();
        wrong.push(...asked.wrong());
        expect(client.isOpen()).toBe(true);
        if (random.chance(0.5)) continue;
        client.leave();
        client = door(device, random, heard);
      }
      await settle();
      await clock.advance(longEnough);
      wrong.push(...asked.wrong());
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(device.troubles).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      client.leave();
      await clock.advance(longEnough);
      expect(device.hub.sessions).toBe(0);
      // The next trimming of the store.
      expect(clock.pending).toBe(1);
      await device.close();
    });
  });

  it('[LINK-3] as bytes on the private socket, doors and ends of doors among them', async () => {
    await fuzz('as bytes on the private socket', async (random) => {
      const device = deviceInProcess();
      const source = frameSource(random, {
        origin: ['direct', 'broker', 'x'],
        dialect: ['farhand', 'stock'],
      });
      const doors = ['direct', 'broker', 'x'].map((origin) => ({ type: 'door', origin }));
      for (let sent = 0; sent < framesPerDoor / 10; sent++) {
        const socket = device.privateSocket();
        socket.on('error', () => undefined).resume();
        const lines = Array.from({ length: random.int(1, 20) }, (_, n) => {
          const first = n === 0 && random.chance(0.7);
          const id = { id: random.pick(['conn-1', 5, null, {}]), name: 'x' };
          const door = { ...random.pick(doors), connection: random.pick([id, id, null, 7, 'x']) };
          if (first) return random.chance(0.8) ? JSON.stringify(door) : source.text({ ...door, x: 1 }, 0.5);
          if (random.chance(0.05))
            return random.pick(['[1000,"x"]', '[1e999,"x"]', '[4000.5,""]', '[]', '"x', '""']);
          const frame = random.chance(0.2)
            ? { type: 'broker_hello', feed_id: null, have: 0, inbox_id: 'i', first: 0 }
            : null;
          return source.text(frame ?? source.mutated(random.pick(clientTypes)), 0.1);
        });
        const bytes = Buffer.from(lines.join(random.chance(0.95) ? '\n' : '\r\n'));
        if (random.chance(0.1)) bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
        for (let from = 0; from < bytes.length; ) {
          const to = from + random.int(1, Math.max(1, bytes.length >> 1));
          socket.write(bytes.subarray(from, to));
          from = to;
        }
        if (random.chance(0.5)) socket.write('\n');
        random.pick([() => socket.end(), () => socket.destroy(), () => undefined])();
        if (sent % 50 !== 49) continue;
        await device.clock.advance(longEnough);
      }
      await device.clock.advance(longEnough);
      expect(device.troubles).toEqual([]);
      const heard: Frame[] = [];
      const client = clientOn(device.appServer(), (frame) => void heard.push(frame));
      client.send('{"type":"agent_list","request_id":"last"}');
      await device.clock.advance(10);
      expect(heard).toMatchObject([{ type: 'agent_list_response', success: true }]);
      client.leave();
      await device.close();
    });
  });

  it('[LINK-3] as lines that are none', async () => {
    await fuzz('as lines that are none', (random) => {
      const source = frameSource(random);
      for (let sent = 0; sent < framesPerDoor; sent++) {
        const line = random.pick(['', '"', '[', '[1', ' ']) + source.text(source.mutated('ping'), 0.5);
        const read = readLine(line);
        if (read && 'closed' in read) expect(typeof read.closed.code).toBe('number');
      }
    });
  });
});
