import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import type { SdkMessage } from './sdk-message.ts';
import { failTurn, hearFrame, type WatchedTurn, watchTurn } from './watched-turn.ts';

const begin = () => watchTurn({ clientMessageId: 'cm-1', agentId: 'agent-1', conversationId: 'default' });
const loop = (run: string | null, ids: readonly string[] = [], status = 'SENDING_API_REQUEST'): Frame => ({
  type: 'update_loop_status',
  loop_status: {
    status,
    active_run_ids: run === null ? [] : [run],
    ...(run !== null && { client_message_ids_by_run_id: { [run]: ids } }),
  },
});
const says = (run: string, content: string, id = `m-${run}`): Frame => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id, run_id: run, content },
});
const ends = (run: string, stop_reason = 'end_turn', more: Record<string, unknown> = {}): Frame => ({
  type: 'turn_finished',
  turn_id: 'batch-1',
  run_id: run,
  stop_reason,
  ...more,
});

/** The messages of these frames, one every 100 ms. */
function hear(frames: readonly Frame[], from: WatchedTurn = begin()) {
  let turn = from;
  const messages: SdkMessage[] = frames.flatMap((frame, n) => {
    const heard = hearFrame(turn, frame, 1_000 + n * 100);
    turn = heard.turn;
    return heard.messages;
  });
  const result = messages.find((message) => message.type === 'result');
  return { turn, messages, result };
}

describe('the turn of one input', () => {
  it('ends with its text, its runs and how long it took', () => {
    const { messages, result } = hear([
      loop('run-1', ['cm-1']),
      says('run-1', 'One. '),
      loop('run-2', ['cm-1']),
      says('run-2', 'Two.'),
      loop(null, [], 'WAITING_ON_INPUT'),
      ends('run-2'),
    ]);
    expect(result).toEqual({
      type: 'result',
      success: true,
      result: 'One. Two.',
      stopReason: 'end_turn',
      durationMs: 500,
      conversationId: 'default',
      agentId: 'agent-1',
      runIds: ['run-1', 'run-2'],
    });
    expect(messages.at(-1)).toBe(result);
    expect(messages.map(({ type }) => type)).toEqual([
      'loop_status',
      'assistant',
      'loop_status',
      'assistant',
      'loop_status',
      'result',
    ]);
  });

  it('does not count what others do in the conversation', () => {
    const { turn, messages, result } = hear([
      loop('run-0', ['cm-0']),
      says('run-0', 'For somebody else.'),
      ends('run-0'),
      loop('run-1', ['cm-1']),
      says('run-1', 'For me.'),
      ends('run-1'),
    ]);
    expect(result).toMatchObject({ result: 'For me.', durationMs: 200 });
    expect(messages.filter(({ type }) => type === 'result')).toHaveLength(1);
    expect(turn.leads).toBe(true);
  });

  it('knows whether its input began the turn or joined one', () => {
    expect(hear([loop('run-1', ['cm-1', 'cm-2'])]).turn).toMatchObject({ active: true, leads: true });
    expect(hear([loop('run-1', ['cm-0']), loop('run-2', ['cm-0', 'cm-1'])]).turn).toMatchObject({
      active: true,
      leads: false,
    });
    expect(hear([loop('run-1', ['cm-0'])]).turn).toMatchObject({ active: false, leads: false });
  });

  it('leaves out text that was voided', () => {
    const retry: Frame = {
      type: 'stream_delta',
      delta: {
        message_type: 'retry',
        run_id: 'run-1',
        reason: 'restart',
        attempt: 1,
        max_attempts: 3,
        delay_ms: 0,
        voided_message_ids: ['m-run-1'],
      },
    };
    const { result, messages } = hear([
      loop('run-1', ['cm-1']),
      says('run-1', 'Half an ans'),
      retry,
      loop('run-2', ['cm-1']),
      says('run-2', 'Whole.'),
      ends('run-2'),
    ]);
    expect(result).toMatchObject({ success: true, result: 'Whole.' });
    expect(messages).toContainEqual(expect.objectContaining({ type: 'retry', voidedUuids: ['m-run-1'] }));
  });

  it.each([
    ['cancelled', {}, 'interrupted', 'The turn was aborted.'],
    ['llm_api_error', { error: 'No key.' }, 'llm_api_error', 'No key.'],
    ['max_steps', { error: 'Too many.' }, 'max_steps', 'Too many.'],
    ['invalid_llm_response', { error: 'Broken.' }, 'error', 'Broken.'],
    [
      'max_tokens_exceeded',
      {},
      'error',
      'The model stopped at its limit of tokens; the answer is not complete.',
    ],
  ])('fails with %s: an error, then the result', (stopReason, more, errorCode, errorDetail) => {
    const { messages } = hear([loop('run-1', ['cm-1']), says('run-1', 'x'), ends('run-1', stopReason, more)]);
    expect(messages.slice(-2)).toEqual([
      { type: 'error', message: errorDetail, errorCode, stopReason, runId: 'run-1' },
      expect.objectContaining({
        type: 'result',
        success: false,
        error: errorCode,
        errorCode,
        errorDetail,
        stopReason,
      }),
    ]);
    expect(messages.at(-1)).not.toHaveProperty('result');
  });

  it('has no result text where nothing was said', () => {
    const { result } = hear([loop('run-1', ['cm-1']), ends('run-1')]);
    expect(result).toMatchObject({ success: true });
    expect(result).not.toHaveProperty('result');
  });

  it('says nothing after its result', () => {
    const done = hear([loop('run-1', ['cm-1']), ends('run-1')]);
    expect(hear([says('run-1', 'late'), loop(null), ends('run-1')], done.turn).messages).toEqual([]);
    expect(failTurn(done.turn, 'error', 'late', 0).messages).toEqual([]);
  });

  it('can fail before it began', () => {
    const { messages, turn } = failTurn(begin(), 'error', 'The queue is full.', 0);
    expect(messages).toEqual([
      { type: 'error', message: 'The queue is full.', errorCode: 'error', stopReason: 'error' },
      {
        type: 'result',
        success: false,
        error: 'error',
        errorCode: 'error',
        errorDetail: 'The queue is full.',
        stopReason: 'error',
        durationMs: 0,
        conversationId: 'default',
        agentId: 'agent-1',
      },
    ]);
    expect(turn.result).toBe(messages[1]);
  });

  it('tells of the queue in the words of the SDK, and passes over snapshots', () => {
    const item = {
      id: 'q-1',
      client_message_id: 'cm-1',
      kind: 'message',
      source: 'user',
      content: 'x',
      enqueued_at: 'now',
    };
    const frame: Frame = {
      type: 'update_queue',
      queue: [{ ...item, paused: true }],
      removed: [{ client_message_id: 'cm-0', disposition: 'dequeued' }],
    };
    expect(hear([frame]).messages).toEqual([
      {
        type: 'queue_update',
        queue: [
          {
            id: 'q-1',
            clientMessageId: 'cm-1',
            kind: 'message',
            source: 'user',
            content: 'x',
            enqueuedAt: 'now',
            paused: true,
          },
        ],
        removed: [{ clientMessageId: 'cm-0', disposition: 'dequeued' }],
      },
    ]);
    expect(
      hear([
        { ...frame, snapshot: true },
        { ...loop('run-1', ['cm-1']), snapshot: true },
      ]),
    ).toMatchObject({ messages: [], turn: { runs: [] } });
  });
});
