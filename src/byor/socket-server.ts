import type { IncomingMessage } from 'node:http';
import type { Clock } from '../link/clock.ts';
import { accept } from '../link/node/websocket.ts';
import type { Pipe } from '../link/pipe.ts';

/** A `WebSocketServer` of the `ws` package (8 or later), as far as it matters here. */
export interface SocketServer {
  on(event: 'connection', listener: (socket: ServerSocket, request: IncomingMessage) => void): unknown;
  off(event: 'connection', listener: (socket: ServerSocket, request: IncomingMessage) => void): unknown;
}

/** One of its sockets. */
export interface ServerSocket {
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type OnPipe = (pipe: Pipe, request: IncomingMessage) => void;

/** Makes pipes of the connections of a server; returns what stops it. Who may connect is for `onPipe` to say. */
export function pipesOfSockets(server: SocketServer, clock: Clock, onPipe: OnPipe): () => void {
  function connected(socket: ServerSocket, request: IncomingMessage): void {
    onPipe(accept(socket as Parameters<typeof accept>[0], { raw: request.socket, clock }), request);
  }
  server.on('connection', connected);
  return () => void server.off('connection', connected);
}
