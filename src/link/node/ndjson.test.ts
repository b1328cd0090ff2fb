import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeLine, frameLine, lineSplitter, readLine } from './ndjson.ts';

function split(chunks: Iterable<Buffer>, maxBytes = 1_000_000): (string | 'too long')[] {
  const lines: string[] = [];
  const push = lineSplitter(
    maxBytes,
    (line) => lines.push(line),
    () => lines.push('TOO LONG'),
  );
  for (const chunk of chunks) push(chunk);
  return lines;
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('frames as lines', () => {
  it('leaves an object on one line as it is', () => {
    expect(frameLine('{"type":"x", "n":1.0}')).toBe('{"type":"x", "n":1.0}\n');
  });

  it('every text is one line and comes back exactly', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json({ maxDepth: 3 }),
      fc.json().map((json) => `{\n"v":${json}}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        const line = frameLine(value);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(readLine(line.slice(0, -1))).toEqual({ text: value });
      }),
    );
  });

  it('the end is a line too', () => {
    const why = { code: 4408, reason: 'slow\n"reader"' };
    expect(readLine(closeLine(why).slice(0, -1))).toEqual({ closed: why });
  });

  it('what was typed by hand is a text, for the reader of frames to refuse', () => {
    for (const line of ['hello', '"open', '[1', '[1,2]', '[]', '42'])
      expect(readLine(line)).toEqual({ text: line });
    expect(readLine('')).toBeUndefined();
  });
});

describe('lineSplitter', () => {
  it('keeps characters whole, wherever the chunks are cut', () => {
    const text = '{"a":"é漢🙂"}\n\n{"b":"🙂"}\nrest';
    for (let size = 1; size <= 12; size++) {
      expect(split(pieces(Buffer.from(text), size))).toEqual(['{"a":"é漢🙂"}', '', '{"b":"🙂"}']);
    }
  });

  it('gives the same lines however the bytes are cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[^\n]*$/)), cuts, (lines, sizes) => {
        let rest = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let n = 0; rest.length > 0; n++) {
          const size = sizes[n % sizes.length] ?? 1;
          chunks.push(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        expect(split(chunks)).toEqual(lines.map((line) => Buffer.from(line).toString()));
      }),
    );
  });

  it('[LINK-3] accepts a line of the limit and refuses one byte more, before its end came', () => {
    expect(split([Buffer.from('1234\n1234'), Buffer.from('\n')], 4)).toEqual(['1234', '1234']);
    expect(split([Buffer.from('12'), Buffer.from('345'), Buffer.from('6\nnext\n')], 4)).toEqual(['TOO LONG']);
    expect(split([Buffer.from('ok\n12345\nnext\n')], 4)).toEqual(['ok', 'TOO LONG']);
  });

  it('takes linear time for a large line in small chunks', () => {
    const time = (megabytes: number): number => {
      const bytes = Buffer.alloc(megabytes * 1024 * 1024, 'x');
      bytes[bytes.length - 1] = 0x0a;
      const start = performance.now();
      expect(split(pieces(bytes, 64), bytes.length)[0]?.length).toBe(bytes.length - 1);
      return performance.now() - start;
    };
    time(1);
    // Quadratic time would be 64 times as long for 8 times the bytes.
    expect(time(16)).toBeLessThan(time(2) * 30);
  });
});
