import type { Duplex } from 'node:stream';

/** Texts sent in one turn of the event loop, in order; sockets that were sent the same ones have the same batch. */
class Batch {
  readonly #before: Batch | null;
  readonly #text: string;
  readonly #textBytes: number;
  /** As long as one frame after the other is sent to one group of sockets after the other, few of them grow in different ways. */
  readonly #next: Batch[] = [];
  /** Of all its frames. */
  readonly bytes: number;
  #joined: Buffer | null = null;

  constructor(before: Batch | null, text: string) {
    this.#before = before;
    this.#text = text;
    this.#textBytes = Buffer.byteLength(text);
    this.bytes = (before?.bytes ?? 0) + (before ? headerBytes(this.#textBytes) + this.#textBytes : 0);
  }

  with(text: string): Batch {
    // The very same string is found without comparing a character.
    for (const known of this.#next) if (known.#text === text) return known;
    const fresh = new Batch(this, text);
    if (this.#next.length < MAX_BRANCHES) this.#next.push(fresh);
    return fresh;
  }

  joined(): Buffer {
    if (this.#joined) return this.#joined;
    const all = Buffer.allocUnsafe(this.bytes);
    let end = this.bytes;
    for (let batch: Batch = this; batch.#before; batch = batch.#before) {
      end -= batch.#textBytes;
      all.write(batch.#text, end, batch.#textBytes, 'utf8');
      end = writeHeader(all, end, batch.#textBytes);
    }
    this.#joined = all;
    return all;
  }
}

const MAX_BRANCHES = 8;

/** RFC 6455 5.2: a text message in one piece, unmasked as a server sends it. */
const TEXT_AND_FIN = 0x81;

const headerBytes = (payload: number): number => (payload < 126 ? 2 : payload < 65_536 ? 4 : 10);

/** Writes the header that ends before `end` and returns where it begins. */
function writeHeader(into: Buffer, end: number, payload: number): number {
  const at = end - headerBytes(payload);
  into[at] = TEXT_AND_FIN;
  if (payload < 126) into[at + 1] = payload;
  else if (payload < 65_536) {
    into[at + 1] = 126;
    into.writeUInt16BE(payload, at + 2);
  } else {
    into[at + 1] = 127;
    into.writeBigUInt64BE(BigInt(payload), at + 2);
  }
  return at;
}

/** What all sockets of this process were sent in this turn of the event loop. */
let root = new Batch(null, '');
const waiting = new Set<SharedWriter>();

function flushAll(): void {
  root = new Batch(null, '');
  const writers = [...waiting];
  waiting.clear();
  for (const writer of writers) writer.flush();
}

/**
 * The server's side of a WebSocket: what it is sent in one turn of the event loop leaves in one write, whose bytes it shares with every
 * socket that was sent the same. A frame for a hundred readers is encoded once, and a hundred frames are a hundred writes less.
 */
export class SharedWriter {
  readonly #raw: Duplex;
  readonly #written: (error?: Error | null) => void;
  #batch: Batch | null = null;

  /** `written` is called after every write. */
  constructor(raw: Duplex, written: (error?: Error | null) => void) {
    this.#raw = raw;
    this.#written = written;
  }

  /** Bytes that wait for the end of this turn. */
  get bytes(): number {
    return this.#batch?.bytes ?? 0;
  }

  send(text: string): void {
    if (this.#batch === null) {
      if (waiting.size === 0) setImmediate(flushAll);
      waiting.add(this);
    }
    this.#batch = (this.#batch ?? root).with(text);
  }

  flush(): void {
    const batch = this.#batch;
    this.#batch = null;
    if (batch && this.#raw.writable) this.#raw.write(batch.joined(), this.#written);
  }
}
