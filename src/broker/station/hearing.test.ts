import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { MemoryMirror } from '../../testing/memory-mirror.ts';
import { takeIn } from './hearing.ts';
import { scope } from './test-frames.ts';

function hearing() {
  const mirror = new MemoryMirror();
  const options = { mirror, observed: () => undefined, known: () => [scope], trouble: () => undefined };
  const hear = (frame: Frame): boolean => takeIn(options, frame, JSON.stringify(frame));
  return { mirror, hear };
}
const event = (event_seq: number, more: object = {}): Frame => ({
  type: 'update_loop_status',
  runtime: scope,
  loop_status: { status: `${event_seq}` },
  event_seq,
  idempotency_key: `update_loop_status:log:a:${event_seq}`,
  ...more,
});

describe('what a device says', () => {
  it('[SEQ-4] is passed over where it was told before', () => {
    const { mirror, hear } = hearing();
    expect([1, 2, 2, 1, 3].map((seq) => hear(event(seq)))).toEqual([true, true, false, false, true]);
    expect(mirror.head(scope)).toEqual({ log_id: 'log:a', event_seq: 3 });
    expect(mirror.latest(scope)).toMatchObject([{ loop_status: { status: '3' } }]);
  });

  it('belongs to the log that it names, in a field or in its key', () => {
    const { mirror, hear } = hearing();
    hear(event(4, { log_id: 'named' }));
    expect(mirror.head(scope)).toEqual({ log_id: 'named', event_seq: 4 });
    expect(hear(event(5, { idempotency_key: 'another:log:5' }))).toBe(false);
    expect(hear(event(5, { log_id: 'x'.repeat(257) }))).toBe(false);
  });

  it('is not remembered where it is a trouble that passes', () => {
    const { mirror, hear } = hearing();
    hear(event(1));
    const waiting_for = { kind: 'device', since: 0, detail: 'The disk is full.' };
    expect(hear({ ...event(1), snapshot: true, loop_status: { status: 'full', waiting_for } })).toBe(true);
    expect(mirror.latest(scope)).toMatchObject([{ loop_status: { status: '1' } }]);
  });

  it('is told on when it is no event, and remembered when it is a state', () => {
    const { mirror, hear } = hearing();
    const asked = { ...event(7), snapshot: true, request_id: 'session:r' };
    expect(hear(asked)).toBe(true);
    expect(mirror.head(scope)).toBe(null);
    expect(mirror.latest(scope)[0]).not.toHaveProperty('request_id');
    expect(hear({ type: 'agent_list_response', request_id: 'x' })).toBe(true);
    expect(hear({ type: 'somebody_elses_push', runtime: scope })).toBe(true);
  });
});
