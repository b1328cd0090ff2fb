import { modes } from '../../protocol/modes.ts';
import { createRules } from '../../runtime/rules/rules.ts';
import { TaskList } from '../../runtime/tasks/task-list.ts';
import { toolEnvironment } from '../../runtime/tool-environment.ts';
import { findTool, tools } from '../../runtime/tools/index.ts';
import type { Deed, Tool, ToolContext } from '../../runtime/tools/tool.ts';
import { columns } from '../program/help.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Misuse, misuse, type Outcome } from '../program/outcome.ts';
import { oneLine, printable } from '../show/printable.ts';
import { type Ground, groundOf } from './rules.ts';

type Asked = { readonly tool: string; readonly input: string; readonly json?: boolean | undefined };

/** What would be decided about a call here, without making it. */
export async function explain(asked: Asked, io: Io): Promise<Outcome> {
  const ground = groundOf(io);
  if (isProblem(ground)) return ground;
  const call = await callOf(asked, ground, io);
  if ('code' in call) return call;
  const { rulings, suggestions } = createRules(ground).judge(call.rule, call.deeds, io.cwd);
  const columnsOf = [...modes, 'plan'] as const;
  if (asked.json) {
    const deeds = call.deeds.map(({ reach, subject }) => ({ reach, subject }));
    sayJson(io, { tool: asked.tool, deeds, rulings, suggestions });
    return 0;
  }
  const style = outStyle(io);
  for (const { reach, subject } of call.deeds) say(io, `${style.bold(reach)}  ${oneLine(subject, 200)}`);
  say(io, '');
  const rows = columnsOf.map((column) => {
    const { verdict, reason } = rulings[column];
    return [`${column === 'plan' ? 'while planning' : column}: ${verdict}`, printable(reason)] as const;
  });
  for (const line of columns(rows)) say(io, line);
  for (const { text } of suggestions) say(io, style.dim(`  may be remembered: ${printable(text)}`));
  return 0;
}

async function callOf(
  { tool: name, input }: Asked,
  ground: Ground,
  io: Io,
): Promise<{ readonly rule: string; readonly deeds: readonly Deed[] } | Misuse> {
  const tool = findTool(name);
  if (!tool)
    return misuse(
      `There is no tool ${JSON.stringify(name)}. Tools: ${tools.map((one) => one.name).join(', ')}.`,
    );
  const read = inputOf(tool, input);
  if ('code' in read) return read;
  const problem = tool.check(read.input);
  if (problem !== null) return misuse(problem);
  return { rule: tool.rule ?? tool.name, deeds: await tool.deeds(read.input, contextOf(ground, io)) };
}

function inputOf(tool: Tool, input: string): { readonly input: Record<string, unknown> } | Misuse {
  if (!input.trimStart().startsWith('{')) {
    const { required } = tool.parameters;
    const [first] = Array.isArray(required) ? required : [];
    return typeof first === 'string'
      ? { input: { ...fillers(tool), [first]: input } }
      : misuse(`${tool.name} needs its input as JSON, as '{"path": "src"}'.`);
  }
  try {
    return { input: JSON.parse(input) };
  } catch (error) {
    return misuse(`The input is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** What a tool must be told and no rule looks at, so that a path is enough. */
function fillers({ parameters }: Tool): Record<string, unknown> {
  const { required, properties } = parameters;
  if (!Array.isArray(required) || typeof properties !== 'object' || properties === null) return {};
  const types = properties as Readonly<Record<string, { readonly type?: unknown } | undefined>>;
  return Object.fromEntries(
    required.flatMap((name: string) => (types[name]?.type === 'string' ? [[name, '-']] : [])),
  );
}

const contextOf = ({ farhand, scratch }: Ground, { env, cwd }: Io): ToolContext => ({
  toolCallId: 'explained',
  callId: 'explained',
  cwd,
  scratch,
  denied: [farhand],
  readable: [scratch],
  env: toolEnvironment(env),
  tasks: new TaskList(() => undefined),
  seen: new Map(),
});
