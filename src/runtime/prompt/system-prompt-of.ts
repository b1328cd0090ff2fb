import type { Subject } from '../effects/subject.ts';
import type { Host } from '../host.ts';
import { systemPrompt } from '../models/context.ts';
import type { Tool } from '../tools/tool.ts';

/** The system prompt of a conversation as its model reads it now. `handle`: the model's, whose family has a wording of its own. */
export async function systemPromptOf(
  { scope, state }: Subject,
  host: Host,
  tools: readonly Tool[],
  _handle: string,
): Promise<string> {
  const agent = scope.agent_id === null ? null : host.store.agent(scope.agent_id);
  return systemPrompt({
    cwd: state.cwd,
    agentName: agent?.name ?? 'Farhand',
    date: new Date(host.clock.now()).toISOString().slice(0, 10),
    os: `${process.platform} ${process.arch}`,
    tools,
  });
}
