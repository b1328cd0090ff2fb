import { describe, expect, it } from 'vitest';
import { decodeFile, encodeFile, formOf } from './file-text.ts';

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('the text of a file', () => {
  it.each([
    ['UTF-8', Buffer.from('é🙂\r\n'), 'é🙂\r\n', { encoding: 'utf-8', bom: false }],
    ['UTF-8 with its mark', Buffer.from('\ufeffé'), 'é', { encoding: 'utf-8', bom: true }],
    ['UTF-16LE', Buffer.from('\ufeffé🙂', 'utf16le'), 'é🙂', { encoding: 'utf-16le', bom: true }],
    ['UTF-16BE', utf16be('\ufeffé🙂'), 'é🙂', { encoding: 'utf-16be', bom: true }],
    [
      'UTF-16 with half a pair',
      Buffer.from('\ufeffa\ud83d', 'utf16le'),
      'a\ud83d',
      { encoding: 'utf-16le', bom: true },
    ],
    ['Latin-1', Buffer.from('caf\xe9\x80', 'latin1'), 'caf\xe9\x80', { encoding: 'latin-1', bom: false }],
    [
      'a mark before what is not UTF-8',
      Buffer.from('\xef\xbb\xbf\xe9', 'latin1'),
      '\xef\xbb\xbf\xe9',
      { encoding: 'latin-1', bom: false },
    ],
    ['nothing', Buffer.alloc(0), '', { encoding: 'utf-8', bom: false }],
    ['only a mark', Buffer.from('\ufeff'), '', { encoding: 'utf-8', bom: true }],
  ] as const)('of %s leads back to the same bytes', (_, bytes, text, form) => {
    const file = decodeFile(bytes);
    expect(file).toEqual({ ...form, text });
    expect(file && encodeFile(file.text, file)).toEqual(bytes);
  });

  it.each([
    ['a NUL', Buffer.from('a\0b')],
    ['UTF-16 without its mark', Buffer.from('ab', 'utf16le')],
    ['half a character of UTF-16', Buffer.from('\ufeffab', 'utf16le').subarray(0, 5)],
  ])('is none for %s', (_, bytes) => {
    expect(decodeFile(bytes)).toBeNull();
  });

  it('has no room in Latin-1 for every character', () => {
    expect(encodeFile('é', { encoding: 'latin-1', bom: false })).toEqual(Buffer.from('é', 'latin1'));
    expect(encodeFile('€', { encoding: 'latin-1', bom: false })).toBeNull();
  });

  it.each([1, 2, 3])('is told from a start that ends %i bytes into a character', (bytes) => {
    const start = Buffer.concat([Buffer.from('aé'), Buffer.from('🙂').subarray(0, bytes)]);
    expect(formOf(start, false)).toEqual({ encoding: 'utf-8', bom: false });
    expect(formOf(start, true)).toEqual({ encoding: 'latin-1', bom: false });
  });
});
