import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { onTestFinished } from 'vitest';
import { type DialFailure, isDialFailure } from '../dial-failure.ts';
import type { Pipe } from '../pipe.ts';
import { acceptUpgrades } from './upgrade.ts';
import type { WebSocketOptions } from './websocket.ts';

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export function expectPipe(dialled: Pipe | DialFailure): Pipe {
  if (isDialFailure(dialled)) throw new Error(`no pipe: ${dialled.message}`);
  onTestFinished(() => dialled.close(1006));
  return dialled;
}

export type Accepted = { readonly pipe: Pipe; readonly raw: Socket };

/** An HTTP server whose upgrades become pipes, in the order of arrival. */
export async function serve(options: WebSocketOptions = {}, onRequest?: RequestListener) {
  const server = createHttpServer(onRequest);
  const upgrade = acceptUpgrades(options);
  const accepted: Accepted[] = [];
  const asked: ((accepted: Accepted) => void)[] = [];
  const match = (): void => {
    while (accepted.length > 0 && asked.length > 0) asked.shift()?.(accepted.shift() as Accepted);
  };
  server.on('upgrade', (request, socket, head) => {
    upgrade(request, socket, head, (pipe) => {
      onTestFinished(() => pipe.close(1006));
      accepted.push({ pipe, raw: request.socket });
      match();
    });
  });
  const port = await portOf(server);
  const next = (): Promise<Accepted> =>
    new Promise((resolve) => {
      asked.push(resolve);
      match();
    });
  return { server, port, url: `ws://127.0.0.1:${port}`, next };
}

/** A TCP server that hands each connection to the test. */
export async function serveTcp(onSocket: (socket: Socket) => void) {
  const port = await portOf(
    createTcpServer((socket) => {
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {});
      onSocket(socket);
    }),
  );
  return { port, url: `ws://127.0.0.1:${port}` };
}

/** A WebSocket server that shakes hands and then does nothing by itself: it answers neither pings nor closes. */
export async function serveSilent(withHandshake = Buffer.alloc(0)) {
  const sockets: Socket[] = [];
  const { url } = await serveTcp((socket) => {
    sockets.push(socket);
    socket.once('data', (request: Buffer) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())?.[1];
      const answer = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), withHandshake]));
    });
  });
  return { url, sockets };
}

/** A WebSocket client that sends only the bytes that the test gives it. */
export async function dialByHand(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}

/** Counts the writes to the operating system that a stream makes. */
export function countWrites(stream: Socket): () => number {
  let writes = 0;
  const write = stream._write.bind(stream);
  const writev = stream._writev?.bind(stream);
  stream._write = (chunk, encoding, done) => {
    writes++;
    write(chunk, encoding, done);
  };
  stream._writev = (chunks, done) => {
    writes++;
    writev?.(chunks, done);
  };
  return () => writes;
}

export async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}
