import type { CommandFrame } from '../../protocol/frames.ts';
import { type Scope, scopeKey } from '../../protocol/shapes.ts';
import type { Store } from '../../store/store.ts';

type Start = CommandFrame<'runtime_start'>;

/** What a `runtime_start` says about how its conversation is to be worked, kept with the home. */
export type StartSettings = Pick<
  Start,
  | 'execution_settings'
  | 'workspace_sandbox'
  | 'skill_sources'
  | 'client_info'
  | 'conversation_source_tags'
  | 'teleport_id'
>;

const keyOf = (scope: Scope): string => `runtime_start:${scopeKey(scope)}`;

/** What the last `runtime_start` of the conversation said; empty before the first. */
export function settingsOf(store: Store, scope: Scope): StartSettings {
  const kept = store.meta(keyOf(scope));
  return kept === null ? {} : (JSON.parse(kept) as StartSettings);
}

/** Takes the place of what was kept; `preserve_skill_sources` keeps those of before (protocol reference 3.8). */
export function keepSettings(store: Store, scope: Scope, frame: Start): void {
  const before = settingsOf(store, scope);
  const preserved = frame.preserve_skill_sources ? before.skill_sources : undefined;
  const now: StartSettings = {
    execution_settings: frame.execution_settings,
    workspace_sandbox: frame.workspace_sandbox,
    skill_sources: frame.skill_sources ?? preserved,
    client_info: frame.client_info,
    conversation_source_tags: frame.conversation_source_tags,
    teleport_id: frame.teleport_id,
  };
  const text = JSON.stringify(now);
  if (text !== JSON.stringify(before)) store.setMeta(keyOf(scope), text);
}
