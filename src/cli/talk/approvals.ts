import type { Client } from '../../client/client.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Scope } from '../../protocol/shapes.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import type { Style } from '../program/style.ts';
import { secondsText } from '../show/progress.ts';
import { type Request, readRequest } from '../show/request.ts';
import { callLine } from '../show/tool-call.ts';

/** A tool call that waits for a person, in whatever conversation. */
export type Waiting = {
  readonly scope: Scope;
  readonly request: Request;
  /** Milliseconds since the epoch. */
  readonly since: number;
};

export async function listApprovals(client: Client): Promise<readonly Waiting[] | Failure> {
  const listed = await client.call('approvals_list', {});
  if (!listed.ok) return listed.failure;
  return listed.value.approvals.flatMap(({ runtime, since, ...asked }) => {
    const request = readRequest(asked);
    const { agent_id, conversation_id } = runtime;
    return request ? [{ scope: { agent_id, conversation_id }, request, since }] : [];
  });
}

export function waitingLine({ scope, request, since }: Waiting, now: number, style: Style): string {
  const age = style.dim(`${scope.conversation_id}, for ${secondsText(now - since)}`);
  return `${style.yellow(shortId(request.requestId))}  ${callLine(request.tool, request.input)}  ${age}`;
}

/** Without the part that all of them share. */
export const shortId = (requestId: string): string => requestId.replace(/^perm-/, '');

/** By its id, or by a beginning of it that only one has. Ids come from models, so two conversations may have the same. */
export function chooseApproval(approvals: readonly Waiting[], asked: string): Waiting | Failure | Misuse {
  const wanted = shortId(asked);
  const exact = approvals.filter(({ request }) => shortId(request.requestId) === wanted);
  const likely = approvals.filter(({ request }) => shortId(request.requestId).startsWith(wanted));
  const [one, another] = exact.length > 0 ? exact : likely;
  if (one && !another) return one;
  if (exact.length > 0) {
    const where = exact.map(({ scope }) => `--conversation ${scope.conversation_id}`);
    return misuse(`"${asked}" waits in ${exact.length} conversations. Add ${where.join(' or ')}.`);
  }
  if (another) {
    const ids = new Set(likely.map(({ request }) => shortId(request.requestId)));
    return misuse(`"${asked}" may be ${[...ids].join(' or ')}. Write more of the id.`);
  }
  return failure(
    'approval_not_pending',
    `Nothing waits as "${asked}": it was answered, its turn was stopped, or it was never asked. See farhand approvals ls.`,
  );
}
