import { isDeepStrictEqual } from 'node:util';
import type { RequestedCall } from '../../core/facts.ts';
import type { Host } from '../host.ts';
import type { Judgement } from '../rules/judge.ts';
import { toolContext } from './run-tool.ts';
import type { Subject } from './subject.ts';
import { turnTools } from './turn-tools.ts';

type Judged = Pick<RequestedCall, 'id' | 'rulings' | 'suggestions'>;

/** [PERM-6] The rules have changed: tells a conversation what they say now of its calls that nobody has decided about. */
export async function judgeWaiting(conversation: Subject, host: Host): Promise<void> {
  const calls = conversation.state.turn?.calls ?? [];
  const waiting = calls.filter(({ allowed, problem }) => allowed === null && problem === null);
  const judged = await Promise.all(waiting.map((call) => judgeAnew(conversation, host, call)));
  const changed = judged.flatMap((one) => one ?? []);
  if (changed.length > 0) conversation.hear({ kind: 'judged', calls: changed });
}

/** Null where nothing has changed, and for a tool that is not there any more. */
async function judgeAnew(conversation: Subject, host: Host, call: RequestedCall): Promise<Judged | null> {
  const tool = turnTools(conversation, host).find(({ name }) => name === call.name);
  if (!tool) return null;
  const context = toolContext(conversation, host, call.id);
  const deeds = await tool.deeds({ ...call.input }, context);
  const now: Judgement = host.rules.judge(tool.rule ?? tool.name, deeds, context.cwd);
  const before: Judgement = { rulings: call.rulings, suggestions: call.suggestions };
  return isDeepStrictEqual(now, before) ? null : { id: call.id, ...now };
}
