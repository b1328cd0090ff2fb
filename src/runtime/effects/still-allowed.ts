import { isFurther, type Reach, rulingOf } from '../../core/permission.ts';
import type { Call } from '../../core/state.ts';
import type { Host } from '../host.ts';
import type { Deed, Tool, ToolContext } from '../tools/tool.ts';
import type { Subject } from './subject.ts';

/**
 * [PERM-9] Why a call that was allowed must not run any more; null: it may. Between a decision and its start the disk may have changed, by
 * another call of the same answer too, so that what was allowed would lead elsewhere. What a person has written in its place they have decided
 * about; only what is denied stays so.
 */
export async function noLongerAllowed(
  { state }: Subject,
  host: Host,
  call: Call,
  tool: Tool,
  context: ToolContext,
): Promise<string | null> {
  const deeds = await tool.deeds({ ...(call.edited ?? call.input) }, context);
  const { rulings } = host.rules.judge(tool.rule ?? tool.name, deeds, context.cwd);
  const now = rulingOf(rulings, state.mode, state.planning !== null);
  if (now.verdict === 'deny') return now.reason;
  if (call.edited || call.reach === undefined || !isFurther(furthest(deeds), call.reach)) return null;
  return `what it would do is another thing now: ${rulings[state.mode].reason}`;
}

/** The furthest that a call goes with one of its deeds. */
export const furthest = (deeds: readonly Deed[]): Reach =>
  deeds.reduce<Reach>((all, { reach }) => (isFurther(reach, all) ? reach : all), 'internal');
