import { diffArrays } from 'diff';
import type { Frame } from '../protocol/frames.ts';
import { type Fields, fields, list } from './loose.ts';

/** Reads frames in the order in which a client got them; one line for each that says something new. */
export type GoldenReader = (frames: readonly Frame[]) => string[];

/**
 * Normalises what a device told about one conversation, so that the order of two programs can be compared. Ids of calls and of client
 * messages become `call-1` and `cm-1` in the order in which they appear; run ids, times and texts are left out. Dropped are a loop
 * status, device status or queue that repeats the last one of its kind, and text or progress that continues the line before. What is
 * last and what ids are known carries over from one reading to the next.
 */
export function goldenReader(): GoldenReader {
  const names: Names = { call: namer('call'), message: namer('cm') };
  const lastState = new Map<string, string>();
  let previous = '';
  return (frames) => {
    const lines: string[] = [];
    for (const frame of frames) {
      const { line, state, continues } = describe(frame, names);
      const repeats = state !== undefined && lastState.get(frame.type) === state;
      if (state !== undefined) lastState.set(frame.type, state);
      if (repeats && line === state) continue;
      if (continues && line === previous) continue;
      lines.push(line);
      previous = line;
    }
    return lines;
  };
}

export const goldenLines = (frames: readonly Frame[]): string[] => goldenReader()(frames);

/** What has to change in the one order to get the other: `- line` only the first has, `+ line` only the second. */
export const differences = (stock: readonly string[], ours: readonly string[]): string[] =>
  diffArrays([...stock], [...ours]).flatMap(({ value, added, removed }) => {
    if (!added && !removed) return [];
    return value.map((line) => `${added ? '+' : '-'} ${line}`);
  });

type Names = { readonly call: (id: unknown) => string; readonly message: (id: unknown) => string };
/** `state`: the part of the line that is a repetition when it equals the last one of its type. */
type Described = { readonly line: string; readonly state?: string; readonly continues?: boolean };

function describe(frame: Frame, names: Names): Described {
  switch (frame.type) {
    case 'update_loop_status': {
      const status = fields(frame.loop_status);
      return unlessRepeated(
        `L ${join(status.status, ...list(status.executing_tool_call_ids).map(names.call))}`,
      );
    }
    case 'update_device_status': {
      const status = fields(frame.device_status);
      const pending = list(status.pending_control_requests).map((one) =>
        names.call(fields(fields(one).request).tool_call_id),
      );
      const busy = status.is_processing ? 'busy' : 'idle';
      return unlessRepeated(`D ${join(busy, status.current_permission_mode, ...pending)}`);
    }
    case 'update_queue': {
      const items = list(frame.queue).map(fields);
      const state = `Q ${items.map((item) => names.message(item.client_message_id) + (item.paused ? ' paused' : '')).join(', ')}`;
      const left = list(frame.removed)
        .map(fields)
        .map((item) => ` ${item.disposition}:${names.message(item.client_message_id)}`);
      return { line: state.trimEnd() + left.join(''), state: state.trimEnd() };
    }
    case 'stream_delta':
      return describeDelta(fields(frame.delta), names);
    case 'control_request':
      return { line: `control_request ${names.call(fields(frame.request).tool_call_id)}` };
    case 'turn_finished':
      return { line: `turn_finished ${frame.stop_reason}` };
    case 'input_accepted':
      return { line: join(frame.type, frame.accepted, frame.disposition) };
    case 'abort_message_response':
      return { line: join(frame.type, frame.aborted) };
    case 'resume_queue_response':
      return { line: join(frame.type, frame.resumed) };
    case 'remove_queue_item_response':
      return { line: join(frame.type, frame.success) };
    default:
      return { line: frame.type };
  }
}

function describeDelta(delta: Fields, names: Names): Described {
  const type = `S ${delta.message_type}`;
  const call = (id: unknown, ...more: unknown[]) => join(type, names.call(id), ...more);
  const calls = (ids: unknown) => list(ids).map(names.call).join(',') || '-';
  switch (delta.message_type) {
    case 'assistant_message':
    case 'reasoning_message':
      return { line: type, continues: true };
    case 'user_message':
      return { line: join(type, names.message(delta.otid)) };
    case 'approval_request_message':
      return { line: call(fields(delta.tool_call).tool_call_id) };
    case 'approval_classification_end': {
      const { auto_allowed_tool_call_ids, auto_denied_tool_call_ids, user_input_tool_call_ids } = delta;
      const sorted = [auto_allowed_tool_call_ids, auto_denied_tool_call_ids, user_input_tool_call_ids];
      return { line: join(type, ...sorted.map(calls)) };
    }
    case 'client_tool_start':
      return { line: call(delta.tool_call_id) };
    case 'client_tool_end':
      return { line: call(delta.tool_call_id, delta.status) };
    case 'tool_return_message': {
      const progress = String(delta.id).startsWith('synthetic-tool-return-stream-');
      return { line: call(delta.tool_call_id, progress ? 'progress' : delta.status), continues: progress };
    }
    case 'stop_reason':
      return { line: join(type, delta.stop_reason) };
    case 'status':
      return { line: join(type, delta.level) };
    case 'loop_error':
      return { line: join(type, delta.stop_reason, delta.is_terminal ? 'terminal' : 'passing') };
    case 'retry':
      return { line: join(type, delta.reason, delta.attempt) };
    default:
      return { line: type };
  }
}

const unlessRepeated = (line: string): Described => ({ line, state: line });

function namer(prefix: string): (id: unknown) => string {
  const known = new Map<unknown, string>();
  return (id) => {
    const name = known.get(id) ?? `${prefix}-${known.size + 1}`;
    known.set(id, name);
    return name;
  };
}

const join = (...parts: unknown[]): string => parts.filter((part) => part !== undefined).join(' ');
