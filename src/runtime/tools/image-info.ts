/** A picture as its first bytes tell of it; the sizes in pixels are null where they cannot be told. */
export type ImageInfo = {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  readonly size: { readonly width: number; readonly height: number } | null;
};

/** By content, whatever the name says; null for what is none of the four kinds that models take. */
export function imageInfo(bytes: Buffer): ImageInfo | null {
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  // PNG specification, section 11.2.1: the header chunk comes first.
  if (text(0, 8) === '\x89PNG\r\n\x1a\n')
    return {
      mediaType: 'image/png',
      size: bytes.length < 24 ? null : at(bytes.readUInt32BE(16), bytes.readUInt32BE(20)),
    };
  if (/^GIF8[79]a/.test(text(0, 6)))
    return {
      mediaType: 'image/gif',
      size: bytes.length < 10 ? null : at(bytes.readUInt16LE(6), bytes.readUInt16LE(8)),
    };
  if (text(0, 3) === '\xff\xd8\xff') return { mediaType: 'image/jpeg', size: sizeOfJpeg(bytes) };
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP')
    return { mediaType: 'image/webp', size: bytes.length < 30 ? null : sizeOfWebp(bytes, text(12, 16)) };
  return null;
}

const at = (width: number, height: number) => ({ width, height });

/** ITU T.81, B.1.1: segments follow each other until a frame header, which is SOF0 to SOF15 but for DHT, JPG and DAC. */
function sizeOfJpeg(bytes: Buffer): ImageInfo['size'] {
  let next = 2;
  while (next + 9 <= bytes.length) {
    if (bytes[next] !== 0xff) return null;
    const marker = bytes[next + 1] ?? 0;
    if (marker === 0xff) next += 1;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return at(bytes.readUInt16BE(next + 7), bytes.readUInt16BE(next + 5));
    else if (marker >= 0xd0 && marker <= 0xd8) next += 2;
    else next += 2 + bytes.readUInt16BE(next + 2);
  }
  return null;
}

/** RFC 9649: three kinds of first chunk. */
function sizeOfWebp(bytes: Buffer, chunk: string): ImageInfo['size'] {
  if (chunk === 'VP8X') return at(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1);
  if (chunk === 'VP8 ') return at(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff);
  if (chunk !== 'VP8L') return null;
  const bits = bytes.readUInt32LE(21);
  return at((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
}
