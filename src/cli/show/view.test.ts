import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { coloured, plain, type Style } from '../program/style.ts';
import { emptyView, showFrame, showLines, type View } from './view.ts';

const delta = (message_type: string, fields: Record<string, unknown> = {}): Frame => ({
  type: 'stream_delta',
  delta: { message_type, ...fields },
});
const says = (content: string, id = 'm-1') => delta('assistant_message', { id, content });
const thinks = (reasoning: string, id = 'r-1') => delta('reasoning_message', { id, reasoning });
const calls = (id: string, name: string, input: Record<string, unknown>) =>
  delta('approval_request_message', {
    id: `m-${id}`,
    tool_call: { tool_call_id: id, name, arguments: JSON.stringify(input) },
  });
const returns = (id: string, tool_return: string, status = 'success') =>
  delta('tool_return_message', { id: `synthetic-tool-return-${id}`, tool_call_id: id, status, tool_return });
const status = (mode: string, cwd: string): Frame => ({
  type: 'update_device_status',
  device_status: {
    current_permission_mode: mode,
    current_working_directory: cwd,
    pending_control_requests: [],
  },
});
const queue = (...items: Record<string, unknown>[]): Frame => ({
  type: 'update_queue',
  queue: items,
  removed: [],
});

/** What a terminal shows after these frames. */
function shown(frames: readonly Frame[], style: Style = plain, from: View = emptyView): string {
  let view = from;
  return frames
    .map((frame) => {
      const next = showFrame(view, frame, style);
      view = next.view;
      return next.text;
    })
    .join('');
}

