import { describe, expect, it } from 'vitest';
import type { Frame } from '../frames.ts';
import { client, item, loop, queue, runtime, snapshot } from './seed-test-client.ts';

describe('runs', () => {
  it('start and complete as the loop status names them', () => {
    const ann = client();
    const types = (frame: Frame) => ann.hears(frame).map(({ type, run_id }) => `${type} ${run_id}`);
    expect(types(loop('WAITING_ON_INPUT', [], snapshot))).toEqual([]);
    expect(types(loop('PROCESSING_API_RESPONSE', ['run-1']))).toEqual(['run_started run-1']);
    expect(types(loop('EXECUTING_CLIENT_SIDE_TOOL', ['run-1']))).toEqual([]);
    expect(types(loop('PROCESSING_API_RESPONSE', ['run-2']))).toEqual([
      'run_completed run-1',
      'run_started run-2',
    ]);
    expect(types(loop('WAITING_ON_INPUT'))).toEqual(['run_completed run-2']);
  });

  it('that go on when a client comes are not started for it', () => {
    const ann = client();
    expect(ann.hears(loop('PROCESSING_API_RESPONSE', ['run-1'], snapshot))).toEqual([]);
    expect(ann.hears(loop('WAITING_ON_INPUT'))).toEqual([
      { type: 'run_completed', runtime, run_id: 'run-1' },
    ]);
  });
});

describe('the queue', () => {
  it('is told as it grows, and why it waits', () => {
    const ann = client();
    ann.told(queue([], [], snapshot));
    ann.told(loop('PROCESSING_API_RESPONSE', ['run-1']));
    expect(ann.hears(queue([item(1)], []))).toEqual([
      {
        type: 'queue_item_enqueued',
        runtime,
        item_id: 'q-1',
        client_message_id: 'cm-1',
        source: 'user',
        kind: 'message',
        queue_len: 1,
      },
      { type: 'queue_blocked', runtime, reason: 'streaming', queue_len: 1 },
    ]);
    expect(ann.hears(queue([item(1)], []))).toEqual([]);
    expect(ann.hears(queue([item(1, { paused: true })], []))).toEqual([
      { type: 'queue_blocked', runtime, reason: 'paused_by_user', queue_len: 1 },
    ]);
  });

  it('of what waits at a broker has no events: it is not in the queue of the device yet', () => {
    const ann = client();
    ann.told(queue([], [], snapshot));
    const parked = item(7, { id: 'parked-7', parked: true });
    expect(ann.hears(queue([item(1), parked], [], snapshot))).toMatchObject([
      { type: 'queue_item_enqueued', item_id: 'q-1' },
    ]);
    expect(ann.hears(queue([item(1)], [], snapshot))).toEqual([]);
  });

  const batch = {
    type: 'queue_batch_dequeued',
    runtime,
    batch_id: 'batch-q-1',
    item_ids: ['q-1', 'q-2'],
    merged_count: 2,
    queue_len_after: 1,
  };
  const bothAs = (disposition: string) => [1, 2].map((n) => ({ client_message_id: `cm-${n}`, disposition }));

  it.each<[string, Frame[], object[]]>([
    ['0.25 leaves a batch', [queue([item(3)])], [batch]],
    ['0.32 leaves a batch', [queue([item(3)], []), queue([item(3)], bothAs('dequeued'))], [batch]],
    ['ours leaves a batch', [queue([item(3)], bothAs('dequeued'))], [batch]],
    [
      'somebody takes them out',
      [queue([item(3)], bothAs('cancelled'))],
      [1, 2].map((n) => ({
        type: 'queue_item_dropped',
        runtime,
        item_id: `q-${n}`,
        reason: 'cancelled',
        queue_len: 1,
      })),
    ],
    [
      'everything is taken out',
      [queue([], [...bothAs('cancelled'), { client_message_id: 'cm-3', disposition: 'cancelled' }])],
      [{ type: 'queue_cleared', runtime, reason: 'cancelled', cleared_count: 3 }],
    ],
  ])('as %s', (_, frames, told) => {
    const ann = client();
    ann.told(queue([item(1), item(2), item(3)], [], snapshot));
    expect(frames.flatMap((frame) => ann.hears(frame))).toEqual(told);
  });
});
