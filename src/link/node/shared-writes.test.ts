import { PassThrough, type Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import { SharedWriter } from './shared-writes.ts';

/** Exported by the library, unknown to its types. */
const { Receiver } = ws as unknown as {
  Receiver: new (
    options: object,
  ) => Writable & {
    on(event: 'message', hear: (data: Buffer) => void): unknown;
  };
};

function reader() {
  const raw = new PassThrough();
  const chunks: Buffer[] = [];
  raw.on('data', (chunk: Buffer) => chunks.push(chunk));
  let writes = 0;
  const writer = new SharedWriter(raw, () => writes++);
  return { writer, chunks, writes: () => writes };
}

/** What the bytes say, read by the library that real peers use. */
function messagesOf(chunks: readonly Buffer[]): string[] {
  const messages: string[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer) => messages.push(data.toString()));
  for (const chunk of chunks) receiver.write(chunk);
  return messages;
}

describe('sockets that are sent the same', () => {
  it('get one write each, of the same bytes', async () => {
    const readers = [reader(), reader(), reader()];
    const texts = ['{"n":1}', '{"é":"😀"}', `"${'x'.repeat(200)}"`, `"${'y'.repeat(70_000)}"`];
    for (const text of texts) for (const { writer } of readers) writer.send(text);
    await turn();
    for (const { chunks, writes } of readers) {
      expect(messagesOf(chunks)).toEqual(texts);
      expect(writes()).toBe(1);
      expect(chunks[0]?.buffer).toBe(readers[0]?.chunks[0]?.buffer);
    }
  });

  it('and others get each what is theirs, in its order', async () => {
    const expected = Array.from({ length: 30 }, (): string[] => []);
    const readers = expected.map(() => reader());
    for (let n = 0; n < 2_000; n++) {
      const to = (n * 7 + (n % 11)) % 30;
      const text = `{"n":${n % 5}}`;
      expected[to]?.push(text);
      readers[to]?.writer.send(text);
      if (n % 97 === 0) await turn();
    }
    await turn();
    expect(readers.map(({ chunks }) => messagesOf(chunks))).toEqual(expected);
  });

  it('count what waits, and write it at once when asked to', () => {
    const { writer, chunks } = reader();
    writer.send('"abc"');
    expect(writer.bytes).toBe(7);
    writer.flush();
    expect(writer.bytes).toBe(0);
    expect(messagesOf(chunks)).toEqual(['"abc"']);
  });
});
