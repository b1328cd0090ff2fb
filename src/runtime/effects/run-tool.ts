import { createHash } from 'node:crypto';
import type { Doomed } from '../../core/facts.ts';
import type { Msg } from '../../core/messages.ts';
import type { Effect } from '../../core/plan.ts';
import type { Call } from '../../core/state.ts';
import { scopeKey } from '../../protocol/shapes.ts';
import type { ScopeId } from '../../store/store.ts';
import { settingsOf } from '../commands/runtime-start-settings.ts';
import type { Host } from '../host.ts';
import { lookAt } from '../tools/file-change.ts';
import { killSurvivors } from '../tools/process-tree.ts';
import type { Prepared, Problem, ToolContext } from '../tools/tool.ts';
import { noLongerAllowed } from './still-allowed.ts';
import type { Subject } from './subject.ts';
import { turnTools } from './turn-tools.ts';

/** Two providers may give two conversations the same call id: processes and files are marked with one that is unique on the device. */
const callKey = (scope: ScopeId, callId: string): string =>
  createHash('sha256')
    .update(`${scopeKey(scope)} ${callId}`)
    .digest('hex')
    .slice(0, 32);

export const toolContext = (conversation: Subject, host: Host, callId: string): ToolContext => ({
  toolCallId: callId,
  callId: callKey(conversation.scope, callId),
  cwd: conversation.state.cwd,
  scratch: host.scratch,
  denied: host.denied,
  readable: host.readable,
  plans: host.plans,
  planFile: conversation.state.planning,
  search: host.search(),
  env: host.toolEnv,
  tasks: conversation.tasks,
  seen: conversation.seen,
  confine: host.sandbox.confine({
    key: scopeKey(conversation.scope),
    mode: conversation.state.mode,
    cwd: conversation.state.cwd,
    workspace: settingsOf(host.store, conversation.scope).workspace_sandbox ?? null,
  }),
});

export async function prepareTool(
  conversation: Subject,
  host: Host,
  call: Call,
): Promise<Prepared | Problem> {
  const tool = turnTools(conversation, host).find((one) => one.name === call.name);
  if (!tool) return { problem: `The tool ${call.name} is no longer here.` };
  const input = { ...(call.edited ?? call.input) };
  const problem = tool.check(input);
  if (problem !== null) return { problem };
  const context = toolContext(conversation, host, call.id);
  const changed = await noLongerAllowed(conversation, host, call, tool, context);
  if (changed === null) return tool.prepare(input, context);
  return { problem: `${call.name} was allowed and was not run, because it is not any more: ${changed}` };
}

export async function runTool(
  { tasks }: Subject,
  call: Call,
  prepared: Prepared,
  report: (msg: Msg) => void,
): Promise<void> {
  const tell = (body: Extract<Msg, { kind: 'tool' }>['report']) =>
    report({ kind: 'tool', call: call.id, report: body });
  const result = await prepared.run((text) => tell({ kind: 'progress', text }));
  const { wrote = [], indeterminate = false, ...rest } = result;
  tell({ kind: 'finished', ...rest, wrote, indeterminate });
  if (result.task) tasks.begun(result.task.id);
}

/** What can be said of a call whose runtime died: its survivors are killed first, then the disk is looked at (TOOL-4). */
export async function lookAtLost(
  scope: ScopeId,
  { call, mark }: Extract<Effect, { do: 'tool' }>,
): Promise<'done' | 'absent' | 'unknown'> {
  if (call.process) await killSurvivors(call.process, callKey(scope, call.id));
  return mark ? lookAt(mark) : 'unknown';
}

/** Resolves with the pids that could not be killed: what runs as another user. */
export const killDoomed = (scope: ScopeId, process: Doomed): Promise<readonly number[]> =>
  killSurvivors(process, callKey(scope, process.call));
