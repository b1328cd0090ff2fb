import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import { emptyTranscript, fold, type Transcript, withGap, withSent } from './index.ts';

const delta = (message_type: string, fields: object): Frame => ({
  type: 'stream_delta',
  delta: { message_type, ...fields },
});
const assistant = (id: string, content: unknown) =>
  delta('assistant_message', { id, content, run_id: 'run-1' });
const reasoning = (id: string, text: string) =>
  delta('reasoning_message', { id, reasoning: text, run_id: 'run-1' });
const call = (id: string, args: string, name?: string) =>
  delta('approval_request_message', {
    id: 'message-1',
    tool_call: { tool_call_id: id, arguments: args, ...(name && { name }) },
  });
const returns = (id: string, kind: string, text: string, status = 'success') =>
  delta('tool_return_message', { id: `${kind}-${id}`, tool_call_id: id, status, tool_return: text });
const PROGRESS = 'synthetic-tool-return-stream';
const FINAL = 'synthetic-tool-return';

const folded = (frames: readonly Frame[], from: Transcript = emptyTranscript) => frames.reduce(fold, from);
const items = (...frames: Frame[]) => folded(frames).items;

describe('messages', () => {
  it('grow by what is appended, each kind and id for itself', () => {
    expect(
      items(
        reasoning('m', 'hm'),
        assistant('m', 'Hel'),
        reasoning('m', 'm'),
        assistant('n', 'Bye'),
        assistant('m', 'lo'),
      ),
    ).toEqual([
      { kind: 'reasoning', id: 'm', run: 'run-1', text: 'hmm' },
      { kind: 'assistant', id: 'm', run: 'run-1', text: 'Hello' },
      { kind: 'assistant', id: 'n', run: 'run-1', text: 'Bye' },
    ]);
  });

  it('may come in parts', () => {
    expect(
      items(assistant('m', [{ type: 'text', text: 'a' }, { type: 'image' }, { type: 'text', text: 'b' }])),
    ).toMatchObject([{ text: 'ab' }]);
  });

  it('that a retry makes void go, and only those', () => {
    const retry = delta('retry', { id: 'l', message: 'again', voided_message_ids: ['m'] });
    expect(
      items(
        assistant('k', 'kept'),
        reasoning('m', 'hm'),
        assistant('m', 'lost'),
        retry,
        assistant('n', 'new'),
      ),
    ).toMatchObject([{ id: 'k' }, { kind: 'notice', level: 'warning', text: 'again' }, { id: 'n' }]);
  });

  it('of a subagent are not part of it', () => {
    expect(items({ ...assistant('m', 'x'), subagent_id: 'sub' })).toEqual([]);
  });

  it('that this client sent are shown once, also when the device repeats them', () => {
    const sent = withSent(emptyTranscript, { client_message_id: 'cm-1', content: 'hello' });
    expect(withSent(sent, { client_message_id: 'cm-1', content: 'hello' })).toBe(sent);
    const echo = delta('user_message', { id: 'user-msg-1', otid: 'cm-1', content: 'hello' });
    const other = delta('user_message', { id: 'user-msg-2', content: 'another' });
    expect(folded([echo, other, other], sent).items).toEqual([
      { kind: 'user', id: 'user-msg-1', otid: 'cm-1', content: 'hello' },
      { kind: 'user', id: 'user-msg-2', otid: null, content: 'another' },
    ]);
  });
});

