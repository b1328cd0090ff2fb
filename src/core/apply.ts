import type { Fact, FactOf } from './facts.ts';
import type { Call, Run, State, Turn } from './state.ts';

/** Version of this fold: a checkpoint made by another one is folded again from the facts. */
export const applyVersion = 3;
const runsKept = 32;

/** The only place where a conversation's state changes. */
export function apply(state: State, fact: Fact): State {
  switch (fact.kind) {
    case 'created':
      return {
        ...state,
        agent_id: fact.agent_id,
        conversation_id: fact.conversation_id,
        cwd: fact.cwd,
        mode: fact.mode,
      };
    case 'mode_set':
      return { ...state, mode: fact.mode };
    case 'cwd_set':
      return { ...state, cwd: fact.cwd, cwdRevision: state.cwdRevision + 1 };
    case 'model_set':
      return { ...state, model: fact.model, ...(fact.effort !== undefined && { effort: fact.effort }) };
    case 'planning_began':
      return { ...state, planning: fact.file };
    case 'planning_ended':
      return { ...state, planning: null };
    case 'task_started':
      return { ...state, tasks: [...state.tasks, fact.task] };
    case 'task_ended': {
      const task = state.tasks.find(({ id }) => id === fact.task);
      const tasks = state.tasks.filter((one) => one !== task);
      const doomed =
        task && fact.lost ? [...state.doomed, { ...task.process, call: task.call }] : state.doomed;
      return { ...state, tasks, doomed };
    }
    case 'compaction_started': {
      const { id, cause, attempt, at } = fact;
      const failures = state.compaction?.failures ?? 0;
      const compaction = { id, cause, attempt, failures, retryAt: null, at };
      const overflowed = cause === 'overflow' || (state.turn?.overflowed ?? false);
      return withTurn({ ...state, compaction }, (turn) => ({ ...turn, run: null, overflowed }));
    }
    case 'compaction_failed': {
      const { compaction } = state;
      if (!compaction || fact.retryAt === null) return { ...state, compaction: null };
      const failures = compaction.failures + (fact.counts ? 1 : 0);
      return { ...state, compaction: { ...compaction, failures, retryAt: fact.retryAt } };
    }
    case 'compacted':
      return { ...state, compaction: null, context: null };
    case 'cwd_refused':
      return { ...state, cwdRevision: state.cwdRevision + 1 };
    case 'input_accepted':
      return { ...state, queue: [...state.queue, fact.item], nextItem: state.nextItem + 1 };
    case 'queue_paused':
      return { ...state, queue: state.queue.map((item) => ({ ...item, paused: true as const })) };
    case 'queue_resumed':
      return { ...state, queue: state.queue.map(({ paused: _, ...item }) => item) };
    case 'input_removed':
      return { ...state, queue: state.queue.filter((item) => item.id !== fact.id) };
    case 'turn_started':
      return startTurn(state, fact);
    case 'inputs_merged':
      return takeInputs(state, fact.inputs);
    case 'model_started':
      return startModel(state, fact);
    case 'turn_finished': {
      const interrupted = fact.stop_reason === 'cancelled';
      return { ...state, turn: null, interrupted };
    }
    case 'model_finished': {
      const { usage, window = null } = fact;
      const context = usage ? { tokens: usage.total_tokens, window } : null;
      return withTurn({ ...state, context }, (turn) => ({ ...turn, run: null, overflowed: false }));
    }
    case 'process_gone':
      return { ...state, doomed: state.doomed.filter((process) => process.pid !== fact.pid) };
    case 'tool_finished':
    case 'tool_lost': {
      const process = state.turn?.calls.find((call) => call.id === fact.call)?.process;
      // A call that ended by itself has left nothing behind; one that was cut off may have.
      const cutOff = fact.kind === 'tool_lost' || fact.indeterminate;
      const doomed = process && cutOff ? [...state.doomed, { ...process, call: fact.call }] : state.doomed;
      return withTurn({ ...state, doomed }, (turn) => withCall(turn, fact.call, settleOrReset(fact)));
    }
    default:
      return withTurn(state, (turn) => applyToTurn(turn, fact));
  }
}

type TurnFact = FactOf<
  | 'text'
  | 'message'
  | 'call'
  | 'model_failed'
  | 'call_judged'
  | 'call_asked'
  | 'call_decided'
  | 'tool_started'