describe('a conversation on a terminal', () => {
  it('streams text where the last piece ended, and begins each message on a line of its own', () => {
    expect(shown([says('Hello '), says('there.'), says('Next.', 'm-2')])).toBe('Hello there.\nNext.');
    expect(shown([says('A line\n'), says('more'), thinks('why')])).toBe('A line\nmore\nwhy');
  });

  it('dims reasoning, line by line', () => {
    expect(shown([thinks('one\ntwo')], coloured)).toBe('\x1b[2mone\x1b[22m\n\x1b[2mtwo\x1b[22m');
  });

  it('shows a call, its output, and the call again where another came between', () => {
    const frames = [
      says('Looking.'),
      calls('a', 'Read', { file_path: 'src/a.ts' }),
      calls('b', 'Bash', { command: 'npm test' }),
      returns('a', 'text of a'),
      returns('b', '', 'success'),
    ];
    expect(shown(frames)).toBe(
      'Looking.\n● Read src/a.ts\n● Bash npm test\n● Read src/a.ts\n  text of a\n● Bash npm test\n  (no output)\n',
    );
  });

  it('marks what failed', () => {
    const frames = [calls('a', 'Bash', { command: 'false' }), returns('a', 'Exit code 1', 'error')];
    expect(shown(frames, coloured)).toContain('\x1b[31mExit code 1\x1b[39m');
  });

  it('does not show what a tool has printed so far as its result', () => {
    const running = delta('tool_return_message', {
      id: 'synthetic-tool-return-stream-a',
      tool_call_id: 'a',
      status: 'success',
      tool_return: 'half',
    });
    expect(shown([calls('a', 'Bash', { command: 'x' }), running])).toBe('● Bash x\n');
  });

  it('shows what an edit changes where nobody is asked about it', () => {
    const frames = [
      calls('a', 'Edit', { file_path: 'a', old_string: 'old', new_string: 'new' }),
      calls('b', 'Write', { file_path: 'b', content: 'one\ntwo\n' }),
      calls('c', 'Edit', { file_path: 'c', old_string: 'asked', new_string: 'about' }),
      delta('approval_classification_end', {
        auto_allowed_tool_call_ids: ['a', 'b'],
        auto_denied_tool_call_ids: [],
        user_input_tool_call_ids: ['c'],
      }),
    ];
    expect(shown(frames)).toBe('● Edit a\n● Write b\n● Edit c\n  -old\n  +new\n  +one\n  +two\n');
  });

  it('tells of a retry, and which text no longer counts', () => {
    const retry = {
      message: 'The model is overloaded.',
      reason: 'llm_api_error',
      attempt: 1,
      max_attempts: 3,
      delay_ms: 1500,
    };
    expect(shown([says('Half an ans'), delta('retry', { ...retry, voided_message_ids: ['m-1'] })])).toBe(
      'Half an ans\n↻ The model is overloaded. Trying again in 2 s (attempt 1 of 3 failed).\n  The unfinished text above no longer counts.\n',
    );
    expect(shown([delta('retry', { ...retry, delay_ms: 0 })])).toBe('↻ The model is overloaded.\n');
  });

  it('tells why a turn failed or stopped early', () => {
    const error = { message: 'No key.', stop_reason: 'llm_api_error', is_terminal: true };
    expect(shown([delta('loop_error', error)])).toBe('The turn failed: No key.\n');
    expect(shown([delta('loop_error', { ...error, is_terminal: false })])).toBe('No key.\n');
    expect(shown([delta('status', { message: 'Interrupted', level: 'warning' })])).toBe('Interrupted\n');
    const end = { type: 'turn_finished', turn_id: 't' };
    expect(shown([says('Cut'), { ...end, stop_reason: 'max_tokens_exceeded' }])).toMatch(
      /^Cut\nThe model stopped at its limit/,
    );
    expect(shown([says('Done'), { ...end, stop_reason: 'end_turn' }])).toBe('Done');
  });

  it('shows the words that began a turn when they had waited', () => {
    expect(
      shown([says('Before'), delta('user_message', { id: 'u', content: 'two\nlines', otid: 'cm' })]),
    ).toBe('Before\n› two\n  lines\n');
  });

  it('tells what waits in the queue, once, and what an abort has parked', () => {
    const one = { id: 'q-1', client_message_id: 'a', content: 'first' };
    const two = { id: 'q-2', client_message_id: 'b', content: [{ type: 'text', text: 'second' }] };
    expect(shown([queue(one), queue(one, two), queue(two), queue()])).toBe(
      'queued (1 waiting): first\nqueued (2 waiting): second\n',
    );
    expect(shown([queue({ ...one, paused: true })])).toContain('1 waiting, kept until you send something');
  });

  it('tells when mode or folder change, not what they are at first', () => {
    expect(shown([status('standard', '/a'), status('strict', '/a'), status('strict', '/b')])).toBe(
      'Permission mode: strict\nWorking folder: /b\n',
    );
  });

  it('says nothing of snapshots: they are no news', () => {
    const frames = [
      status('standard', '/a'),
      { ...status('strict', '/b'), snapshot: true },
      { ...queue({ id: 'q-1' }), snapshot: true },
    ];
    expect(shown(frames)).toBe('');
  });

  it('[SEC-6] lets no text of others touch the terminal', () => {
    const evil = '\x1b[2J\x1b]0;x\x07';
    const frames = [
      says(`a${evil}`),
      thinks(evil),
      calls('a', `B${evil}`, { command: `x${evil}` }),
      returns('a', `out${evil}`),
      delta('status', { message: evil, level: 'info' }),
      delta('loop_error', { message: evil, stop_reason: 'error', is_terminal: true }),
      delta('retry', { message: evil, reason: '', attempt: 1, max_attempts: 3, delay_ms: 0 }),
      delta('user_message', { content: evil }),
      status('standard', '/a'),
      status(evil, evil),
      queue({ id: 'q', content: evil }),
    ];
    expect(shown(frames)).not.toContain('\x1b');
    expect(shown(frames)).not.toContain('\x07');
  });

  it('passes over what it does not know, and over a subagent', () => {
    expect(
      shown([
        delta('something_new', { id: 'x' }),
        { type: 'file_ops' },
        { ...says('sub'), subagent_id: 's' },
      ]),
    ).toBe('');
  });

  it('puts lines of this program between, on lines of their own', () => {
    const { view } = showFrame(emptyView, says('Half'), plain);
    const told = showLines(view, ['Note.']);
    expect(told.text).toBe('\nNote.\n');
    expect(showFrame(told.view, says(' more'), plain).text).toBe(' more');
    expect(showLines(view, []).text).toBe('');
  });
});
