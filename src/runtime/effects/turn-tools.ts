import type { Host } from '../host.ts';
import type { Tool } from '../tools/tool.ts';
import type { Subject } from './subject.ts';

type TurnOptions = {
  readonly client_tool_allowlist?: readonly string[];
  readonly exclude_interactive_tools?: boolean;
  readonly external_tool_scope_ids?: readonly string[];
};

/** What the model may call in the turn at hand: the device's own tools and those of clients, as the turn's options narrow them (protocol reference 3.2.1). */
export function turnTools({ scope, state }: Subject, host: Host): readonly Tool[] {
  const options = JSON.parse(state.turn?.inputs[0]?.template ?? '{}') as TurnOptions;
  const { client_tool_allowlist: allowed, exclude_interactive_tools: quiet } = options;
  const offered = host.external.toolsFor(scope, options.external_tool_scope_ids ?? []);
  return [...host.tools, ...offered].filter(
    ({ name }) => (allowed === undefined || allowed.includes(name)) && !(quiet && name === 'AskUserQuestion'),
  );
}
