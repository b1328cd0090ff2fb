import { expect, it } from 'vitest';
import { fits, newResumeToken } from './resume-token.ts';

it('[SEQ-3] a resume token fits its own digest and nothing else', () => {
  const [one, other] = [newResumeToken(), newResumeToken()];
  expect(one.token).toMatch(/^[\w-]{43}$/);
  expect(fits(one.token, one.digest)).toBe(true);
  for (const [token, digest] of [
    [other.token, one.digest],
    ['', one.digest],
    [`${one.token} `, one.digest],
    [one.token, null],
    ['', null],
  ] as const)
    expect(fits(token, digest)).toBe(false);
});
