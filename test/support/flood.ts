import { once } from 'node:events';
import { WebSocket } from 'ws';

// A process that floods one link, as fast as the socket takes it: node flood.ts <url> <token> <hello> <frame> <count>. In the hello and in
// the frame `{n}` is the number of the frame. Says `done` when all has left it.

const [url = '', token = '', hello = '', frame = '', count = '0'] = process.argv.slice(2);
const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
socket.on('close', (code, reason) => {
  console.log(`closed ${code} ${reason}`);
  process.exit(0);
});
await once(socket, 'open');
if (hello !== '') {
  await once(socket, 'message');
  socket.send(hello);
}
const most = 8 * 1024 * 1024;
for (let n = 1; n <= Number(count); n++) {
  socket.send(frame.replaceAll('"{n}"', String(n)).replaceAll('{n}', String(n)));
  if (socket.bufferedAmount > most) await new Promise((resolve) => socket.send('{"type":"ping"}', resolve));
}
await new Promise((resolve) => socket.send('{"type":"ping"}', resolve));
console.log('done');