>;

function applyToTurn(turn: Turn, fact: TurnFact): Turn {
  switch (fact.kind) {
    case 'text':
      return withRun(turn, (run) => ({ ...run, streaming: true, messages: appendText(run.messages, fact) }));
    case 'message':
      return withRun(turn, (run) => ({
        ...run,
        messages: run.messages.filter((message) => message.id !== fact.id),
      }));
    case 'call': {
      const call: Call = { ...fact.call, run: fact.run, status: 'waiting', since: fact.at, ...undecided };
      return { ...turn, calls: [...turn.calls, call] };
    }
    case 'call_judged':
      return withCall(turn, fact.call, (call) => ({
        ...call,
        rulings: fact.rulings,
        suggestions: fact.suggestions,
      }));
    case 'model_failed':
      return withRun(turn, (run) => ({
        ...run,
        streaming: false,
        messages: [],
        failures: run.failures + (fact.counts ? 1 : 0),
        retryAt: fact.retryAt,
      }));
    case 'call_asked':
      return withCall(turn, fact.call, (call) => ({ ...call, status: 'asked', since: fact.at }));
    case 'call_decided':
      return withCall(turn, fact.call, (call) => ({
        ...call,
        status: 'waiting',
        allowed: fact.allow,
        reason: fact.reason,
        edited: fact.input,
      }));
    case 'tool_started':
      return withCall(turn, fact.call, (call) => ({
        ...call,
        status: 'running',
        since: fact.at,
        process: fact.process,
        mark: fact.mark,
      }));
  }
}

const undecided = {
  allowed: null,
  reason: null,
  edited: null,
  process: null,
  mark: null,
} as const;

const settleOrReset = (fact: FactOf<'tool_finished' | 'tool_lost'>) => (call: Call) => ({
  ...call,
  status: fact.kind === 'tool_finished' ? ('settled' as const) : ('waiting' as const),
  process: null,
  mark: null,
});

function startTurn(state: State, fact: FactOf<'turn_started'>): State {
  const turn: Turn = {
    id: fact.turn,
    inputs: [],
    run: null,
    runs: [],
    calls: [],
    steps: 0,
    overflowed: false,
    at: fact.at,
  };
  return takeInputs({ ...state, turn, interrupted: false }, fact.inputs);
}

function takeInputs(state: State, ids: readonly string[]): State {
  const taken = state.queue.filter((item) => ids.includes(item.id));
  const queue = state.queue.filter((item) => !ids.includes(item.id));
  return withTurn({ ...state, queue }, (turn) => ({ ...turn, inputs: [...turn.inputs, ...taken] }));
}

function startModel(state: State, fact: FactOf<'model_started'>): State {
  if (!state.turn) return state;
  const retry = state.turn.run;
  const run: Run = {
    id: fact.run,
    attempt: fact.attempt,
    failures: retry?.failures ?? 0,
    streaming: false,
    messages: [],
    retryAt: null,
    at: fact.at,
  };
  const clientMessageIds = state.turn.inputs.map((item) => item.client_message_id);
  const turn: Turn = {
    ...state.turn,
    run,
    runs: [...state.turn.runs, fact.run],
    calls: [],
    steps: state.turn.steps + (retry ? 0 : 1),
  };
  return { ...state, turn, runs: [...state.runs, [fact.run, clientMessageIds] as const].slice(-runsKept) };
}

function appendText(messages: Run['messages'], fact: FactOf<'text'>): Run['messages'] {
  if (messages.some((message) => message.id === fact.message)) {
    return messages.map((message) =>
      message.id === fact.message ? { ...message, text: message.text + fact.text } : message,
    );
  }
  return [...messages, { id: fact.message, field: fact.field, text: fact.text }];
}

const withTurn = (state: State, change: (turn: Turn) => Turn): State =>
  state.turn ? { ...state, turn: change(state.turn) } : state;
const withRun = (turn: Turn, change: (run: Run) => Run): Turn =>
  turn.run ? { ...turn, run: change(turn.run) } : turn;
const withCall = (turn: Turn, id: string, change: (call: Call) => Call): Turn => ({
  ...turn,
  calls: turn.calls.map((call) => (call.id === id ? change(call) : call)),
});
