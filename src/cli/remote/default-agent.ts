import { randomUUID } from 'node:crypto';
import type { Clock } from '../../link/clock.ts';
import { type DialFailure, isDialFailure } from '../../link/dial-failure.ts';
import { readFrame } from '../../link/read-frame.ts';
import { limits } from '../../protocol/limits.ts';
import type { Doors } from '../home/door.ts';

const DEADLINE_MS = 10_000;

/** The agent that is there from the first start, by asking the home's owner; `agentId` null where the device has none. */
export async function askDefaultAgent(
  member: Doors,
  clock: Clock,
): Promise<{ readonly agentId: string | null } | DialFailure> {
  const pipe = await member.open();
  if (isDialFailure(pipe)) return pipe;
  const request_id = randomUUID();
  const answer = Promise.withResolvers<{ readonly agentId: string | null } | DialFailure>();
  const timer = clock.after(DEADLINE_MS, () =>
    answer.resolve({ kind: 'timeout', message: 'the owner of this home does not answer' }),
  );
  pipe.listen({
    message(text) {
      const read = readFrame(text, { maxBytes: limits.frameFromDevice });
      if (read.ok && read.frame.request_id === request_id)
        answer.resolve({ agentId: firstOf(read.frame.agents) });
    },
    closed: ({ reason }) =>
      answer.resolve({ kind: 'error', message: reason || 'the owner of this home went away' }),
  });
  pipe.send(JSON.stringify({ type: 'agent_list', request_id }));
  try {
    return await answer.promise;
  } finally {
    timer.cancel();
    pipe.close();
  }
}

/** The list is in the order of making, and the first one made is the default. */
function firstOf(agents: unknown): string | null {
  const first: unknown = Array.isArray(agents) ? agents[0] : undefined;
  return typeof first === 'object' && first !== null && 'id' in first && typeof first.id === 'string'
    ? first.id
    : null;
}
