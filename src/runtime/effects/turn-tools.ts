import type { Host } from '../host.ts';
import type { Tool } from '../tools/tool.ts';
import { toolNames } from '../tools/toolsets.ts';
import type { Subject } from './subject.ts';

type Place = Pick<Subject, 'scope' | 'state'>;

type TurnOptions = {
  readonly client_tool_allowlist?: readonly string[];
  readonly exclude_interactive_tools?: boolean;
  readonly external_tool_scope_ids?: readonly string[];
};

/** A client that allows `Bash` means it under the other names that a model may know it by, too. */
const ownNames: ReadonlySet<string> = new Set(toolNames('default', ''));

/** What can be called in the turn at hand under any of its names: the device's own tools and those of clients, as the turn's options narrow them (protocol reference 3.2.1). */
export function turnTools({ scope, state }: Place, host: Host): readonly Tool[] {
  const options = JSON.parse(state.turn?.inputs[0]?.template ?? '{}') as TurnOptions;
  const { client_tool_allowlist: allowed, exclude_interactive_tools: quiet } = options;
  const offered = host.external.toolsFor(scope, options.external_tool_scope_ids ?? []);
  const theirs = new Set(offered.map(({ name }) => name));
  const web = host.settings()?.web;
  const isThere: Readonly<Record<string, boolean>> = {
    AskUserQuestion: !quiet,
    // Nobody would be there to agree to the plan.
    EnterPlanMode: !quiet && state.planning === null,
    ExitPlanMode: state.planning !== null,
    WebFetch: web?.fetch === true,
    WebSearch: web?.search !== undefined,
  };
  // A client's own `read_file` is meant where one of ours has that name, too.
  const ours = host.tools.filter(({ name }) => (isThere[name] ?? true) && !theirs.has(name));
  return [...ours, ...offered].filter(
    ({ name, rule = name }) =>
      allowed === undefined || allowed.includes(name) || (!ownNames.has(name) && allowed.includes(rule)),
  );
}

/** Those of them that a model is shown: of the device's own the ones of its toolset, and all of the clients'. `handle`: the model's. */
export function offeredTools(subject: Place, host: Host, handle: string): readonly Tool[] {
  const callable = turnTools(subject, host);
  const own = new Set(host.tools);
  const inToolset = toolNames(host.settings()?.toolset, handle).flatMap(
    (name) => callable.find((tool) => tool.name === name && own.has(tool)) ?? [],
  );
  return [...inToolset, ...callable.filter((tool) => !own.has(tool))];
}
