// What a device is at the very least: it reads the model and sends each delta as the frame that Farhand sends, one `ws.send` each. No
// log, no tools, no permissions.
import { type WebSocket, WebSocketServer } from 'ws';
import { bareReader } from '../bare-reader.ts';
import { ready } from '../child.ts';

const { MODEL_URL } = process.env;
if (MODEL_URL === undefined) throw new Error('MODEL_URL must name the model endpoint.');
const read = bareReader(MODEL_URL);

type Input = {
  readonly runtime: { readonly agent_id: string; readonly conversation_id: string };
  readonly text: string;
};

async function turn(socket: WebSocket, { runtime, text }: Input): Promise<void> {
  const date = new Date().toISOString();
  let event_seq = 0;
  const send = (type: string, body: object) => {
    event_seq += 1;
    socket.send(
      JSON.stringify({
        type,
        runtime,
        ...body,
        event_seq,
        emitted_at: new Date().toISOString(),
        idempotency_key: `${type}:5a1d6c1e-0b5f-4d0c-9a3e-3f0f6d8c2b11:${event_seq}`,
      }),
    );
  };
  await read(text, (content) =>
    send('stream_delta', {
      delta: {
        type: 'message',
        id: 'msg-01K00000000000000000000000',
        date,
        message_type: 'assistant_message',
        content,
        run_id: 'run-01K00000000000000000000000',
      },
    }),
  );
  send('turn_finished', { turn_id: 'batch-01K00000000000000000000000', stop_reason: 'end_turn' });
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data) => void turn(socket, JSON.parse(String(data))));
});
server.once('listening', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The bare device has no port.');
  ready({ url: `ws://127.0.0.1:${address.port}` }, () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});
