import type { Suggestion } from '../../core/facts.ts';
import { offeredFor, pendingCalls, requestIdOf } from '../../core/status.ts';
import type { Asker, Conversation } from '../conversation.ts';
import { judgeWaiting } from '../effects/judge-waiting.ts';
import type { Home } from './handler.ts';

/**
 * [PERM-6] An asker whose decision is remembered once it is accepted: what was offered under the ids and no more. Calls that wait, in
 * whatever conversation, are then judged again.
 */
export function remembering(
  { asker, device, conversation }: { asker: Asker; device: Home; conversation: Conversation },
  requestId: string,
  ids: readonly string[],
): Asker {
  const { state } = conversation;
  const call = pendingCalls(state).find((pending) => requestIdOf(pending) === requestId);
  if (!call) return asker;
  const offered = offeredFor(call, state);
  const chosen = offered.filter(({ id }) => ids.includes(id));
  const unknown = ids.filter((id) => !offered.some((one) => one.id === id));
  const tell = (message: string) =>
    conversation.hear({ kind: 'command', by: asker.by, command: { do: 'tell_problem', message } });
  return {
    ...asker,
    answer(reply) {
      if (reply.ok) {
        if (unknown.length > 0) tell(notOffered(unknown));
        if (chosen.length > 0) keep(chosen, state.cwd, device, tell);
      }
      asker.answer(reply);
    },
  };
}

function keep(
  chosen: readonly Suggestion[],
  cwd: string,
  { host, conversations }: Home,
  tell: (message: string) => void,
): void {
  try {
    for (const suggestion of chosen) host.rules.remember(suggestion, cwd);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return tell(`The call is allowed, but the choice could not be remembered: ${why}`);
  }
  for (const conversation of conversations.opened())
    judgeWaiting(conversation, host).catch((error: unknown) =>
      host.trouble('calls that wait could not be judged by the new rules', error),
    );
}

const notOffered = (ids: readonly string[]): string =>
  `The call is allowed, and nothing is remembered for ${ids.map((id) => JSON.stringify(id.slice(0, 64))).join(', ')}: that was not offered with it.`;
