import { describe, expect, it } from 'vitest';
import type { DialFailure } from './dial-failure.ts';
import { type ManualPair, manualPair } from './memory.ts';
import type { Pipe } from './pipe.ts';
import { keepConnected, type ReconnectOptions } from './reconnect.ts';
import { record } from './recorder.ts';
import { virtualClock } from './virtual-clock.ts';

const down: DialFailure = { kind: 'refused', message: 'nobody there' };
const unauthorized: DialFailure = { kind: 'status', status: 401, message: 'no' };

/** A peer that can be up or down, and a log of what the connection told. */
function setUp(options: Partial<ReconnectOptions> = {}) {
  const clock = virtualClock(0);
  const log: string[] = [];
  const pairs: ManualPair[] = [];
  const peer: { answer: 'up' | DialFailure } = { answer: 'up' };
  const kept = keepConnected({
    async open() {
      log.push(`${clock.now()} dial`);
      if (peer.answer !== 'up') return peer.answer;
      const pair = manualPair();
      pairs.push(pair);
      return pair.a;
    },
    onUp(pipe) {
      log.push(`${clock.now()} up`);
      pipe.listen({ message: (text) => log.push(text), closed: (why) => log.push(`closed ${why.code}`) });
    },
    onDown: (why) => log.push(`${clock.now()} down ${why.code}`),
    onRetry: ({ attempt, delayMs, failure }) =>
      log.push(`retry ${attempt} in ${delayMs} ${failure?.kind ?? 'lost'}`),
    clock,
    random: () => 0,
    ...options,
  });
  const last = () => pairs.at(-1) ?? expect.unreachable();
  const take = () => log.splice(0);
  return { clock, log, peer, kept, last, take, pairs };
}

describe('[LINK-2] keepConnected', () => {
  it('retries 1, 2, 4 … 30 s apart, for ever, and tells each wait', async () => {
    const { clock, take, kept } = setUp({ open: async () => down });
    await clock.advance(93_000);
    expect(take()).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((s, n) => `retry ${n + 1} in ${s * 1000} refused`),
    );
    await clock.advance(24 * 3_600_000);
    expect(take().length).toBe((24 * 3_600) / 30);
    kept.stop();
    expect(clock.pending).toBe(0);
  });

  it('retries at once when an established connection is lost, then backs off', async () => {
    const { clock, peer, last, take } = setUp();
    await clock.advance(60_000);
    expect(take()).toEqual(['0 dial', '0 up']);
    peer.answer = down;
    last().cut();
    await clock.advance(3_000);
    expect(take()).toEqual([
      'closed 1006',
      '60000 down 1006',
      'retry 0 in 0 lost',
      '60000 dial',
      'retry 1 in 1000 refused',
      '61000 dial',
      'retry 2 in 2000 refused',
      '63000 dial',
      'retry 3 in 4000 refused',
    ]);
    peer.answer = 'up';
    await clock.advance(4_000);
    expect(take()).toEqual(['67000 dial', '67000 up']);
  });

  it('does not dial a peer that hangs up at once in a tight loop', async () => {
    const { clock, last, take } = setUp();
    for (let n = 0; n < 4; n++) {
      await clock.advance(n === 0 ? 0 : 2 ** (n - 2) * 1000);
      last().cut();
    }
    const waits = take().filter((line) => line.startsWith('retry'));
    expect(waits).toEqual([
      'retry 0 in 0 lost',
      'retry 1 in 1000 lost',
      'retry 2 in 2000 lost',
      'retry 3 in 4000 lost',
    ]);
  });

  it('adds jitter below a quarter of the delay and below a second', async () => {
    const { clock, take, kept } = setUp({ open: async () => down, random: () => 0.999 });
    await clock.advance(40_000);
    expect(take().slice(0, 5)).toEqual([
      'retry 1 in 1249 refused',
      'retry 2 in 2499 refused',
      'retry 3 in 4999 refused',
      'retry 4 in 8999 refused',
      'retry 5 in 16999 refused',
    ]);
    kept.stop();
  });

  it('ends at a failure that is called fatal, and only at that', async () => {
    const answers = [down, unauthorized, down];
    const seen: DialFailure[] = [];
    const { clock, take } = setUp({
      open: async () => answers.shift() ?? expect.unreachable(),
      fatal(failure) {
        seen.push(failure);
        return failure.status === 401;
      },
    });
    await clock.advance(600_000);
    expect(take()).toEqual(['retry 1 in 1000 refused']);
    expect(seen).toEqual([down, unauthorized]);
    expect(clock.pending).toBe(0);
  });

  it('takes a rejection for a failure and shows it', async () => {
    const failures: (DialFailure | undefined)[] = [];
    const { clock, kept } = setUp({
      open: () => Promise.reject(new Error('broken dialler')),
      onRetry: ({ failure }) => failures.push(failure),
    });
    await clock.advance(0);
    expect(failures).toEqual([{ kind: 'error', message: 'broken dialler' }]);
    kept.stop();
  });

  it('hands on frames, both ways, and the state of the pipe', async () => {
    let pipe: Pipe | undefined;
    const { clock, last } = setUp({
      onUp(up) {
        pipe = up;
      },
    });
    await clock.advance(0);
    if (!pipe) return expect.unreachable();
    const near = record(pipe);
    const far = record(last().b);
    pipe.send('there');
    expect([pipe.unsent, pipe.open]).toEqual([5, true]);
    last().b.send('back');
    last().flush();
    expect([far.messages, near.messages, near.heard]).toEqual([['there'], ['back'], ['back', 'drained']]);
    expect(pipe.unsent).toBe(0);
  });

  it('stop closes what is up and retries no more', async () => {
    const { clock, kept, last, take } = setUp();
    await clock.advance(10_000);
    take();
    const far = record(last().b);
    kept.stop(4000, 'enough');
    last().flush();
    await clock.advance(60_000);
    expect(take()).toEqual(['closed 4000', '10000 down 4000']);
    expect(far.heard).toEqual(['closed 4000']);
    expect(clock.pending).toBe(0);
  });

  it('stop during a wait cancels it, and during a dial closes what comes of it', async () => {
    const waiting = setUp({ open: async () => down });
    await waiting.clock.advance(500);
    waiting.kept.stop();
    await waiting.clock.advance(60_000);
    expect(waiting.take()).toEqual(['retry 1 in 1000 refused']);

    const dialling = setUp();
    dialling.kept.stop();
    await dialling.clock.advance(60_000);
    expect(dialling.take()).toEqual(['0 dial']);
    expect(dialling.last().a.open).toBe(false);
  });

  it('stop inside onDown is final', async () => {
    const box: { stop?: () => void } = {};
    const { clock, last, kept, take } = setUp({ onDown: () => box.stop?.() });
    box.stop = () => kept.stop();
    await clock.advance(10_000);
    last().cut();
    await clock.advance(60_000);
    expect(take()).toEqual(['0 dial', '0 up', 'closed 1006']);
  });
});
