import { describe, expect, it } from 'vitest';
import { translateDelta } from './translate-delta.ts';

const origin = { id: 'm-1', run_id: 'run-1' };
const told = { uuid: 'm-1', runId: 'run-1' };

describe('a delta in the words of the SDK', () => {
  it.each([
    [
      'assistant',
      { message_type: 'assistant_message', content: 'Hi' },
      [{ type: 'assistant', content: 'Hi', ...told }],
    ],
    [
      'assistant, in parts',
      { message_type: 'assistant_message', content: [{ type: 'text', text: 'a' }, 'b', { type: 'image' }] },
      [{ type: 'assistant', content: 'ab', ...told }],
    ],
    ['no text', { message_type: 'assistant_message', content: '' }, []],
    [
      'with an otid',
      { message_type: 'assistant_message', content: 'x', otid: 'o' },
      [{ type: 'assistant', content: 'x', otid: 'o', ...told }],
    ],
    [
      'reasoning',
      { message_type: 'reasoning_message', reasoning: 'Hm' },
      [{ type: 'reasoning', content: 'Hm', ...told }],
    ],
    [
      'reasoning as content',
      { message_type: 'reasoning_message', content: 'Hm' },
      [{ type: 'reasoning', content: 'Hm', ...told }],
    ],
    [
      'a call',
      {
        message_type: 'approval_request_message',
        tool_call: { tool_call_id: 'c', name: 'Bash', arguments: '{"command":"ls"}' },
      },
      [
        {
          type: 'tool_call',
          toolCallId: 'c',
          toolName: 'Bash',
          toolInput: { command: 'ls' },
          rawArguments: '{"command":"ls"}',
          ...told,
        },
      ],
    ],
    [
      'calls in parallel, one each',
      {
        message_type: 'tool_call_message',
        tool_calls: [
          { tool_call_id: 'c', name: 'A', arguments: '{}' },
          { tool_call_id: 'd', name: 'B', arguments: '' },
        ],
      },
      [
        { type: 'tool_call', toolCallId: 'c', toolName: 'A', toolInput: {}, rawArguments: '{}', ...told },
        { type: 'tool_call', toolCallId: 'd', toolName: 'B', toolInput: {}, rawArguments: '', ...told },
      ],
    ],
    [
      'arguments that are no JSON yet',
      { message_type: 'tool_call_message', tool_call: { tool_call_id: 'c', name: 'A', arguments: '{"a":' } },
      [
        {
          type: 'tool_call',
          toolCallId: 'c',
          toolName: 'A',
          toolInput: { raw: '{"a":' },
          rawArguments: '{"a":',
          ...told,
        },
      ],
    ],
    [
      'a result',
      {
        message_type: 'tool_return_message',
        tool_call_id: 'c',
        status: 'error',
        tool_return: 'no',
        tool_returns: [{ tool_call_id: 'c', status: 'error', tool_return: 'no' }],
      },
      [{ type: 'tool_result', toolCallId: 'c', content: 'no', isError: true, ...told }],
    ],
    [
      'several results',
      {
        message_type: 'tool_return_message',
        tool_returns: [
          { tool_call_id: 'c', status: 'success', tool_return: 'x' },
          { tool_call_id: 'd', status: 'success', tool_return: [{ text: 'y' }] },
        ],
      },
      [
        { type: 'tool_result', toolCallId: 'c', content: 'x', isError: false, ...told },
        { type: 'tool_result', toolCallId: 'd', content: 'y', isError: false, ...told },
      ],
    ],
    ['a result of nothing', { message_type: 'tool_return_message', status: 'success' }, []],
    [
      'a retry',
      {
        message_type: 'retry',
        message: 'down',
        reason: 'llm_api_error',
        attempt: 1,
        max_attempts: 3,
        delay_ms: 1000,
        voided_message_ids: ['m-0'],
      },
      [
        {
          type: 'retry',
          reason: 'llm_api_error',
          attempt: 1,
          maxAttempts: 3,
          delayMs: 1000,
          runId: 'run-1',
          voidedUuids: ['m-0'],
        },
      ],
    ],
    [
      'an error that ends nothing',
      { message_type: 'loop_error', message: 'no such folder', stop_reason: 'error', is_terminal: false },
      [{ type: 'error', message: 'no such folder', errorCode: 'error', stopReason: 'error', runId: 'run-1' }],
    ],
    [
      'the error of the end, which the result tells',
      { message_type: 'loop_error', message: 'x', stop_reason: 'error', is_terminal: true },
      [],
    ],
    ['the end of a run', { message_type: 'stop_reason', stop_reason: 'end_turn' }, []],
    ['a ping', { message_type: 'ping' }, []],
  ])('%s', (_name, delta, messages) => {
    expect(translateDelta({ ...origin, ...delta }, 'fallback')).toEqual(messages);
  });

  it.each([
    'usage_statistics',
    'status',
    'user_message',
    'client_tool_start',
    'client_tool_end',
    'something_new',
  ])('passes %s on as it is', (message_type) => {
    const delta = { ...origin, message_type, more: 1 };
    expect(translateDelta(delta, 'fallback')).toEqual([{ type: 'stream_event', event: delta, uuid: 'm-1' }]);
  });

  it('does not take what a tool has printed so far for its result', () => {
    const delta = {
      message_type: 'tool_return_message',
      id: 'synthetic-tool-return-stream-c',
      tool_call_id: 'c',
      status: 'success',
      tool_return: 'half',
    };
    expect(translateDelta(delta, 'fallback')).toEqual([
      { type: 'stream_event', event: delta, uuid: delta.id },
    ]);
  });

  it('gives an id to what has none', () => {
    expect(translateDelta({ message_type: 'assistant_message', content: 'x' }, 'farhand-1')).toEqual([
      { type: 'assistant', content: 'x', uuid: 'farhand-1' },
    ]);
  });
});
