import { isUtf8 } from 'node:buffer';

/** `latin-1`: what is neither UTF-8 nor marked as UTF-16; each byte is a character then. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1';

/** How a file holds its text. */
export type TextForm = { readonly encoding: Encoding; readonly bom: boolean };

/** The text of a file, in a way that leads back to the very same bytes. */
export type FileText = TextForm & { readonly text: string };

export const plainForm: TextForm = { encoding: 'utf-8', bom: false };

const marks: readonly (readonly [Encoding, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** By the byte order mark and, without one, by whether `start` is UTF-8; null for what is no text. */
export function formOf(start: Buffer, isWhole: boolean): TextForm | null {
  const valid = isUtf8(isWhole ? start : withoutHalfCharacter(start));
  for (const [encoding, mark] of marks) {
    const marked = mark.every((byte, index) => start[index] === byte);
    if (marked && (valid || encoding !== 'utf-8')) return { encoding, bom: true };
  }
  if (looksBinary(start)) return null;
  return { encoding: valid ? 'utf-8' : 'latin-1', bom: false };
}

/** Null for what is no text, also UTF-16 with half a character or without its mark. */
export function decodeFile(bytes: Buffer): FileText | null {
  const form = formOf(bytes, true);
  if (!form) return null;
  const { encoding, bom } = form;
  const body = bom ? bytes.subarray(markOf(encoding).length) : bytes;
  switch (encoding) {
    case 'utf-8':
      return { ...form, text: body.toString('utf8') };
    case 'latin-1':
      return { ...form, text: body.toString('latin1') };
    default:
      if (body.length % 2 !== 0) return null;
      return { ...form, text: (encoding === 'utf-16be' ? swapped(body) : body).toString('utf16le') };
  }
}

/** The bytes of a text in that form; null where the form has no room for one of its characters. */
export function encodeFile(text: string, { encoding, bom }: TextForm): Buffer | null {
  const mark = bom ? Buffer.from(markOf(encoding)) : Buffer.alloc(0);
  switch (encoding) {
    case 'utf-8':
      return Buffer.concat([mark, Buffer.from(text)]);
    case 'latin-1':
      return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : null;
    default: {
      const body = Buffer.from(text, 'utf16le');
      return Buffer.concat([mark, encoding === 'utf-16be' ? swapped(body) : body]);
    }
  }
}

/** By the same sign as git and ripgrep: a NUL byte near the start. */
export function looksBinary(start: Buffer): boolean {
  return start.subarray(0, 8_192).includes(0);
}

/** What to call an encoding that is not plain UTF-8; empty for that. */
export function formNote({ encoding, bom }: TextForm): string {
  if (encoding === 'latin-1') return 'not UTF-8, taken for Latin-1';
  if (encoding === 'utf-8') return bom ? 'UTF-8 with a byte order mark' : '';
  return encoding.toUpperCase();
}

const markOf = (encoding: Encoding): readonly number[] =>
  marks.find(([name]) => name === encoding)?.[1] ?? [];

const swapped = (body: Buffer): Buffer => Buffer.from(body).swap16();

/** Without the last character if its bytes go on behind the end. */
function withoutHalfCharacter(start: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, start.length); back += 1) {
    const byte = start[start.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return start.subarray(0, start.length - back);
  }
  return start;
}
