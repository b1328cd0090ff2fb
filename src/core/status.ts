import type { LoopStatusName } from '../protocol/shapes.ts';
import type { Suggestion, Task } from './facts.ts';
import type { DeviceView } from './messages.ts';
import { rulingOf } from './permission.ts';
import type { Call, State } from './state.ts';

/** The call that a person is asked about; one at a time per conversation. */
export const askedCall = (state: State): Call | null =>
  state.turn?.calls.find((call) => call.status === 'asked') ?? null;

export const requestIdOf = (call: Call): string => `perm-${call.id}`;

/** What is shown for a decision (`control_request.request`). */
export const requestOf = (call: Call, { mode, planning }: Pick<State, 'mode' | 'planning'>) => ({
  subtype: 'can_use_tool' as const,
  tool_name: call.name,
  input: call.input,
  tool_call_id: call.id,
  permission_suggestions: offeredFor(call, { mode }).map(({ id, text }) => ({ id, text })),
  reason: rulingOf(call.rulings, mode, planning !== null).reason,
  blocked_path: null,
  ...(call.diffs && { diffs: [...call.diffs] }),
});

/** What may be remembered of a decision about it (PERM-6); in `strict` no rule allows anything. */
export const offeredFor = (call: Call, { mode }: Pick<State, 'mode'>): readonly Suggestion[] =>
  mode === 'strict' ? [] : call.suggestions;

/** Every call of the turn that still needs a person, the one asked now first. */
export function pendingCalls(state: State): readonly Call[] {
  const asked = askedCall(state);
  if (!asked) return [];
  const undecided = state.turn?.calls.filter((call) => call.allowed === null && call !== asked) ?? [];
  return [asked, ...undecided];
}

export const pendingRequests = (state: State) =>
  pendingCalls(state).map((call) => ({
    request_id: requestIdOf(call),
    request: requestOf(call, state),
    input_hash: call.input_hash,
  }));

function statusName(state: State): LoopStatusName {
  const { turn, compaction } = state;
  if (compaction) return compaction.retryAt === null ? 'WAITING_FOR_API_RESPONSE' : 'RETRYING_API_REQUEST';
  if (!turn) return 'WAITING_ON_INPUT';
  if (turn.run?.retryAt != null) return 'RETRYING_API_REQUEST';
  if (turn.run) return turn.run.streaming ? 'PROCESSING_API_RESPONSE' : 'WAITING_FOR_API_RESPONSE';
  return askedCall(state) ? 'WAITING_ON_APPROVAL' : 'EXECUTING_CLIENT_SIDE_TOOL';
}

const openCalls = (state: State): readonly Call[] =>
  state.turn?.calls.filter((call) => call.allowed && call.status !== 'settled') ?? [];

/** What the turn waits for, in words a person can be shown; null between two of its moments. */
function waitingFor(state: State) {
  const asked = askedCall(state);
  if (asked) return { kind: 'approval', since: asked.since, detail: asked.name };
  const { compaction } = state;
  if (compaction) return { kind: 'model', since: compaction.at, detail: 'summarising the conversation' };
  const run = state.turn?.run;
  if (run) {
    const answer = run.streaming ? 'answering' : 'no answer yet';
    return { kind: 'model', since: run.at, detail: run.retryAt === null ? answer : 'next attempt' };
  }
  const open = openCalls(state);
  if (open.length === 0) return null;
  const running = open.filter((call) => call.status === 'running');
  const awaited = running.length > 0 ? running : open;
  const since = Math.min(...awaited.map((call) => call.since));
  return { kind: 'tool', since, detail: awaited.map((call) => call.name).join(', ') };
}

/** `loop_status` as it is, or as the named moment of the step. */
export function loopStatus(state: State, moment?: LoopStatusName) {
  const status = moment ?? statusName(state);
  const run = state.turn?.run?.id ?? state.turn?.runs.at(-1);
  const waiting = status === 'WAITING_ON_INPUT' ? null : waitingFor(state);
  const known = state.runs.find(([id]) => id === run);
  return {
    status,
    active_run_ids: run ? [run] : [],
    executing_tool_call_ids:
      status === 'EXECUTING_CLIENT_SIDE_TOOL' ? openCalls(state).map((call) => call.id) : [],
    ...(known && { client_message_ids_by_run_id: { [known[0]]: known[1] } }),
    ...(waiting && { waiting_for: waiting }),
  };
}

export const queueSnapshot = (state: State) =>
  state.queue.map((item) => ({
    id: item.id,
    client_message_id: item.client_message_id,
    kind: item.kind ?? ('message' as const),
    source: item.kind ?? ('user' as const),
    content: item.messages.find((message) => message.content !== undefined)?.content ?? '',
    enqueued_at: new Date(item.at).toISOString(),
    ...(item.paused && { paused: true as const }),
  }));

/** In the shape that stock clients know (protocol reference 4.1.1). */
function backgroundProcess({ id, kind, title, at }: Task) {
  const common = { process_id: id, status: 'running', started_at_ms: at };
  if (kind === 'command') return { ...common, kind: 'bash', command: title, exit_code: null };
  return { ...common, kind: 'monitor', description: title, source: 'command', persistent: false };
}

export const deviceStatus = (state: State, device: DeviceView) => ({
  current_connection_id: device.connection_id,
  connection_name: device.connection_name,
  is_online: true,
  is_processing: state.turn !== null || state.compaction !== null,
  current_permission_mode: state.mode,
  current_working_directory: state.cwd,
  cwd_revision: state.cwdRevision,
  git_context: device.git_context,
  letta_code_version: device.version,
  current_toolset: 'default',
  current_toolset_preference: 'auto',
  current_loaded_tools: device.tools,
  current_available_skills: [],
  background_processes: state.tasks.toReversed().map(backgroundProcess),
  pending_control_requests: pendingRequests(state),
  experiments: [],
  memory_directory: null,
  reflection_settings: null,
  supported_commands: device.supported_commands,
  ...(device.sandbox && { sandbox: device.sandbox }),
});
