import type { Subject } from '../effects/subject.ts';
import type { Host } from '../host.ts';
import { projectInstructions } from './project-instructions.ts';
import { promptSections, readMemory, readSystem, type Section } from './sections.ts';

/** The system prompt of a conversation as its model reads it now. `model`: its handle, whose family has a wording of its own. */
export async function systemPromptOf(
  { scope, state }: Pick<Subject, 'scope' | 'state'>,
  host: Host,
  tools: readonly { readonly name: string }[],
  model: string,
): Promise<readonly Section[]> {
  const agent = scope.agent_id === null ? null : host.store.agent(scope.agent_id);
  const cwd = state.cwd === '' ? host.cwd : state.cwd;
  return promptSections({
    agentName: agent?.name ?? 'Farhand',
    model,
    system: readSystem(agent?.extra.system),
    tools,
    memory: readMemory(agent?.extra.memory_blocks),
    instructions: projectInstructions(cwd, host.home),
    deeper: await host.deeperInstructions(cwd),
    planning: state.planning,
    cwd,
    date: new Date(host.clock.now()).toISOString().slice(0, 10),
    os: `${process.platform} ${process.arch}`,
  });
}
