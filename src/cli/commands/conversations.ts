import type { Client } from '../../client/client.ts';
import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { type Fields, textOf } from '../show/fields.ts';
import { oneLine } from '../show/printable.ts';

const listing = { ...jsonArg, ...commonArgs } as const;
const agentFlag = {
  agent: { type: 'string', alias: 'a', valueHint: 'id or name', description: 'Of this agent' },
} as const;

const ls = command({
  about: 'List conversations, the last used first',
  args: { ...agentFlag, ...listing },
  examples: [['farhand conversations --agent reviewer', 'those of one agent']],
  run: ({ agent, json }, io) =>
    withAgent(io, agent, async (client, agentId) => {
      const query = agentId === undefined ? {} : { query: { agent_id: agentId } };
      const listed = await client.call('conversation_list', query);
      if (!listed.ok) return listed.failure;
      const { conversations: found } = listed.value;
      if (json) sayJson(io, { conversations: found });
      else if (found.length === 0) say(io, 'There is no conversation yet: farhand begins one.');
      else for (const one of found) say(io, lineOf(one, io));
      return 0;
    }),
});

const show = command({
  about: 'Print the messages of a conversation',
  args: {
    conversation: {
      type: 'positional',
      required: false,
      description: "Its id (default: the agent's main one)",
    },
    ...agentFlag,
    limit: {
      type: 'string',
      valueHint: 'number',
      default: '50',
      description: 'How many messages, the newest of them',
    },
    ...listing,
  },
  examples: [
    ['farhand conversations show', 'the main conversation'],
    ['farhand conversations show conv-1f --limit 500 --json', 'for scripts'],
  ],
  async run({ conversation, agent, limit, json }, io) {
    const { misuse } = await import('../program/outcome.ts');
    const count = Number(limit);
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      return misuse(`--limit must be a whole number from 1 to 1000, not "${limit}".`);
    const { findPlace } = await import('../talk/place.ts');
    const { attached } = await import('../talk/attach.ts');
    return attached(io, async ({ client }): Promise<Outcome> => {
      const place = await findPlace(client, { agent, conversation });
      if (isProblem(place)) return place;
      const { agent_id, conversation_id } = place.scope;
      const page = await client.call('conversation_messages_list', {
        conversation_id,
        query: { agent_id, limit: count },
      });
      if (!page.ok) return page.failure;
      const messages = page.value.messages.toReversed();
      if (json) sayJson(io, { messages, has_more: page.value.has_more });
      else await printMessages(messages, page.value.has_more, io);
      return 0;
    });
  },
});

const create = command({
  about: 'Create a conversation that works in this folder',
  args: {
    id: {
      type: 'positional',
      required: false,
      description: 'Its id, which begins with conv- (default: a fresh one)',
    },
    ...agentFlag,
    ...listing,
  },
  examples: [['farhand conversations create conv-release-7', 'under an id of your own']],
  async run({ id, agent, json }, io) {
    const { settle } = await import('../talk/settle.ts');
    const { attached } = await import('../talk/attach.ts');
    return attached(io, async ({ client }): Promise<Outcome> => {
      const settled = await settle(client, { agent, conversation: id, new: true }, io.cwd);
      if (isProblem(settled)) return settled;
      const { scope } = settled.place;
      if (json) sayJson(io, scope);
      else
        say(
          io,
          `Created ${scope.conversation_id}. Go on with it: farhand --conversation ${scope.conversation_id}`,
        );
      return 0;
    });
  },
});

export const conversations: Group = {
  about: 'List, show and create conversations',
  standard: 'ls',
  commands: { ls, show, create },
  examples: [['farhand conversations', 'all of them']],
};

async function withAgent(
  io: Io,
  asked: string | undefined,
  work: (client: Client, agentId: string | undefined) => Promise<Outcome>,
): Promise<Outcome> {
  const { attached } = await import('../talk/attach.ts');
  const { chooseAgent, listAgents } = await import('../talk/place.ts');
  return attached(io, async ({ client }): Promise<Outcome> => {
    if (asked === undefined) return work(client, undefined);
    const found = await listAgents(client);
    if (isProblem(found)) return found;
    const chosen = chooseAgent(found, asked);
    return isProblem(chosen) ? chosen : work(client, chosen.id);
  });
}

function lineOf(conversation: Fields, io: Io): string {
  const style = outStyle(io);
  const { id, agent_id, updated_at, summary } = conversation;
  const when = (textOf(updated_at) ?? '').slice(0, 16).replace('T', ' ');
  return `${style.bold(textOf(id) ?? '')}  ${style.dim(`${when}  ${textOf(agent_id) ?? ''}`)}  ${oneLine(textOf(summary) ?? '', 60)}`.trimEnd();
}

async function printMessages(messages: readonly Fields[], more: boolean, io: Io): Promise<void> {
  const { messageLines } = await import('../chat/history.ts');
  const style = outStyle(io);
  if (more) say(io, style.dim('… earlier messages: --limit shows more'));
  for (const message of messages) for (const line of messageLines(message, style)) say(io, line);
}
