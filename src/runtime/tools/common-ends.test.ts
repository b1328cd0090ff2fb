import { expect, it } from 'vitest';
import { commonEnd, commonStart } from './common-ends.ts';

const long = 'some words '.repeat(5_000);
it.each([
  ['', '', 0, 0],
  ['a', '', 0, 0],
  ['abc', 'abd', 2, 0],
  ['xbc', 'abc', 0, 2],
  [long, long, long.length, long.length],
  [`${long}x${long}`, `${long}y${long}`, long.length, long.length],
  [`${long}x`, `${long}`, long.length, 0],
  [`x${long}`, `${long}`, 0, long.length],
])('texts begin and end alike (case %#)', (a, b, start, end) => {
  expect(commonStart(a, b)).toBe(start);
  expect(commonEnd(a, b, Math.min(a.length, b.length))).toBe(end);
});

it('takes no more from the end than it may', () => {
  expect(commonEnd('aaaa', 'aaa', 2)).toBe(2);
});
