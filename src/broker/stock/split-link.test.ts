import { describe, expect, it } from 'vitest';
import { manualPair } from '../../link/memory.ts';
import { virtualClock } from '../../link/virtual-clock.ts';
import { haveCaptures, readCapture } from '../../testing/captures.ts';
import { splitLink } from './split-link.ts';

function stand() {
  const clock = virtualClock();
  const [control, stream] = [manualPair(), manualPair()];
  const gaps: string[] = [];
  const { pipe, stream: join } = splitLink(control.b, {
    clock,
    gap: (from, to) => gaps.push(`${from}-${to}`),
  });
  const heard: string[] = [];
  const ends: number[] = [];
  pipe.listen({ message: (text) => heard.push(text), closed: ({ code }) => ends.push(code) });
  const numbers = () => heard.map((text) => JSON.parse(text).event_seq ?? JSON.parse(text).type);
  const flush = () => void (control.flush() + stream.flush());
  const say = (to: typeof control, seq: number) => {
    to.a.send(JSON.stringify({ type: 'x', event_seq: seq }));
    flush();
  };
  return { clock, control, stream, pipe, join, gaps, heard, ends, numbers, flush, say };
}

describe('[SEQ-5] two sockets of one device', () => {
  it('are put in order, however they overtake each other', () => {
    const { control, stream, join, numbers, say } = stand();
    join(stream.b);
    say(stream, 1);
    say(control, 3);
    say(control, 5);
    expect(numbers()).toEqual([1]);
    say(stream, 2);
    expect(numbers()).toEqual([1, 2, 3]);
    say(stream, 4);
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('wait two seconds for what is missing and go on without it', async () => {
    const { clock, control, stream, join, numbers, say, gaps } = stand();
    join(stream.b);
    say(stream, 1);
    say(control, 4);
    say(control, 7);
    await clock.advance(1_999);
    expect(numbers()).toEqual([1]);
    await clock.advance(1);
    expect(numbers()).toEqual([1, 4]);
    await clock.advance(2_000);
    expect(numbers()).toEqual([1, 4, 7]);
    expect(gaps).toEqual(['2-3', '5-6']);
    expect(clock.pending).toBe(0);
  });

  it('lose nothing that comes too late, and it does not look like a new count', async () => {
    const { clock, control, stream, join, heard, say } = stand();
    join(stream.b);
    say(stream, 1);
    say(control, 3);
    await clock.advance(2_000);
    stream.a.send(JSON.stringify({ type: 'late', event_seq: 2 }));
    stream.flush();
    expect(heard.map((text) => JSON.parse(text))).toEqual([
      { type: 'x', event_seq: 1 },
      { type: 'x', event_seq: 3 },
      { type: 'late', event_seq: 3 },
    ]);
  });

  it('may begin to count anew', () => {
    const { control, stream, join, numbers, say } = stand();
    join(stream.b);
    for (const seq of [8, 9]) say(stream, seq);
    say(control, 12);
    say(stream, 1);
    expect(numbers()).toEqual([8, 9, 12, 1]);
  });

  it('pass what has no number at once', () => {
    const { control, stream, join, numbers, say, flush } = stand();
    join(stream.b);
    say(stream, 1);
    say(control, 3);
    control.a.send('{"type":"input_accepted"}');
    flush();
    expect(numbers()).toEqual([1, 'input_accepted']);
  });

  it('send commands by the first one alone, and answer a ping where it came', () => {
    const { control, stream, join, pipe, flush, numbers } = stand();
    join(stream.b);
    pipe.send('{"type":"sync"}');
    stream.a.send('{"type":"ping"}');
    flush();
    expect(numbers()).toEqual([]);
    const got: string[][] = [[], []];
    for (const [index, { a }] of [control, stream].entries())
      a.listen({ message: (text) => got[index]?.push(JSON.parse(text).type), closed: () => undefined });
    flush();
    expect(got).toEqual([['sync'], ['pong']]);
  });

  it('[LINK-3] go on with the first one when the second is lost, and end with the first', () => {
    const { control, stream, join, numbers, say, ends, flush } = stand();
    join(stream.b);
    say(stream, 1);
    stream.cut();
    say(control, 2);
    expect(numbers()).toEqual([1, 2]);
    expect(ends).toEqual([]);
    const again = manualPair();
    join(again.b);
    control.cut();
    flush();
    expect(ends).toEqual([1006]);
    expect(again.b.open).toBe(false);
  });

  it('tell what they held before their end', () => {
    const { control, stream, join, numbers, say } = stand();
    join(stream.b);
    say(stream, 1);
    say(control, 3);
    control.cut();
    expect(numbers()).toEqual([1, 3]);
  });
});

const recorded = [
  '0.25.9/03-text-turn-split',
  '0.32.18/03-text-turn-split',
  '0.25.9/18-reconnect-split-stream',
];

describe.runIf(haveCaptures())('[SEQ-5] recorded pairs of sockets', () => {
  it.each(recorded)('%s comes in the order in which it was sent', (name) => {
    const { control, stream, join, heard, flush } = stand();
    join(stream.b);
    let sent = 0;
    for (const { dir, socket, frame } of readCapture(name)) {
      if (dir !== 'runtime->broker' || !frame) continue;
      (socket === 'stream' ? stream : control).a.send(JSON.stringify(frame));
      flush();
      sent++;
    }
    const numbers = heard.map((text) => JSON.parse(text).event_seq).filter((seq) => seq !== undefined);
    expect(heard).toHaveLength(sent);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
});
