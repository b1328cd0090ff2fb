import type { Doomed } from '../../core/facts.ts';
import type { Msg } from '../../core/messages.ts';
import type { Effect } from '../../core/plan.ts';
import type { Call } from '../../core/state.ts';
import type { Conversation } from '../conversation.ts';
import type { Host } from '../host.ts';
import { lookAt } from '../tools/file-change.ts';
import { killSurvivors } from '../tools/process-tree.ts';
import type { Prepared, Problem, ToolContext } from '../tools/tool.ts';

export const toolContext = (conversation: Conversation, host: Host, callId: string): ToolContext => ({
  callId,
  cwd: conversation.state.cwd || host.cwd,
  scratch: host.scratch,
  denied: host.denied,
  env: host.toolEnv,
});

export async function prepareTool(
  conversation: Conversation,
  host: Host,
  call: Call,
): Promise<Prepared | Problem> {
  const tool = host.tools.find((one) => one.name === call.name);
  if (!tool) return { problem: `The tool ${call.name} is no longer here.` };
  const input = { ...(call.edited ?? call.input) };
  const problem = tool.check(input);
  return problem === null ? tool.prepare(input, toolContext(conversation, host, call.id)) : { problem };
}

export async function runTool(call: Call, prepared: Prepared, report: (msg: Msg) => void): Promise<void> {
  const tell = (body: Extract<Msg, { kind: 'tool' }>['report']) =>
    report({ kind: 'tool', call: call.id, report: body });
  const result = await prepared.run((text) => tell({ kind: 'progress', text }));
  tell({ kind: 'finished', status: result.status, text: result.text, wrote: result.wrote ?? [] });
}

/** What can be said of a call whose runtime died: its survivors are killed first, then the disk is looked at (TOOL-4). */
export async function lookAtLost({
  call,
  mark,
}: Extract<Effect, { do: 'tool' }>): Promise<'done' | 'absent' | 'unknown'> {
  if (call.process) await killSurvivors(call.process, call.id);
  return mark ? lookAt(mark) : 'unknown';
}

export async function killDoomed(process: Doomed): Promise<void> {
  await killSurvivors(process, process.call);
}
