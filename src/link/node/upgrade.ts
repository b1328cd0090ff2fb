import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Pipe } from '../pipe.ts';
import { accept, DEFAULT_MAX_PAYLOAD, type ServerOptions, webSocketClass } from './websocket.ts';

export type AcceptUpgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  onPipe: (pipe: Pipe) => void,
) => void;

/**
 * Makes pipes of the `upgrade` requests of an HTTP server, after the caller checked who asks. A request that is no proper
 * WebSocket handshake is answered with its HTTP error and never reaches `onPipe`.
 */
export function acceptUpgrades(options: ServerOptions = {}): AcceptUpgrade {
  const maxPayload = options.maxPayload ?? DEFAULT_MAX_PAYLOAD;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    WebSocket: webSocketClass(maxPayload),
  });
  return (request, socket, head, onPipe) => {
    server.handleUpgrade(request, socket, head, (webSocket) =>
      onPipe(accept(webSocket, { ...options, raw: socket })),
    );
  };
}

/** Refuses an `upgrade` request. `phrase` becomes the reason phrase that clients show; default: that of the status. */
export function refuseUpgrade(socket: Duplex, status: number, phrase = STATUS_CODES[status] ?? ''): void {
  // Nobody else listens for errors of this socket by now, and whether the refusal arrives changes nothing here.
  socket.on('error', () => socket.destroy());
  const safe = phrase.replace(/[^\x20-\x7e]/g, ' ');
  socket.end(`HTTP/1.1 ${status} ${safe}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
