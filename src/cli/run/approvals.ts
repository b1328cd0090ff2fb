import type { Client, Decision } from '../../client/client.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { insideTool } from '../../runtime/tool-environment.ts';
import { deniedBecause } from '../chat/decision.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { requestLines } from '../show/request.ts';
import { chooseApproval, listApprovals, type Waiting, waitingLine } from '../talk/approvals.ts';
import { attached } from '../talk/attach.ts';
import type { ReachFlags } from '../talk/reach.ts';
import { seeThrough } from '../talk/see-through.ts';
import { type Here, stay } from '../talk/stay.ts';

type Which = ReachFlags & { readonly conversation?: string | undefined; readonly json?: boolean | undefined };
type One = Which & { readonly id: string };

export const list = (args: Which, io: Io): Promise<Outcome> =>
  attached(args, io, async ({ client }): Promise<Outcome> => {
    const waiting = await waitingIn(client, args);
    if (isProblem(waiting)) return waiting;
    if (args.json) sayJson(io, { approvals: waiting.map(asJson) });
    else if (waiting.length === 0) say(io, 'Nothing waits for approval.');
    else for (const one of waiting) say(io, waitingLine(one, Date.now(), outStyle(io)));
    return 0;
  });

export const show = (args: One, io: Io): Promise<Outcome> =>
  attached(args, io, async ({ client }): Promise<Outcome> => {
    const waiting = await waitingIn(client, args);
    if (isProblem(waiting)) return waiting;
    const chosen = chooseApproval(waiting, args.id);
    if (isProblem(chosen)) return chosen;
    if (args.json) sayJson(io, asJson(chosen));
    else showWhole(chosen, io);
    return 0;
  });

export async function allow(
  args: Which & { readonly id?: string | undefined; readonly all?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const { id, all } = args;
  if (isInsideTool(io)) return insideRefused;
  if (id === undefined && !all) return misuse('Say which one: an id, or --all.');
  if (id !== undefined && all) return misuse('Give an id or --all, not both.');
  return stay(args, io, async (here): Promise<Outcome> => {
    const waiting = await waitingIn(here.client, args);
    if (isProblem(waiting)) return waiting;
    const chosen = id === undefined ? waiting : chooseApproval(waiting, id);
    if (isProblem(chosen)) return chosen;
    const chosenOnes = 'request' in chosen ? [chosen] : chosen;
    if (chosenOnes.length === 0 && !args.json) say(io, 'Nothing waits for approval.');
    return decideAll(here, chosenOnes, { behavior: 'allow' }, args, io);
  });
}

export async function deny(args: One & { readonly reason?: string | undefined }, io: Io): Promise<Outcome> {
  if (isInsideTool(io)) return insideRefused;
  const message = deniedBecause(args.reason ?? '');
  return stay(args, io, async (here): Promise<Outcome> => {
    const waiting = await waitingIn(here.client, args);
    if (isProblem(waiting)) return waiting;
    const chosen = chooseApproval(waiting, args.id);
    return isProblem(chosen) ? chosen : decideAll(here, [chosen], { behavior: 'deny', message }, args, io);
  });
}

/** An agent must not approve for itself by way of its own shell (SEC-7). */
const isInsideTool = (io: Io): boolean => io.env[insideTool] !== undefined;
const insideRefused: Failure = failure(
  'forbidden',
  'Approving from inside a tool is refused: only a person decides. Run this in a terminal of your own.',
);

async function waitingIn(client: Client, { conversation }: Which): Promise<readonly Waiting[] | Failure> {
  const waiting = await listApprovals(client);
  if (isProblem(waiting)) return waiting;
  return waiting.filter(({ scope }) => conversation === undefined || scope.conversation_id === conversation);
}

/** Decides about exactly what was shown: each answer carries the hash of it (APR-2). */
async function decideAll(
  { client, member, interrupts }: Here,
  waiting: readonly Waiting[],
  decision: Decision,
  { json }: Which,
  io: Io,
): Promise<Outcome> {
  for (const one of waiting) {
    const { scope, request } = one;
    if (decision.behavior === 'allow' && request.tool === 'AskUserQuestion') return unanswered(one);
    if (!json) showWhole(one, io);
    const result = await client.decide(scope, request.requestId, decision, request.inputHash ?? undefined);
    if (!result.ok) return result.failure;
    if (!json) say(io, decision.behavior === 'allow' ? 'Allowed.' : 'Denied.');
  }
  if (json) sayJson(io, { decision: decision.behavior, approvals: waiting.map(asJson) });
  if (!member?.owner || member.owner.guests() > 0) return 0;
  const scopes = new Map(waiting.map(({ scope }) => [scope.conversation_id, scope]));
  for (const scope of scopes.values()) await seeThrough(client, scope, interrupts.first, io);
  return 0;
}

const unanswered = ({ request, scope }: Waiting) =>
  misuse(
    `${request.requestId} is a question, which cannot be allowed but only answered: farhand --conversation ${scope.conversation_id}`,
  );

const asJson = ({ scope, request, since }: Waiting) => ({
  id: request.requestId,
  ...scope,
  tool: request.tool,
  input: request.input,
  diffs: request.diffs,
  input_hash: request.inputHash,
  since: new Date(since).toISOString(),
});

function showWhole({ request, scope }: Waiting, io: Io): void {
  const style = outStyle(io);
  for (const line of requestLines(request, style, true)) say(io, line);
  say(io, style.dim(`  in ${scope.conversation_id}`));
}
