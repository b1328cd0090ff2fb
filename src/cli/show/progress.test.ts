import { describe, expect, it } from 'vitest';
import { emptyTranscript, fold, type Transcript } from '../../client/transcript.ts';
import { isIdle, progressText, secondsText } from './progress.ts';

const now = 1_000_000;
const loop = (status: string, waiting_for?: Record<string, unknown>, from: Transcript = emptyTranscript) =>
  fold(from, { type: 'update_loop_status', loop_status: { status, ...(waiting_for && { waiting_for }) } });
const since = now - 3_400;

describe('what is waited for', () => {
  it.each([
    [
      'WAITING_FOR_API_RESPONSE',
      { kind: 'model', since, detail: 'no answer yet' },
      'waiting for the model, 3 s',
    ],
    ['PROCESSING_API_RESPONSE', { kind: 'model', since, detail: 'answering' }, 'the model answers, 3 s'],
    [
      'RETRYING_API_REQUEST',
      { kind: 'model', since, detail: 'next attempt' },
      'waiting to ask the model again, 3 s',
    ],
    ['EXECUTING_CLIENT_SIDE_TOOL', { kind: 'tool', since, detail: 'Bash' }, 'running Bash, 3 s'],
    ['WAITING_ON_APPROVAL', { kind: 'approval', since, detail: 'Bash' }, null],
    ['EXECUTING_COMMAND', undefined, 'working'],
    ['WAITING_ON_INPUT', undefined, null],
  ])('%s', (status, waiting, text) => {
    expect(progressText(loop(status, waiting), now)).toBe(text);
  });

  it('names the call that runs', () => {
    const deltas = [
      {
        message_type: 'approval_request_message',
        id: 'm',
        tool_call: { tool_call_id: 'c', name: 'Bash', arguments: '{"command":"npm test"}' },
      },
      { message_type: 'client_tool_start', tool_call_id: 'c' },
    ];
    const begun = deltas.reduce((all, delta) => fold(all, { type: 'stream_delta', delta }), emptyTranscript);
    const running = loop('EXECUTING_CLIENT_SIDE_TOOL', { kind: 'tool', since, detail: 'Bash' }, begun);
    expect(progressText(running, now)).toBe('running Bash npm test, 3 s');
  });

  it('is nothing before anything was heard', () => {
    expect(progressText(emptyTranscript, now)).toBeNull();
    expect(isIdle(null)).toBe(true);
    expect(isIdle(loop('WAITING_ON_INPUT').loop)).toBe(true);
    expect(isIdle(loop('WAITING_ON_APPROVAL').loop)).toBe(false);
  });

  it('counts in seconds, then in minutes', () => {
    expect([-5, 0, 999, 59_999, 60_000, 3_725_000].map(secondsText)).toEqual([
      '0 s',
      '0 s',
      '0 s',
      '59 s',
      '1 min 0 s',
      '62 min 5 s',
    ]);
  });
});
