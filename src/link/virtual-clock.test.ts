import { expect, it } from 'vitest';
import { virtualClock } from './virtual-clock.ts';

it('runs due timers in order of time, then of setting', async () => {
  const clock = virtualClock(1_000);
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(`${name}@${clock.now()}`);
  clock.after(20, note('b'));
  clock.after(10, note('a'));
  clock.after(20, note('c'));
  clock.after(21, note('late'));
  await clock.advance(20);
  expect(ran).toEqual(['a@1010', 'b@1020', 'c@1020']);
  expect([clock.now(), clock.pending]).toEqual([1_020, 1]);
  await clock.advance(1);
  expect(ran.at(-1)).toBe('late@1021');
});

it('runs timers that timers and promise callbacks set, at their own time', async () => {
  const clock = virtualClock(0);
  const ran: number[] = [];
  const again = async (): Promise<void> => {
    ran.push(clock.now());
    for (let n = 0; n < 100; n++) await Promise.resolve();
    if (ran.length < 4) clock.after(10, again);
  };
  clock.after(10, again);
  await clock.advance(35);
  expect(ran).toEqual([10, 20, 30]);
});

it('lets promise callbacks run before the first timer', async () => {
  const clock = virtualClock(0);
  const ran: string[] = [];
  Promise.resolve().then(() => clock.after(5, () => ran.push('set by a promise')));
  await clock.advance(5);
  expect(ran).toEqual(['set by a promise']);
});

it('forgets cancelled timers, also those due at the same time', async () => {
  const clock = virtualClock();
  const ran: string[] = [];
  const second = clock.after(5, () => ran.push('second'));
  clock.after(4, () => second.cancel());
  clock.after(-3, () => ran.push('at once'));
  await clock.advance(10);
  expect(ran).toEqual(['at once']);
  expect(clock.pending).toBe(0);
});
