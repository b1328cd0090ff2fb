import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What a client of the bench connects to. */
export type Target = { readonly url: string; readonly headers?: Readonly<Record<string, string>> };

export type RawSocket = {
  readonly socket: Socket;
  /** Bytes that came after the handshake. */
  readonly bytes: () => number;
};

/** What is read lies here until the one who hears of it returns, for all sockets of the process. */
const inbound = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * Opens a WebSocket at the least cost. `came` is told how many bytes there were so far; `read` gets the text of each message, which is
 * looked at only where that is given. A server's frames are not masked (RFC 6455 5.1).
 */
export function rawSocket(
  target: Target,
  told: { came?(bytes: number): void; read?(text: string): void },
): Promise<RawSocket> {
  return new Promise((opened, failed) => {
    const { hostname, port, pathname, search, host } = new URL(target.url);
    let rest: Buffer = Buffer.alloc(0);
    let isOpen = false;
    let bytes = 0;
    const hear = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (isOpen && !told.read) return told.came?.(bytes);
      let all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!isOpen) {
        const end = all.indexOf('\r\n\r\n');
        if (end >= 0) {
          const [status = ''] = all.toString('latin1', 0, end).split('\r\n');
          if (!status.includes(' 101 ')) return failed(new Error(`${pathname}: ${status}`));
          isOpen = true;
          all = all.subarray(end + 4);
          bytes = all.length;
          opened({ socket, bytes: () => bytes });
        }
      }
      rest = Buffer.from(isOpen ? readFrames(all, told.read) : all);
      if (isOpen) told.came?.(bytes);
    };
    const socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: inbound,
        callback(length) {
          hear(inbound.subarray(0, length));
          return true;
        },
      },
    });
    socket.once('error', failed);
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
  });
}

/** Reads every whole frame and returns what is left. */
function readFrames(bytes: Buffer, read: ((text: string) => void) | undefined): Buffer {
  let at = 0;
  for (let frame = frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
    at = frame.end;
    if (frame.isText) read?.(bytes.toString('utf8', frame.start, frame.end));
  }
  return bytes.subarray(at);
}

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

/** A client's frame, masked as it has to be (RFC 6455 5.3). */
export function clientFrame(text: string): Buffer {
  const payload = Buffer.byteLength(text);
  const header = payload < 126 ? 2 : payload < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + 4 + payload);
  frame[0] = 0x81;
  frame[1] = 0x80 | (payload < 126 ? payload : payload < 65_536 ? 126 : 127);
  if (header === 4) frame.writeUInt16BE(payload, 2);
  if (header === 10) frame.writeBigUInt64BE(BigInt(payload), 2);
  const mask = randomBytes(4);
  mask.copy(frame, header);
  frame.write(text, header + 4);
  for (let n = 0; n < payload; n++) {
    const at = header + 4 + n;
    frame[at] = (frame[at] ?? 0) ^ (mask[n & 3] ?? 0);
  }
  return frame;
}
