import type { Decision } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import { insideTool as toolMark } from '../../runtime/tool-environment.ts';
import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import type { Waiting } from '../talk/approvals.ts';
import type { Attached } from '../talk/attach.ts';

type Here = Attached & { readonly stop: AbortSignal };

const listing = { ...jsonArg, ...commonArgs } as const;
const which = {
  conversation: { type: 'string', alias: 'c', valueHint: 'id', description: 'Only of this conversation' },
} as const;
const idArg = { type: 'positional', description: 'Its id, or the beginning of it' } as const;

const ls = command({
  about: 'List what waits for approval, in every conversation',
  args: { ...which, ...listing },
  examples: [['farhand approvals ls --json', 'for scripts']],
  run: ({ conversation, json }, io) =>
    withApprovals(io, conversation, async (_here, waiting) => {
      const { waitingLine } = await import('../talk/approvals.ts');
      if (json) sayJson(io, { approvals: waiting.map(shown) });
      else if (waiting.length === 0) say(io, 'Nothing waits for approval.');
      else for (const one of waiting) say(io, waitingLine(one, Date.now(), outStyle(io)));
      return 0;
    }),
});

const show = command({
  about: 'Show everything about one',
  args: { id: { ...idArg, required: true }, ...which, ...listing },
  examples: [['farhand approvals show call_8Q', 'by the beginning of its id']],
  run: ({ id, conversation, json }, io) =>
    withApprovals(io, conversation, async (_here, waiting) => {
      const { chooseApproval } = await import('../talk/approvals.ts');
      const chosen = chooseApproval(waiting, id);
      if (isProblem(chosen)) return chosen;
      if (json) sayJson(io, shown(chosen));
      else await showWhole(chosen, io);
      return 0;
    }),
});

const allow = command({
  about: 'Allow a tool call',
  args: {
    id: { ...idArg, required: false },
    all: { type: 'boolean', description: 'Allow all that wait now' },
    ...which,
    ...listing,
  },
  examples: [
    ['farhand approvals allow call_8Q', 'one of them; what is allowed is shown first'],
    ['farhand approvals allow --all --conversation conv-1f', 'all of one conversation'],
  ],
  async run({ id, all, conversation, json }, io) {
    const refused = insideTool(io);
    if (refused) return refused;
    if ((id === undefined) === (all !== true))
      return misuse(id === undefined ? 'Say which one: an id, or --all.' : 'Give an id or --all, not both.');
    return withApprovals(io, conversation, async (here, waiting) => {
      const { chooseApproval } = await import('../talk/approvals.ts');
      const chosen = id === undefined ? waiting : chooseApproval(waiting, id);
      if (isProblem(chosen)) return chosen;
      const list = 'request' in chosen ? [chosen] : chosen;
      if (list.length === 0) say(io, 'Nothing waits for approval.');
      return decideAll(here, list, { behavior: 'allow' }, json === true, io);
    });
  },
});

const deny = command({
  about: 'Deny a tool call',
  args: {
    id: { ...idArg, required: true },
    reason: { type: 'positional', required: false, description: 'Why, for the model' },
    ...which,
    ...listing,
  },
  examples: [['farhand approvals deny call_8Q "use the staging database"', 'with a reason the model reads']],
  async run({ id, reason, conversation, json }, io) {
    const refused = insideTool(io);
    if (refused) return refused;
    return withApprovals(io, conversation, async (here, waiting) => {
      const { chooseApproval } = await import('../talk/approvals.ts');
      const { deniedBecause } = await import('../chat/decision.ts');
      const chosen = chooseApproval(waiting, id);
      if (isProblem(chosen)) return chosen;
      return decideAll(
        here,
        [chosen],
        { behavior: 'deny', message: deniedBecause(reason ?? '') },
        json === true,
        io,
      );
    });
  },
});

export const approvals: Group = {
  about: 'See and decide what waits for approval',
  standard: 'ls',
  commands: { ls, show, allow, deny },
  examples: [['farhand approvals', 'what waits']],
};

/** [SEC-4] An agent must not approve for itself by way of its own shell. */
function insideTool(io: Io): Failure | null {
  if (io.env[toolMark] === undefined) return null;
  const why =
    'Approving from inside a tool is refused: only a person decides. Run this in a terminal of your own.';
  return { code: 'forbidden', message: why };
}

const shown = ({ scope, request, since }: Waiting) => ({
  id: request.requestId,
  ...scope,
  tool: request.tool,
  input: request.input,
  diffs: request.diffs,
  input_hash: request.inputHash,
  since: new Date(since).toISOString(),
});

async function showWhole({ request, scope }: Waiting, io: Io): Promise<void> {
  const { requestLines } = await import('../show/request.ts');
  const style = outStyle(io);
  for (const line of requestLines(request, style, true)) say(io, line);
  say(io, style.dim(`  in ${scope.conversation_id}`));
}

/** Decides about exactly what was shown: each answer carries the hash of it. */
async function decideAll(
  { client, member, stop }: Here,
  waiting: readonly Waiting[],
  decision: Decision,
  json: boolean,
  io: Io,
): Promise<Outcome> {
  const decided: Waiting[] = [];
  for (const one of waiting) {
    const { scope, request } = one;
    if (decision.behavior === 'allow' && request.tool === 'AskUserQuestion')
      return misuse(
        `${request.requestId} is a question, which cannot be allowed but only answered: farhand --conversation ${scope.conversation_id}`,
      );
    if (!json) await showWhole(one, io);
    const result = await client.decide(scope, request.requestId, decision, request.inputHash ?? undefined);
    if (!result.ok) return result.failure;
    decided.push(one);
    if (!json) say(io, decision.behavior === 'allow' ? 'Allowed.' : 'Denied.');
  }
  if (json) sayJson(io, { decision: decision.behavior, approvals: decided.map(shown) });
  if (!member.owner || member.owner.guests() > 0) return 0;
  const { seeThrough } = await import('../talk/see-through.ts');
  const scopes = new Map(decided.map(({ scope }) => [scope.conversation_id, scope]));
  for (const scope of scopes.values()) await seeThrough(client, scope, stop, io);
  return 0;
}

async function withApprovals(
  io: Io,
  conversation: string | undefined,
  work: (here: Here, waiting: readonly Waiting[]) => Promise<Outcome>,
): Promise<Outcome> {
  const { attach } = await import('../talk/attach.ts');
  const { leave } = await import('../talk/leave.ts');
  const { hearInterrupts } = await import('../talk/interrupts.ts');
  const { listApprovals } = await import('../talk/approvals.ts');
  const attached = await attach(io);
  if (isProblem(attached)) return attached;
  const interrupts = hearInterrupts(io);
  try {
    const waiting = await listApprovals(attached.client);
    if (isProblem(waiting)) return waiting;
    return await work(
      { ...attached, stop: interrupts.first },
      waiting.filter(({ scope }) => conversation === undefined || scope.conversation_id === conversation),
    );
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}
