// What a relay is at the very least: every message of the device goes to every subscriber with one `ws.send`. No token, no number, no
// store, no limit. It may be told its port.
import { type WebSocket, WebSocketServer } from 'ws';
import { ready } from '../child.ts';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  perMessageDeflate: false,
});
const subscribers = new Set<WebSocket>();
server.on('connection', (socket, { url }) => {
  if (url === '/device') {
    socket.on('message', (data) => {
      const text = String(data);
      for (const subscriber of subscribers) subscriber.send(text);
    });
    return;
  }
  subscribers.add(socket);
  socket.on('close', () => subscribers.delete(socket));
});
server.once('listening', () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The bare relay has no port.');
  ready({ url: `ws://127.0.0.1:${address.port}` }, () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
});
