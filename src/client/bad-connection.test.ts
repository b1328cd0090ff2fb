import { describe, expect, it } from 'vitest';
import type { Pipe } from '../link/pipe.ts';
import { withListen } from '../link/with-listen.ts';
import type { Frame } from '../protocol/frames.ts';
import { scope, standWith, text, watch } from '../testing/follow-watch.ts';
import { memoryOutbox } from './index.ts';

/** A small generator with a seed (mulberry32), so that a failing schedule can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A link that says some things twice, some after what came later, and, when it breaks, some never. */
const faulty =
  (random: () => number, mended: () => boolean) =>
  (pipe: Pipe): Pipe => {
    let late: string | null = null;
    return withListen(pipe, (listener) =>
      pipe.listen({
        ...listener,
        message(frame) {
          const fault = mended() ? 1 : random();
          if (fault < 0.05 && late === null) {
            late = frame;
            return;
          }
          listener.message(frame);
          if (fault < 0.15) listener.message(frame);
          if (late !== null) listener.message(late);
          late = null;
        },
      }),
    );
  };

describe.each([
  ['a device', {}],
  ['a broker that keeps much', { numbered: true }],
  ['a broker that keeps little', { numbered: true, ringBytes: 4_000 }],
])('[SYNC-2] [SEQ-3] [IN-6] over a bad connection to %s', (_name, options) => {
  const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 30 }, (_, n) => n + 1);

  it.each(seeds)(
    'a follower ends with exactly what the device has stored, less what it was told is gone, and every message is taken once (SEED=%i)',
    async (seed) => {
      const random = seeded(seed);
      const below = (n: number) => Math.floor(random() * n);
      const stand = standWith(below(5), options);
      const outbox = memoryOutbox();
      let mended = false;
      const client = stand.connect(
        { outbox },
        faulty(random, () => mended),
      );
      const all = watch(client, 'start');
      const sent: string[] = [];
      let accepted = 0;
      await stand.clock.advance(0);
      let size = stand.device.stored(scope).length;
      let trimmed = 0;
      for (let step = 0; step < 120; step++) {
        const pair = stand.pairs.at(-1);
        const { link } = stand.hub();
        const what = below(100);
        if (what < 5) {
          const client_message_id = `cm-${sent.length}`;
          sent.push(client_message_id);
          const result = client.send(scope, 'hello', { client_message_id });
          void result.then(({ ok }) => {
            if (ok) accepted++;
          });
        } else if (what < 30) {
          for (let n = below(4); n >= 0; n--, size++)
            stand.device.emit(scope, text('x'.repeat(below(8) === 0 ? 300_000 : 10)));
        } else if (what < 50) for (let n = below(6); n >= 0; n--) link.flushOne('b');
        else if (what < 60) link.flushOne('a');
        else if (what < 80) for (let n = below(6); n >= 0; n--) pair?.flushOne('a');
        else if (what < 88) pair?.flushOne('b');
        else if (what < 91) pair?.drop(below(3) > 0 ? 'a' : 'b');
        else if (what < 94) stand.cut();
        else if (what < 95) stand.restart();
        else if (what < 96) stand.reachable = !stand.reachable;
        else if (what < 97) {
          trimmed = Math.max(trimmed, below(size));
          stand.device.trim(scope, trimmed);
        } else await stand.clock.advance(below(3_000));
      }
      stand.reachable = true;
      mended = true;
      await stand.clock.advance(60_000);
      stand.cut();
      // A socket loses nothing in its middle as this one does; what is lost so shows when something follows it.
      stand.device.emit(scope, text('the end'));
      size++;
      for (let n = 0; n < 8; n++) {
        await stand.settle();
        await stand.clock.advance(40_000);
      }
      const gone = new Set<number>();
      for (const one of all.story) {
        const [, from, to] = typeof one === 'string' ? (/^gap (\d+)-(\d+)$/.exec(one) ?? []) : [];
        for (let seq = Number(from); seq <= Number(to); seq++) gone.add(seq);
      }
      const told = all.events.map((frame) => frame.event_seq);
      const due = Array.from({ length: size }, (_, n) => n + 1).filter((seq) => !gone.has(seq));
      expect(told).toEqual(due);
      expect(all.follower.cursor).toMatchObject({ after_event_seq: size });
      const stored = new Map(
        stand.device.stored(scope).map((line) => [(JSON.parse(line) as Frame).event_seq, line]),
      );
      for (const frame of all.events) {
        const line = stored.get(frame.event_seq);
        if (line !== undefined) expect(JSON.stringify(frame)).toBe(line);
      }
      for (const seq of gone) expect(seq).toBeLessThanOrEqual(trimmed);
      expect(stand.device.taken.toSorted()).toEqual(sent.toSorted());
      expect(accepted).toBe(sent.length);
      expect(outbox.all()).toEqual([]);
      client.close();
    },
  );
});
