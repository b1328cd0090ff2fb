import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { isDialFailure } from '../../src/link/dial-failure.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { fields } from '../../src/protocol/dialects/loose.ts';
import type { Frame } from '../../src/protocol/frames.ts';
import { LinkedDevice } from '../../src/testing/linked-device.ts';
import type { BrokerProcess } from './broker-process.ts';
import type { Peer } from './peer.ts';
import { register } from './raw-link.ts';

/** A device that others try to get at, and two clients of it: one that follows a conversation, one that hears of the whole device. */
export type HonestSide = {
  readonly deviceId: string;
  readonly connectionId: string;
  readonly device: LinkedDevice;
  readonly clients: { readonly farhand: Peer; readonly seed: Peer };
  /** The transport's name of the farhand client: what a stamp begins with. */
  readonly session: string;
  readonly scope: { readonly agent_id: string; readonly conversation_id: string };
  /**
   * A turn of so many pieces goes on while something else does, and until that is over. Every client gets all of it in order, and
   * nothing besides. Returns how many milliseconds the slowest piece was under way.
   */
  turnDuring(work: () => Promise<unknown>): Promise<number>;
};

/** Whatever an attacker says has this in it. */
export const brand = 'evil';

const pieceEveryMs = 10;
const leastPieces = 20;

export async function honestSide(broker: BrokerProcess): Promise<HonestSide> {
  const deviceId = 'honest';
  const scope = { agent_id: 'agent-honest', conversation_id: 'conv-1' };
  const { token } = broker.make({ kind: 'device', privileges: [] });
  const { json } = await register(broker, token, deviceId);
  const connectionId = String(json.connectionId);
  const pipe = await dial(String(json.wsUrl), { headers: { authorization: `Bearer ${token}` } });
  if (isDialFailure(pipe)) throw new Error(pipe.message);
  const device = new LinkedDevice();
  device.attach(pipe);
  const client = broker.make().token;
  const clients = {
    farhand: await broker.client(deviceId, client, { farhand: '1' }),
    seed: await broker.client(deviceId, client),
  };
  const { session } = await clients.farhand.ask({ type: 'client_hello' });
  await clients.farhand.ask({ type: 'sync', runtime: scope });
  await clients.seed.ask({ type: 'sync', runtime: scope });
  const sent = new Map<string, number>();
  let pieces = 0;

  function emit(frame: Frame): void {
    device.emit(scope, frame);
  }
  function piece(): void {
    pieces += 1;
    const content = `piece ${pieces}`;
    sent.set(content, performance.now());
    emit({ type: 'stream_delta', delta: { message_type: 'assistant_message', id: 'm', content } });
  }
  async function turnDuring(work: () => Promise<unknown>): Promise<number> {
    const from = { farhand: clients.farhand.frames.length, seed: clients.seed.frames.length };
    const begin = pieces;
    let over = false;
    const worked = work().finally(() => {
      over = true;
    });
    device.loop(scope, 'PROCESSING_API_RESPONSE', ['run-1']);
    while (!over || pieces < begin + leastPieces) {
      piece();
      await pause(pieceEveryMs);
    }
    await worked;
    emit({ type: 'turn_finished', turn_id: `turn-${pieces}`, stop_reason: 'end_turn' });
    const wanted = Array.from({ length: pieces - begin }, (_, n) => `piece ${begin + n + 1}`);
    let latest = 0;
    for (const name of ['farhand', 'seed'] as const) {
      const { frames, times, until } = clients[name];
      await until(
        (frame) => frame.type === 'turn_finished' && frame.turn_id === `turn-${pieces}`,
        from[name],
      );
      const came = frames.slice(from[name]);
      expect(came.filter(isForeign), `${name} hears what is not its own`).toEqual([]);
      expect(came.flatMap(contentOf), `${name} hears everything in order`).toEqual(wanted);
      const seqs = came.map(({ seq }) => Number(seq));
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      came.forEach((frame, index) => {
        const [content = ''] = contentOf(frame);
        const at = sent.get(content);
        if (at !== undefined) latest = Math.max(latest, Number(times[from[name] + index]) - at);
      });
    }
    return latest;
  }
  const isForeign = (frame: Frame): boolean => {
    const agent = fields(frame.runtime).agent_id;
    return JSON.stringify(frame).includes(brand) || (agent !== undefined && agent !== scope.agent_id);
  };
  return { deviceId, connectionId, device, clients, session: String(session), scope, turnDuring };
}

function contentOf({ type, delta }: Frame): string[] {
  const { content } = fields(delta);
  return type === 'stream_delta' && typeof content === 'string' ? [content] : [];
}
