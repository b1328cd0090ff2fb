import { describe, expect, it } from 'vitest';
import { haveCaptures, readCapture } from '../testing/captures.ts';
import { differences } from '../testing/golden.ts';
import { allowed, listed, recordings, why } from '../testing/golden-differences.ts';
import { replay } from '../testing/replay.ts';

const replayed = haveCaptures()
  ? recordings.flatMap((name) =>
      replay(readCapture(`0.32.18/${name}`)).map(({ note, ...orders }) => ({
        name: `${name}: ${note}`,
        ...orders,
      })),
    )
  : [];

describe('the order of events is stock 0.32.18’s, but for what is listed', () => {
  for (const { name, stock, ours } of replayed) {
    it(name, () => {
      expect(differences(stock, ours)).toEqual(allowed(name));
    });
  }

  it('every listed difference has its recording and every reason its difference', () => {
    const names = replayed.map(({ name }) => name);
    if (names.length > 0) expect(names).toEqual(expect.arrayContaining(Object.keys(listed)));
    const given = Object.values(listed).flatMap((reasons) => reasons.map(([reason]) => reason));
    expect(new Set(given)).toEqual(new Set(Object.keys(why)));
  });
});
