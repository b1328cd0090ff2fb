import { Draft } from './draft.ts';
import type { Fact } from './facts.ts';
import type { Env, Msg, Say } from './messages.ts';
import type { State } from './state.ts';
import { abort } from './steps/abort.ts';
import { judgeAgain } from './steps/calls.ts';
import { compactNow, hearCompaction, retryCompactionIfDue } from './steps/compaction.ts';
import { complain, configure, setCwd, setMode, setModel, tellStatus } from './steps/configure.ts';
import { decide } from './steps/decide.ts';
import { acceptInput } from './steps/input.ts';
import { hearModel, retryIfDue } from './steps/model.ts';
import { removeItem, resumeQueue } from './steps/queue.ts';
import { hearTask } from './steps/task.ts';
import { hearTool } from './steps/tool.ts';
import { proceed } from './steps/turn.ts';

export type Step = { readonly state: State; readonly facts: readonly Fact[]; readonly says: readonly Say[] };

/**
 * What a conversation makes of a message: facts for the log, and what to say. Pure: the same state, message and env give the same
 * step, and nothing happens until the host has made it durable.
 */
export function step(state: State, msg: Msg, env: Env): Step {
  const draft = new Draft(state, env);
  hear(draft, msg);
  proceed(draft);
  return { state: draft.state, facts: draft.facts, says: draft.says };
}

function hear(draft: Draft, msg: Msg): void {
  switch (msg.kind) {
    case 'command':
      return obey(draft, msg);
    case 'model':
      return hearModel(draft, msg.run, msg.report);
    case 'tool':
      return hearTool(draft, msg.call, msg.report);
    case 'gone':
      if (!draft.state.doomed.some((process) => process.pid === msg.pid)) return;
      return draft.fact({ kind: 'process_gone', v: 1, pid: msg.pid });
    case 'compaction':
      return hearCompaction(draft, msg.id, msg.report);
    case 'task':
      return hearTask(draft, msg.task, msg.report);
    case 'judged':
      return judgeAgain(draft, msg.calls);
    case 'tick':
      retryIfDue(draft);
      return retryCompactionIfDue(draft);
  }
}

function obey(draft: Draft, { command, by }: Extract<Msg, { kind: 'command' }>): void {
  switch (command.do) {
    case 'input':
      return acceptInput(draft, command, by);
    case 'decide':
      return decide(draft, command, by);
    case 'abort':
      return abort(draft, command);
    case 'set_mode':
      return setMode(draft, command.mode);
    case 'configure':
      return configure(draft, command);
    case 'set_cwd':
      return setCwd(draft, command);
    case 'set_model':
      return setModel(draft, command);
    case 'compact':
      return compactNow(draft);
    case 'tell_status':
      return tellStatus(draft);
    case 'tell_problem':
      return complain(draft, command.message);
    case 'resume_queue':
      return resumeQueue(draft);
    case 'remove_queue_item':
      return removeItem(draft, command.id);
  }
}
