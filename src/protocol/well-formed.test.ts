import { expect, it } from 'vitest';
import { wellFormed } from './well-formed.ts';

it.each([
  ['half a character', 'a\ud83d', 'a\ufffd'],
  ['a whole one', 'a😀', 'a😀'],
  ['halves within', [{ 'k\ude00': ['\ud83d', 1] }], [{ 'k\ufffd': ['\ufffd', 1] }]],
  ['a number too large', { n: JSON.parse('-1e999') }, { n: null }],
  ['what every object has', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ['everything else', { a: null, b: true, c: 1.5, d: undefined }, { a: null, b: true, c: 1.5, d: undefined }],
])('%s', (_what, given, expected) => {
  expect(wellFormed<unknown>(given)).toStrictEqual(expected);
  expect(JSON.stringify(wellFormed<unknown>(given))).toBe(JSON.stringify(expected));
});
