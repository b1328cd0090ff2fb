import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import type { Frame } from '../../protocol/frames.ts';
import { MemoryInbox } from '../../testing/memory-inbox.ts';
import type { Parked } from '../store/inbox.ts';
import { Delivery } from './delivery.ts';
import { Settling } from './settling.ts';
import { say, scope } from './test-frames.ts';

/** A delivery over a link that takes frames one by one where `ready` says so. */
function delivering() {
  const clock = virtualClock();
  const inbox = new MemoryInbox();
  const sent: Frame[] = [];
  const told: Frame[] = [];
  const link = { room: Number.POSITIVE_INFINITY };
  const settling = new Settling({ inbox, clock, say: (frame) => told.push(frame), left: () => undefined });
  const delivery = new Delivery({
    clock,
    settling,
    ready: () => link.room > 0,
    send(frame) {
      link.room -= 1;
      sent.push(frame);
    },
    failed: (error) => told.push({ type: 'failed', error }),
  });
  function park(id: string, conversation_id = scope.conversation_id): Parked {
    const entry = inbox.put({
      kind: 'message',
      scope: { ...scope, conversation_id },
      key: id,
      hash: 'h',
      inputId: `input-${id}`,
      frame: say(id),
      at: clock.now(),
      expiresAt: clock.now() + 100_000,
    });
    if ('code' in entry) throw new Error(entry.message);
    return entry;
  }
  const answer = (position: number, more: object = { accepted: true }) =>
    delivery.answer({ type: 'input_accepted', request_id: `inbox:${position}`, ...more });
  const positions = () => sent.map(({ inbox: position }) => position);
  return { clock, inbox, delivery, settling, link, told, park, answer, positions };
}

describe('[IN-4] a delivery', () => {
  it('hands over one of each conversation at a time', () => {
    const { delivery, park, answer, positions } = delivering();
    for (const entry of [park('a'), park('b'), park('c', 'conv-2'), park('d')]) delivery.add(entry);
    expect(positions()).toEqual([1, 3]);
    answer(1);
    expect(positions()).toEqual([1, 3, 2]);
    // Twice, or out of turn, says nothing new.
    answer(1);
    answer(4);
    expect(positions()).toEqual([1, 3, 2]);
    answer(3);
    answer(2);
    answer(4);
    expect(delivery.waits(scope)).toBe(false);
  });

  it('waits for a link that takes no more', () => {
    const { delivery, link, park, positions } = delivering();
    link.room = 1;
    for (const entry of [park('a'), park('b', 'conv-2'), park('c', 'conv-3')]) delivery.add(entry);
    expect(positions()).toEqual([1]);
    link.room = 1;
    delivery.pump();
    expect(positions()).toEqual([1, 2]);
    link.room = 5;
    delivery.pump();
    expect(positions()).toEqual([1, 2, 3]);
  });

  it('tries again after 1, 2, 4 … 30 s', async () => {
    const { clock, delivery, park, answer, positions } = delivering();
    delivery.add(park('a'));
    for (const pause of [1, 2, 4, 8, 16, 30]) {
      answer(1, { accepted: false, error_code: 'store_failed' });
      await clock.advance(pause * 1_000 - 1);
      const before = positions().length;
      await clock.advance(1);
      expect(positions()).toHaveLength(before + 1);
    }
  });

  it.each([
    ['store_full', [1, 1]],
    ['store_unwritable', [1, 1]],
    ['input_invalid', [1]],
    ['approval_hash_mismatch', [1]],
  ])('waits for a device in trouble, and for nothing else: %s', async (error_code, expected) => {
    const { clock, delivery, park, answer, positions } = delivering();
    delivery.add(park('a'));
    answer(1, { accepted: false, error_code });
    await clock.advance(1_000);
    expect(positions()).toEqual(expected);
  });

  it('does not hand over what expired while it was tried', async () => {
    const { clock, inbox, delivery, settling, told, park, answer, positions } = delivering();
    for (const entry of [park('a'), park('b')]) delivery.add(entry);
    expect(settling.doubtful).toEqual(new Set([1]));
    await clock.advance(99_999);
    const tries = positions().length;
    answer(1, { accepted: false, error_code: 'store_failed' });
    await clock.advance(100_000);
    expect(positions()).toHaveLength(tries);
    // What was sent before and not answered may have been taken, whatever was said of the last time.
    expect(told).toMatchObject([
      { client_message_id: 'a', state: 'indeterminate', code: 'parking_expired' },
      { client_message_id: 'b', state: 'failed', code: 'parking_expired' },
    ]);
    expect(inbox.all()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('sends nothing more once it is stopped', async () => {
    const { clock, delivery, park, positions } = delivering();
    delivery.add(park('a'));
    delivery.stop();
    await clock.advance(100_000);
    expect(positions()).toEqual([1]);
    expect(clock.pending).toBe(0);
  });
});
