import { describe, expect, it } from 'vitest';
import { imageInfo } from './image-info.ts';

const bytes = (...parts: readonly (string | readonly number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
const png = (width: number, height: number) => {
  const header = Buffer.alloc(24);
  header.write('\x89PNG\r\n\x1a\n', 'latin1');
  header.write('IHDR', 12, 'latin1');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return header;
};
const webp = (chunk: string, from: number, body: readonly number[]) => {
  const file = Buffer.alloc(40);
  file.write('RIFF', 0, 'latin1');
  file.write(`WEBP${chunk}`, 8, 'latin1');
  Buffer.from(body).copy(file, from);
  return file;
};

describe('what a picture is', () => {
  it.each([
    ['PNG', png(640, 480), 'image/png', [640, 480]],
    ['GIF', bytes('GIF89a', [0x40, 0x01, 0xc8, 0x00]), 'image/gif', [320, 200]],
    [
      'JPEG with segments and a table before its frame',
      bytes([
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc4, 0, 3, 9, 0xff, 0xff, 0xc2, 0, 11, 8, 1, 0, 2, 0, 3,
      ]),
      'image/jpeg',
      [512, 256],
    ],
    ['WebP, lossy', webp('VP8 ', 26, [0x90, 0x41, 0x20, 0x81]), 'image/webp', [400, 288]],
    ['WebP, lossless', webp('VP8L', 21, [0x8f, 0xc1, 0x47, 0x00]), 'image/webp', [400, 288]],
    ['WebP, extended', webp('VP8X', 24, [0x8f, 0x01, 0x00, 0x1f, 0x01, 0x00]), 'image/webp', [400, 288]],
  ] as const)('%s', (_, file, mediaType, [width, height]) => {
    expect(imageInfo(file)).toEqual({ mediaType, size: { width, height } });
  });

  it.each([
    ['a PNG', png(1, 1).subarray(0, 12), 'image/png'],
    ['a GIF', bytes('GIF87a'), 'image/gif'],
    ['a JPEG', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 200]), 'image/jpeg'],
    ['a JPEG that loses its way', bytes([0xff, 0xd8, 0xff, 0xe0, 0, 2], 'no segment here'), 'image/jpeg'],
    ['a WebP', bytes('RIFF1234WEBPVP8 '), 'image/webp'],
  ])('has no size where %s ends too soon', (_, file, mediaType) => {
    expect(imageInfo(file)).toEqual({ mediaType, size: null });
  });

  it.each([
    ['text', bytes('GIF for you')],
    ['nothing', bytes('')],
    ['a sound', bytes('RIFF1234WAVEfmt ')],
  ])('is none: %s', (_, file) => {
    expect(imageInfo(file)).toBeNull();
  });
});
