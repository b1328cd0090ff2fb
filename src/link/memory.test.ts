import { describe, expect, it } from 'vitest';
import { manualPair, memoryPair } from './memory.ts';
import { record } from './recorder.ts';
import { virtualClock } from './virtual-clock.ts';

describe('memoryPair', () => {
  it('moves frames with the timers of a clock that is given', async () => {
    const clock = virtualClock();
    const [a, b] = memoryPair({ clock });
    const heard = record(b).heard;
    a.send('1');
    a.send('2');
    await Promise.resolve();
    expect(heard).toEqual([]);
    await clock.advance(0);
    expect(heard).toEqual(['1', '2']);
  });

  it('takes time linear in what is queued', async () => {
    const [a, b] = memoryPair();
    const frames = 200_000;
    for (let n = 0; n < frames; n++) a.send('{}');
    a.close();
    const far = record(b);
    await far.closed;
    expect(far.messages.length).toBe(frames);
  });
});

describe('manualPair', () => {
  it('moves nothing by itself', async () => {
    const { a, b, waiting } = manualPair();
    const heard = record(b).heard;
    a.send('1');
    a.send('2');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
    expect(waiting('b')).toEqual(['1', '2']);
    expect(waiting('a')).toEqual([]);
  });

  it('flushes everything, also answers, and counts it', () => {
    const pair = manualPair();
    const near = record(pair.a);
    pair.b.listen({ message: (text) => text.length < 4 && pair.b.send(`${text}!`), closed: () => {} });
    pair.a.send('1');
    pair.a.send('22');
    expect(pair.flush()).toBe(4);
    expect(near.messages).toEqual(['1!', '22!']);
    expect(pair.flush()).toBe(0);
  });

  it('flushes one frame towards one side', () => {
    const pair = manualPair();
    const [a, b] = [record(pair.a), record(pair.b)];
    pair.a.send('to b 1');
    pair.a.send('to b 2');
    pair.b.send('to a');
    expect(pair.flushOne('b')).toBe(true);
    expect(b.messages).toEqual(['to b 1']);
    expect(a.messages).toEqual([]);
    expect([pair.flushOne('a'), pair.flushOne('a')]).toEqual([true, false]);
  });

  it('keeps frames for a side that does not listen yet', () => {
    const pair = manualPair();
    pair.a.send('1');
    expect([pair.flushOne('b'), pair.flush()]).toEqual([false, 0]);
    const b = record(pair.b);
    expect(pair.flush()).toBe(1);
    expect(b.messages).toEqual(['1']);
  });

  it('drops the oldest frame but never the end', () => {
    const pair = manualPair();
    const b = record(pair.b);
    pair.a.send('1');
    pair.a.send('2');
    expect(pair.drop('b')).toBe('1');
    expect(pair.a.unsent).toBe(1);
    pair.a.close(4000);
    pair.flush();
    expect(b.heard).toEqual(['2', 'closed 4000']);
    expect(pair.drop('b')).toBeUndefined();
  });

  it('cuts: both sides see 1006 at once and what was on its way is lost', () => {
    const pair = manualPair();
    const [a, b] = [record(pair.a), record(pair.b)];
    pair.a.send('lost');
    pair.cut();
    pair.cut();
    expect([a.heard, b.heard]).toEqual([['closed 1006'], ['closed 1006']]);
    pair.a.send('too late');
    expect([pair.flush(), pair.a.open, pair.b.open, pair.a.unsent]).toEqual([0, false, false, 0]);
  });

  it('cuts in the middle of a close: the side that closed keeps its own code', () => {
    const pair = manualPair();
    const [a, b] = [record(pair.a), record(pair.b)];
    pair.a.close(4000);
    pair.cut();
    pair.flush();
    expect(a.heard).toEqual(['closed 4000']);
    expect(b.heard).toEqual(['closed 1006']);
  });

  it('says so when two sides answer each other without end', () => {
    const pair = manualPair();
    pair.a.listen({ message: (text) => pair.a.send(text), closed: () => {} });
    pair.b.listen({ message: (text) => pair.b.send(text), closed: () => {} });
    pair.a.send('ping');
    expect(() => pair.flush()).toThrow(/without end/);
  });
});
