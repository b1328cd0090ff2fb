import type { Client, Decision } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import { deniedBecause } from '../chat/decision.ts';
import { refusedInsideTool } from '../program/inside-tool.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Misuse, misuse, type Outcome } from '../program/outcome.ts';
import { requestLines, suggestionLines } from '../show/request.ts';
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
  args: Which & {
    readonly id?: string | undefined;
    readonly all?: boolean | undefined;
    readonly remember?: boolean | undefined;
  },
  io: Io,
): Promise<Outcome> {
  const { id, all, remember } = args;
  const refused = refusedInsideTool(io, 'Approving');
  if (refused) return refused;
  if (id === undefined && !all) return misuse('Say which one: an id, or --all.');
  if (id !== undefined && all) return misuse('Give an id or --all, not both.');
  if (remember && all) return misuse('What is remembered is decided one by one: give an id with --remember.');
  return stay(args, io, async (here): Promise<Outcome> => {
    const waiting = await waitingIn(here.client, args);
    if (isProblem(waiting)) return waiting;
    const chosen = id === undefined ? waiting : chooseApproval(waiting, id);
    if (isProblem(chosen)) return chosen;
    const chosenOnes = 'request' in chosen ? [chosen] : chosen;
    if (chosenOnes.length === 0 && !args.json) say(io, 'Nothing waits for approval.');
    const decision = remember ? remembered(chosenOnes) : ({ behavior: 'allow' } as const);
    return isProblem(decision) ? decision : decideAll(here, chosenOnes, decision, args, io);
  });
}

export async function deny(args: One & { readonly reason?: string | undefined }, io: Io): Promise<Outcome> {
  const refused = refusedInsideTool(io, 'Approving');
  if (refused) return refused;
  const message = deniedBecause(args.reason ?? '');
  return stay(args, io, async (here): Promise<Outcome> => {
    const waiting = await waitingIn(here.client, args);
    if (isProblem(waiting)) return waiting;
    const chosen = chooseApproval(waiting, args.id);
    return isProblem(chosen) ? chosen : decideAll(here, [chosen], { behavior: 'deny', message }, args, io);
  });
}

function remembered([one]: readonly Waiting[]): Decision | Misuse {
  const [first] = one?.request.suggestions ?? [];
  return first
    ? { behavior: 'allow', selected_permission_suggestion_ids: [first.id] }
    : misuse('Nothing can be remembered of this one: it is asked every time. Allow it without --remember.');
}

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
  reason: request.reason,
  suggestions: request.suggestions,
  since: new Date(since).toISOString(),
});

function showWhole({ request, scope }: Waiting, io: Io): void {
  const style = outStyle(io);
  for (const line of [...requestLines(request, style, true), ...suggestionLines(request, style)])
    say(io, line);
  say(io, style.dim(`  in ${scope.conversation_id}`));
}
