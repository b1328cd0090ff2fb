import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { differences, goldenLines, goldenReader } from './golden.ts';

const loop = (status: string, ...executing_tool_call_ids: string[]): Frame => ({
  type: 'update_loop_status',
  loop_status: { status, active_run_ids: [], executing_tool_call_ids },
});
const device = (is_processing: boolean, ...calls: string[]): Frame => ({
  type: 'update_device_status',
  device_status: {
    is_processing,
    current_permission_mode: 'standard',
    pending_control_requests: calls.map((tool_call_id) => ({ request: { tool_call_id } })),
  },
});
const queue = (ids: readonly string[], left: readonly string[] = [], paused = false): Frame => ({
  type: 'update_queue',
  queue: ids.map((client_message_id) => ({ client_message_id, ...(paused && { paused }) })),
  removed: left.map((client_message_id) => ({ client_message_id, disposition: 'dequeued' })),
});
const delta = (message_type: string, more = {}): Frame => ({
  type: 'stream_delta',
  delta: { message_type, ...more },
});
const text = delta('assistant_message', { content: 'a' });
const returned = (id: string, status = 'success') =>
  delta('tool_return_message', { id, tool_call_id: 'x', status });

describe('frames become lines', () => {
  it.each<[string, Frame[], string[]]>([
    [
      'a loop status that repeats the last one is dropped',
      [loop('A'), loop('A'), loop('B'), loop('A')],
      ['L A', 'L B', 'L A'],
    ],
    [
      'also when other things were told between',
      [loop('A'), text, loop('A')],
      ['L A', 'S assistant_message'],
    ],
    [
      'not when it executes other calls',
      [loop('A', 'x'), loop('A', 'x', 'y')],
      ['L A call-1', 'L A call-1 call-2'],
    ],
    [
      'a device status by work, mode and what is pending',
      [device(true), device(true), device(true, 'x'), device(false)],
      ['D busy standard', 'D busy standard call-1', 'D idle standard'],
    ],
    [
      'a queue by its items',
      [queue([]), queue([]), queue(['x']), queue(['x']), queue(['x'], [], true)],
      ['Q', 'Q cm-1', 'Q cm-1 paused'],
    ],
    ['never when it tells what left', [queue([]), queue([], ['x']), queue([])], ['Q', 'Q dequeued:cm-1']],
    [
      'text that goes on is one line',
      [text, text, delta('reasoning_message'), text],
      ['S assistant_message', 'S reasoning_message', 'S assistant_message'],
    ],
    [
      'progress too, but not a result',
      [
        returned('synthetic-tool-return-stream-x'),
        returned('synthetic-tool-return-stream-x'),
        returned('synthetic-tool-return-1'),
        returned('synthetic-tool-return-2'),
      ],
      [
        'S tool_return_message call-1 progress',
        'S tool_return_message call-1 success',
        'S tool_return_message call-1 success',
      ],
    ],
    [
      'ids are numbered as they appear',
      [
        delta('client_tool_start', { tool_call_id: 'z' }),
        delta('client_tool_start', { tool_call_id: 'a' }),
        delta('client_tool_start', { tool_call_id: 'z' }),
      ],
      ['S client_tool_start call-1', 'S client_tool_start call-2', 'S client_tool_start call-1'],
    ],
    ['a frame that is not known is its type', [{ type: 'news' }, { type: 'news' }], ['news', 'news']],
    [
      'a frame without its body does not break it',
      [{ type: 'stream_delta' }, { type: 'update_queue', queue: 3 }],
      ['S undefined', 'Q'],
    ],
  ])('%s', (_name, frames, lines) => {
    expect(goldenLines(frames)).toEqual(lines);
  });

  it('what was read before is known', () => {
    const read = goldenReader();
    expect(read([loop('A', 'x')])).toEqual(['L A call-1']);
    expect(read([loop('A', 'x'), loop('B', 'y')])).toEqual(['L B call-2']);
  });
});

describe('differences', () => {
  it('are the lines that one has and the other has not', () => {
    expect(differences(['a', 'b', 'c'], ['a', 'c', 'd'])).toEqual(['- b', '+ d']);
    expect(differences(['a'], ['a'])).toEqual([]);
  });
});
