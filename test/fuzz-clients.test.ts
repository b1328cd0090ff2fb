import { describe, expect, it, vi } from 'vitest';
import type { DeviceLink } from '../src/broker/station/device-link.ts';
import type { ManualPair } from '../src/link/memory.ts';
import { failedReply } from '../src/protocol/reply.ts';
import { commandTypes } from '../src/protocol/routing.ts';
import { checkCommand } from '../src/protocol/validate.ts';
import { LinkedDevice } from '../src/testing/linked-device.ts';
import { stationStand } from '../src/testing/station-stand.ts';
import { framesPerDoor, fuzz } from './support/fuzz.ts';
import { clientTypes, frameSource, scopes } from './support/mutated-frames.ts';
import { Questions } from './support/questions.ts';

// The status WebSocket of a broker: whatever clients of any generation say, to a device of any kind, there or not.

vi.setConfig({ testTimeout: 600_000 });

const dialects = { seed: {}, stock: { channel: 'control' }, farhand: { farhand: '1' } } as const;
const oldTypes = ['change_cwd', 'change_mode', 'request_state', 'recover_pending_approvals', 'cancel_run'];
/** Longer than any command's deadline, and than a session without a socket is kept. */
const longEnough = 400_000;

/** What the device does meanwhile. */
const devices = ['answers', 'is silent', 'comes and goes', 'is away', 'is stock', 'is stock-0.25'] as const;
const rows = Object.keys(dialects).flatMap((dialect) =>
  devices.map((device) => [dialect as keyof typeof dialects, device] as const),
);

describe('a client of the broker says anything', () => {
  it.each(rows)('[ERR-1] in %s while the device %s', async (dialect, kind) => {
    await fuzz(`in ${dialect} while the device ${kind}`, async (random) => {
      const stand = stationStand();
      const { clock } = stand;
      const device = aDevice(kind === 'is silent');
      const speaks = kind.startsWith('is stock') ? (kind.slice(3) as DeviceLink['speaks']) : 'farhand';
      let link: ManualPair | null = null;
      const toggle = (up: boolean): void => {
        if (up && !link) link = stand.link(device, { speaks });
        else if (!up && link) {
          link.cut();
          link = null;
        }
      };
      toggle(kind !== 'is away');
      stand.flush();
      const connect = () => {
        const peer = stand.peer({
          query: new URLSearchParams(dialects[dialect]),
          hears: random.pick(['all', 'followed']),
        });
        peer.send({ type: 'sync', request_id: 'first', runtime: scopes[0] });
        return peer;
      };
      let peer = connect();
      const asked = new Questions();
      const source = frameSource(random);
      // Inputs have the most in them, and the most depends on them.
      const inputs = Array(8).fill('input');
      const types = [...clientTypes, ...oldTypes, ...inputs].filter(
        (type) => dialect === 'farhand' || type !== 'client_hello',
      );
      const wrong: string[] = [];
      const settle = async (ms: number) => {
        stand.flush();
        await clock.advance(ms);
        stand.flush();
        for (const frame of peer.frames()) asked.heard(frame);
        peer.clear();
        device.heard.splice(0);
        device.told.splice(0);
      };

      const count = Math.ceil(framesPerDoor / rows.length);
      for (let sent = 0; sent < count; sent++) {
        const text = source.text(source.mutated(random.pick(types), { request_id: asked.mint() }));
        asked.sent(text);
        peer.pair.a.send(text);
        if (sent % 100 !== 99) continue;
        stand.flush();
        if (kind !== 'is silent' && kind !== 'is away')
          for (const scope of scopes)
            device.loop(scope, random.pick(['WAITING_ON_INPUT', 'PROCESSING_API_RESPONSE']));
        if (kind === 'comes and goes') toggle(random.chance(0.5));
        await settle(random.int(0, 1_000));
        if (sent % 2_000 !== 1_999) continue;
        await settle(longEnough);
        wrong.push(...asked.wrong());
        expect(peer.closed()).toBe(null);
        if (random.chance(0.5)) continue;
        peer.pair.a.close(random.pick([1000, 1006]));
        peer = connect();
      }
      await settle(longEnough);
      wrong.push(...asked.wrong());
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(stand.troubles.filter((what) => !expectedTroubles.has(what))).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();

      // Nothing is left of anybody who has gone.
      peer.pair.a.close(1000);
      toggle(false);
      await settle(longEnough);
      expect(stand.station().hub.stats()).toMatchObject({ sessions: 0, parted: 0, ringBytes: 0 });
      expect([...stand.station().hub.followed()]).toEqual([]);
      stand.station().close(1012, 'over');
      stand.flush();
      expect(clock.pending).toBe(0);
    });
  });
});

const expectedTroubles: ReadonlySet<string> = new Set([]);

/** A device that checks what it hears, as every device does. */
function aDevice(isSilent: boolean): LinkedDevice {
  const device = new LinkedDevice();
  for (const type of commandTypes)
    device.handlers.set(type, (frame) => {
      if (isSilent) return;
      const checked = checkCommand(frame);
      if (checked.ok) device.answer(frame);
      else device.send(failedReply(type, String(frame.request_id), checked.failure));
    });
  return device;
}
