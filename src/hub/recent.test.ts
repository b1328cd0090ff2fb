import { describe, expect, it } from 'vitest';
import { Recent } from './recent.ts';

const event = (event_seq: number, length = 10) => ({ event_seq, text: 'x'.repeat(length), numbered: null });
const seqs = (recent: Recent, key: string, after: number, length = 1e9) =>
  recent.after(key, after, length)?.map(({ event_seq }) => event_seq) ?? null;

describe('the last events', () => {
  it('are given to whoever stands among them, a page at a time', () => {
    const recent = new Recent();
    for (let n = 5; n <= 9; n++) recent.add('a', event(n));
    expect(seqs(recent, 'a', 4)).toEqual([5, 6, 7, 8, 9]);
    expect(seqs(recent, 'a', 6)).toEqual([7, 8, 9]);
    expect(seqs(recent, 'a', 6, 11)).toEqual([7, 8]);
    expect(seqs(recent, 'a', 6, 1)).toEqual([7]);
  });

  it('are none for whoever stands before them, behind them, or elsewhere', () => {
    const recent = new Recent();
    for (let n = 5; n <= 9; n++) recent.add('a', event(n));
    for (const at of [3, 9, 12]) expect(seqs(recent, 'a', at)).toBe(null);
    expect(seqs(recent, 'b', 0)).toBe(null);
  });

  it.each([
    ['another log', 1],
    ['a gap', 12],
  ])('are those of %s alone once it has begun', (_, seq) => {
    const recent = new Recent();
    for (let n = 5; n <= 9; n++) recent.add('a', event(n));
    recent.add('a', event(seq));
    expect(seqs(recent, 'a', 4)).toBe(null);
    expect(seqs(recent, 'a', seq - 1)).toEqual([seq]);
  });

  it('are bounded in one scope and in all', () => {
    const recent = new Recent();
    const big = 512 * 1024;
    for (let n = 1; n <= 5; n++) recent.add('a', event(n, big));
    expect(seqs(recent, 'a', 0)).toBe(null);
    expect(seqs(recent, 'a', 4)).toEqual([5]);
    for (const key of ['b', 'c']) for (let n = 1; n <= 4; n++) recent.add(key, event(n, big));
    expect(seqs(recent, 'a', 4)).toBe(null);
    expect(seqs(recent, 'b', 0)).toEqual([1, 2, 3, 4]);
    expect(seqs(recent, 'c', 0)).toEqual([1, 2, 3, 4]);
  });
});
