import { once } from 'node:events';
import { WebSocket } from 'ws';

// A process that floods links, as fast as their sockets take it, and says `done` when all has left it. What to send is in its argument.

export type Flood = {
  readonly urls: readonly string[];
  readonly token: string;
  /** What each link says when it is greeted; null: nobody greets it. */
  readonly hello: string | null;
  /** In it `{n}` is the number of the frame, and `{padding}` so many bytes. */
  readonly frame: string;
  readonly padding?: number;
  /** Frames on each link. */
  readonly count: number;
};

const { urls, token, hello, frame, padding = 0, count } = JSON.parse(process.argv[2] ?? '') as Flood;
const most = 4 * 1024 * 1024;
const text = frame.replace('{padding}', 'y'.repeat(padding));
const written = (socket: WebSocket, what: string): Promise<unknown> =>
  new Promise((resolve) => socket.send(what, resolve));

async function flood(url: string): Promise<void> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const closed = once(socket, 'close');
  const greeted = once(socket, 'message');
  await once(socket, 'open');
  if (hello !== null) {
    await greeted;
    await written(socket, hello);
  }
  for (let n = 1; n <= count && socket.readyState === WebSocket.OPEN; n++) {
    socket.send(text.replaceAll('"{n}"', String(n)).replaceAll('{n}', String(n)));
    if (socket.bufferedAmount > most) await Promise.race([closed, written(socket, '{"type":"ping"}')]);
  }
  await Promise.race([closed, written(socket, '{"type":"ping"}')]);
}

await Promise.all(urls.map(flood));
console.log('done');
