import { describe, expect, it } from 'vitest';
import { manualPair } from '../../link/memory.ts';
import type { Pipe } from '../../link/pipe.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import { splitPairs } from './split-pairs.ts';

function stand() {
  const clock = virtualClock();
  const pairs = splitPairs({ clock });
  const [control, stream] = [manualPair(), manualPair()];
  const heard: string[] = [];
  const listen = (pipe: Pipe | null) =>
    pipe?.listen({ message: (text) => heard.push(JSON.parse(text).type), closed: () => undefined });
  const say = (pair: typeof control, type: string) => {
    pair.a.send(JSON.stringify({ type }));
    pair.flush();
  };
  return { clock, pairs, control, stream, heard, listen, say };
}

describe('the sockets of a stock device', () => {
  it.each([['control', 'stream'] as const, ['stream', 'control'] as const])(
    'are one link, also when %s comes first',
    (first, second) => {
      const { pairs, control, stream, heard, listen, say, clock } = stand();
      const ends = { control, stream };
      const links = [first, second].map((channel) =>
        pairs.came('conn-1', channel, ends[channel as 'control'].b),
      );
      expect(links.filter((link) => link !== null)).toHaveLength(1);
      for (const link of links) listen(link);
      say(stream, 'update_queue');
      say(control, 'input_accepted');
      expect(heard).toEqual(['update_queue', 'input_accepted']);
      expect(clock.pending).toBe(0);
    },
  );

  it('of two leases never meet', () => {
    const { pairs, control, stream, heard, listen, say } = stand();
    listen(pairs.came('conn-1', 'control', control.b));
    expect(pairs.came('conn-2', 'stream', stream.b)).toBeNull();
    say(stream, 'update_queue');
    expect(heard).toEqual([]);
  });

  it('without a channel are a link each', () => {
    const { pairs, control } = stand();
    expect(pairs.came('conn-1', null, control.b)).toBe(control.b);
  });

  it('[LINK-3] do not wait for each other for ever', async () => {
    const { clock, pairs, stream } = stand();
    pairs.came('conn-1', 'stream', stream.b);
    await clock.advance(30_000);
    expect(stream.b.open).toBe(false);
  });

  it('come again in a pair after both were lost', () => {
    const { pairs, control, stream, heard, listen, say } = stand();
    listen(pairs.came('conn-1', 'control', control.b));
    pairs.came('conn-1', 'stream', stream.b);
    control.cut();
    const [again, streamAgain] = [manualPair(), manualPair()];
    expect(pairs.came('conn-1', 'stream', streamAgain.b)).toBeNull();
    listen(pairs.came('conn-1', 'control', again.b));
    say(streamAgain, 'update_queue');
    expect(heard).toEqual(['update_queue']);
  });
});
