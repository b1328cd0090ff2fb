import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFrame } from './read-frame.ts';
import { utf8Length } from './utf8-length.ts';

const codeOf = (text: string, limits?: Parameters<typeof readFrame>[1]) => {
  const read = readFrame(text, limits);
  return read.ok ? 'ok' : read.code;
};
const nested = (levels: number) => `{"type":"x","v":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

describe('[LINK-3] readFrame', () => {
  it('gives the frame with all its fields', () => {
    expect(readFrame('{"type":"ping","unknown":[1]}')).toEqual({
      ok: true,
      frame: { type: 'ping', unknown: [1] },
    });
  });

  it.each([
    ['', 'frame_not_json'],
    ['hello', 'frame_not_json'],
    ['{"type":"a"} {"type":"b"}', 'frame_not_json'],
    ['{"type":"a"', 'frame_not_json'],
    ['{"type":"a\n"}', 'frame_not_json'],
    ['null', 'frame_not_object'],
    ['42', 'frame_not_object'],
    ['"type"', 'frame_not_object'],
    ['[{"type":"a"}]', 'frame_not_object'],
    ['{}', 'frame_no_type'],
    ['{"type":7}', 'frame_no_type'],
    ['{"type":""}', 'frame_no_type'],
    ['{"type":null}', 'frame_no_type'],
    ['{"__proto__":{"type":"x"}}', 'frame_no_type'],
  ])('%s is %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('counts depth from the frame itself', () => {
    expect(codeOf(nested(64))).toBe('ok');
    expect(codeOf(nested(65))).toBe('frame_too_deep');
    expect(codeOf('{"type":"x","a":{"b":{}}}', { maxDepth: 3 })).toBe('ok');
    expect(codeOf('{"type":"x","a":{"b":{}}}', { maxDepth: 2 })).toBe('frame_too_deep');
    expect(codeOf('{"type":"x","a":[1,{}]}', { maxDepth: 2 })).toBe('frame_too_deep');
  });

  it('does not count brackets inside strings', () => {
    expect(codeOf(JSON.stringify({ type: 'x', v: `\\"${'[{'.repeat(1_000)}` }))).toBe('ok');
  });

  it('survives a million levels', () => {
    expect(codeOf(nested(1_000_000))).toBe('frame_too_deep');
    expect(codeOf('{"a":'.repeat(1_000_000))).toBe('frame_not_json');
    expect(codeOf('['.repeat(1_000_000))).toBe('frame_not_json');
  });

  it('measures size in bytes', () => {
    const text = '{"type":"éé"}';
    expect(codeOf(text, { maxBytes: 15 })).toBe('ok');
    expect(codeOf(text, { maxBytes: 14 })).toBe('frame_too_large');
    expect(codeOf(text, { maxBytes: 5 })).toBe('frame_too_large');
    expect(codeOf(`{"type":"${'x'.repeat(16 * 1024 * 1024)}"}`)).toBe('frame_too_large');
  });

  it('never repeats what was sent', () => {
    for (const text of ['{"token":"s3cret"', '"s3cret"', '{"token":"s3cret"}']) {
      expect(JSON.stringify(readFrame(text))).not.toContain('s3cret');
    }
  });

  it('is total: every text gives a frame or a code, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        (text) => typeof readFrame(text).ok === 'boolean',
      ),
    );
  });
});

it('utf8Length equals the length of the encoded text, lone surrogates included', () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(unit).map((units) => units.join('')),
  );
  fc.assert(fc.property(text, (value) => utf8Length(value) === Buffer.byteLength(value)));
});
