import { describe, expect, it } from 'vitest';
import { keepAlive } from './keep-alive.ts';
import { virtualClock } from './virtual-clock.ts';

function setUp() {
  const clock = virtualClock(0);
  const seen: string[] = [];
  const life = keepAlive({
    clock,
    probe: () => seen.push(`probe ${clock.now() / 1000}`),
    dead: (silentMs) => seen.push(`dead ${clock.now() / 1000} after ${silentMs / 1000}`),
  });
  return { clock, seen, life };
}

describe('[LINK-1] keepAlive', () => {
  it('probes every 30 s and gives up after 90 s of silence, once', async () => {
    const { clock, seen } = setUp();
    await clock.advance(1_000_000);
    expect(seen).toEqual(['probe 30', 'probe 60', 'dead 90 after 90']);
    expect(clock.pending).toBe(0);
  });

  it('counts the silence from the last sign of life', async () => {
    const { clock, seen, life } = setUp();
    await clock.advance(65_000);
    life.heard();
    await clock.advance(89_999);
    expect(seen.filter((line) => line.startsWith('dead'))).toEqual([]);
    await clock.advance(1);
    expect(seen.at(-1)).toBe('dead 155 after 90');
  });

  it('keeps a peer that answers for ever', async () => {
    const clock = virtualClock();
    let probes = 0;
    const life = keepAlive({
      clock,
      probe() {
        probes++;
        clock.after(29_000, () => life.heard());
      },
      dead: () => expect.unreachable(),
    });
    await clock.advance(3_600_000);
    expect(probes).toBeGreaterThanOrEqual(120);
    life.stop();
  });

  it('asks once more after the machine slept, before it gives up', async () => {
    let now = 0;
    const timers: (() => void)[] = [];
    const seen: string[] = [];
    keepAlive({
      clock: {
        now: () => now,
        after(_ms, run) {
          timers.push(run);
          return { cancel: () => {} };
        },
      },
      probe: () => seen.push('probe'),
      dead: () => seen.push('dead'),
    });
    now = 3_600_000;
    timers.shift()?.();
    expect(seen).toEqual(['probe']);
    now += 30_000;
    timers.shift()?.();
    expect(seen).toEqual(['probe', 'dead']);
  });

  it('stops', async () => {
    const { clock, seen, life } = setUp();
    await clock.advance(30_000);
    life.stop();
    await clock.advance(300_000);
    expect(seen).toEqual(['probe 30']);
    expect(clock.pending).toBe(0);
  });
});
