import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export type RawSubscriber = {
  readonly socket: Socket;
  /** Bytes that came after the handshake. */
  readonly bytes: () => number;
};

/**
 * Opens a WebSocket at the least cost: `came` is told how many bytes there were so far, and `read` gets the text of each message, but
 * only where it is given. A server's frames are not masked (RFC 6455 5.1).
 */
export function rawSubscriber(
  target: { readonly url: string; readonly headers?: Readonly<Record<string, string>> },
  told: { came(bytes: number): void; read?(text: string): void },
): Promise<RawSubscriber> {
  const { hostname, port, pathname, search, host } = new URL(target.url);
  const socket = connect({ host: hostname, port: Number(port) }).setNoDelay(true);
  const lines = {
    host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    ...target.headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${head.join('')}\r\n`);
  return new Promise((opened, failed) => {
    let rest: Buffer = Buffer.alloc(0);
    let isOpen = false;
    let bytes = 0;
    socket.once('error', failed);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (isOpen && !told.read) return told.came(bytes);
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!isOpen) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [status = ''] = rest.toString('latin1', 0, end).split('\r\n');
        if (!status.includes(' 101 ')) return failed(new Error(`${pathname}: ${status}`));
        isOpen = true;
        socket.write(masked('{"type":"client_hello"}'));
        rest = rest.subarray(end + 4);
        bytes = rest.length;
        opened({ socket, bytes: () => bytes });
      }
      let at = 0;
      for (let frame = frameAt(rest, at); frame; frame = frameAt(rest, at)) {
        at = frame.end;
        if (frame.isText) told.read?.(rest.toString('utf8', frame.start, frame.end));
      }
      rest = rest.subarray(at);
      told.came(bytes);
    });
  });
}

/** What a client says first; a mask of zeros leaves the text as it is (RFC 6455 5.3). */
const masked = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

function frameAt(bytes: Buffer, at: number): { isText: boolean; start: number; end: number } | null {
  if (bytes.length < at + 2) return null;
  const isText = ((bytes[at] ?? 0) & 0x0f) === 1;
  const short = bytes[at + 1] ?? 0;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at + header) return null;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const end = at + header + length;
  return bytes.length < end ? null : { isText, start: at + header, end };
}
