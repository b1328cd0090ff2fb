import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TaskList } from '../src/runtime/tasks/task-list.ts';
import type { Prepared, Tool, ToolContext, ToolResult } from '../src/runtime/tools/tool.ts';

/** What a tool gets of a conversation whose folders lie below `folder`. Each call has an id of its own. */
export function toolContexts(folder: string): () => ToolContext {
  const [cwd, scratch, home, plans] = ['project', 'scratch', 'home', 'plans'].map((name) =>
    join(folder, name),
  );
  if (!cwd || !scratch || !home || !plans) throw new Error('internal: a folder has no name');
  for (const one of [cwd, scratch, home, plans]) mkdirSync(one, { recursive: true });
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: folder };
  let calls = 0;
  return () => {
    calls += 1;
    const callId = `call-${calls}`;
    return {
      toolCallId: callId,
      callId,
      cwd,
      scratch,
      denied: [home],
      readable: [scratch, plans],
      plans,
      planFile: null,
      search: null,
      env,
      tasks: new TaskList(() => undefined),
      seen: new Map(),
    };
  };
}

/** Prepares and runs a call. Throws when it does not succeed. */
export async function mustCall(
  tool: Tool,
  input: Record<string, unknown>,
  context: ToolContext,
): Promise<ToolResult> {
  const prepared: Prepared | { readonly problem: string } = await tool.prepare(input, context);
  if ('problem' in prepared) throw new Error(prepared.problem);
  const result = await prepared.run(() => undefined);
  if (result.status === 'error') throw new Error(`${tool.name} failed: ${result.text}`);
  return result;
}
