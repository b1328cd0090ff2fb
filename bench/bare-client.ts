import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type Conversation, saidIn } from './farhand-client.ts';
import { awaited } from './harness.ts';

/** A client of the bare device; the counterpart of `farhandClient`. */
export type BareClient = { conversation(): Conversation; close(): void };

/** A server's frame of 126 to 65,535 bytes has a header of four. */
const HEADER_BYTES = 4;

export async function bareClient(url: string): Promise<BareClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const hearers = new Map<string, (frame: Readonly<Record<string, unknown>>, bytes: number) => void>();
  let opened = 0;
  socket.on('message', (data) => {
    const text = String(data);
    const frame = JSON.parse(text);
    hearers.get(frame.runtime.conversation_id)?.(frame, Buffer.byteLength(text) + HEADER_BYTES);
  });
  await once(socket, 'open');

  function conversation(): Conversation {
    opened += 1;
    const runtime = {
      agent_id: 'agent-6a0b2f5e-3b0a-4a4b-8f5e-0d7f3c1a9b21',
      conversation_id: `conv-6a0b2f5e-3b0a-4a4b-8f5e-${String(opened).padStart(12, '0')}`,
    };
    return {
      turn: (text, onText) =>
        awaited('A turn of the bare device', (done) => {
          const start = performance.now();
          const since = () => performance.now() - start;
          let [firstMs, lastMs, characters, bytes] = [Number.NaN, Number.NaN, 0, 0];
          hearers.set(runtime.conversation_id, (frame, size) => {
            bytes += size;
            const said = saidIn(frame);
            if (said !== null) {
              lastMs = since();
              characters += said.length;
              if (Number.isNaN(firstMs)) firstMs = lastMs;
              onText?.(said);
            }
            if (frame.type === 'turn_finished') done({ firstMs, lastMs, endMs: since(), characters, bytes });
          });
          socket.send(JSON.stringify({ type: 'input', runtime, text }));
        }),
    };
  }
  return { conversation, close: () => socket.terminate() };
}