describe('a tool call', () => {
  it('shows its arguments as they come, its run, its progress and its result', () => {
    const begun = [call('c', '{"a"', 'Bash'), call('c', ':1}')];
    expect(items(...begun)).toEqual([
      {
        kind: 'call',
        id: 'c',
        message: 'message-1',
        run: null,
        name: 'Bash',
        args: '{"a":1}',
        status: 'requested',
        output: null,
      },
    ]);
    const running = [
      ...begun,
      delta('client_tool_start', { tool_call_id: 'c', tool_args: '{"a":2}' }),
      returns('c', PROGRESS, 'so far'),
    ];
    expect(items(...running)).toMatchObject([{ args: '{"a":2}', status: 'running', output: 'so far' }]);
    const ended = [
      ...running,
      delta('client_tool_end', { tool_call_id: 'c', status: 'error' }),
      returns('c', FINAL, 'all of it', 'error'),
    ];
    expect(items(...ended)).toMatchObject([{ status: 'error', output: 'all of it' }]);
  });

  it('of several in one message is told apart', () => {
    const both = delta('tool_call_message', {
      id: 'm',
      tool_calls: [
        { tool_call_id: 'a', name: 'A' },
        { tool_call_id: 'b', name: 'B' },
      ],
    });
    const back = delta('tool_return_message', {
      id: 'r',
      tool_returns: [{ tool_call_id: 'b', status: 'success', tool_return: 'done' }],
    });
    expect(items(both, back)).toMatchObject([
      { id: 'a', status: 'requested' },
      { id: 'b', status: 'success', output: 'done' },
    ]);
  });

  it('that was never shown changes nothing', () => {
    expect(folded([returns('x', FINAL, 'y')])).toBe(emptyTranscript);
  });
});

describe('the state', () => {
  const request = (id: string) => ({
    request_id: id,
    request: { tool_name: 'Bash' },
    input_hash: `hash-${id}`,
  });
  const status = (fields: object): Frame => ({ type: 'update_device_status', device_status: fields });

  it('is what the last status, queue and device status say', () => {
    const waiting_for = { kind: 'model', since: 1, detail: 'no answer yet' };
    expect(
      folded([
        {
          type: 'update_loop_status',
          loop_status: { status: 'PROCESSING_API_RESPONSE', active_run_ids: [], waiting_for },
        },
        { type: 'update_queue', queue: [{ id: 'q-1' }] },
        status({ current_permission_mode: 'strict', current_working_directory: '/x' }),
        status({ current_working_directory: null }),
      ]),
    ).toMatchObject({
      loop: { status: 'PROCESSING_API_RESPONSE', waiting_for },
      queue: [{ id: 'q-1' }],
      mode: 'strict',
      cwd: '/x',
    });
  });

  it('has every tool request that waits, the one that is asked first', () => {
    const asked = folded([{ type: 'control_request', ...request('a') }]);
    expect(asked.approvals).toEqual([
      { request_id: 'a', request: { tool_name: 'Bash' }, input_hash: 'hash-a' },
    ]);
    const both = folded([status({ pending_control_requests: [request('a'), request('b')] })], asked);
    expect(both.approvals.map((one) => one.request_id)).toEqual(['a', 'b']);
    expect(
      folded([{ type: 'control_request', ...request('b') }], both).approvals.map((one) => one.request_id),
    ).toEqual(['b', 'a']);
    expect(folded([status({})], both).approvals).toHaveLength(2);
    expect(folded([status({ pending_control_requests: [] })], both).approvals).toEqual([]);
    expect(
      folded([{ type: 'turn_finished', turn_id: 't', stop_reason: 'cancelled' }], both).approvals,
    ).toEqual([]);
  });

  it('knows how the last turn ended', () => {
    expect(
      folded([{ type: 'turn_finished', turn_id: 't', stop_reason: 'error', error: 'why' }]).lastTurn,
    ).toEqual({
      turn_id: 't',
      stop_reason: 'error',
      error: 'why',
    });
  });

  it('has notices and gaps where they belong', () => {
    const shown = [
      delta('status', { id: 'a', message: 'Interrupted', level: 'warning' }),
      delta('loop_error', { id: 'b', message: 'bad', stop_reason: 'error', is_terminal: true }),
    ];
    expect(withGap(folded(shown), { from: 3, to: 5 }).items).toEqual([
      { kind: 'notice', id: 'a', level: 'warning', text: 'Interrupted' },
      { kind: 'notice', id: 'b', level: 'error', text: 'bad' },
      { kind: 'gap', id: 'gap-3', from: 3, to: 5 },
    ]);
  });

  it('does not change for what shows nothing', () => {
    const before = folded([assistant('m', 'x')]);
    const silent: Frame[] = [
      { type: 'file_ops', path: '/x' },
      delta('usage_statistics', { prompt_tokens: 1 }),
      delta('of_the_future', {}),
      { type: 'stream_delta' },
    ];
    for (const frame of silent) expect(fold(before, frame)).toBe(before);
  });
});
