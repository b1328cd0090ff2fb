import { messageLines } from '../chat/history.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import type { Style } from '../program/style.ts';
import { type Fields, textOf } from '../show/fields.ts';
import { oneLine } from '../show/printable.ts';
import { attached } from '../talk/attach.ts';
import { chooseAgent, findPlace, listAgents } from '../talk/place.ts';
import type { ReachFlags } from '../talk/reach.ts';
import { settle } from '../talk/settle.ts';

type Of = ReachFlags & { readonly agent?: string | undefined; readonly json?: boolean | undefined };

export const list = ({ agent, json, ...reach }: Of, io: Io): Promise<Outcome> =>
  attached(reach, io, async ({ client }): Promise<Outcome> => {
    const agents = await listAgents(client);
    if (isProblem(agents)) return agents;
    const chosen = agent === undefined ? null : chooseAgent(agents, agent);
    if (chosen && isProblem(chosen)) return chosen;
    const listed = await client.call('conversation_list', chosen ? { query: { agent_id: chosen.id } } : {});
    if (!listed.ok) return listed.failure;
    const { conversations } = listed.value;
    if (json) sayJson(io, { conversations });
    else if (conversations.length === 0) say(io, 'There is no conversation yet: farhand begins one.');
    else for (const one of conversations) say(io, lineOf(one, outStyle(io)));
    return 0;
  });

type ShowArgs = Of & { readonly conversation?: string | undefined; readonly limit: string };

export async function show(
  { conversation, agent, limit: asked, json, ...reach }: ShowArgs,
  io: Io,
): Promise<Outcome> {
  const limit = Number(asked);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    return misuse(`--limit must be a whole number from 1 to 1000, not "${asked}".`);
  return attached(reach, io, async ({ client }): Promise<Outcome> => {
    const place = await findPlace(client, { agent, conversation });
    if (isProblem(place)) return place;
    const { agent_id, conversation_id } = place.scope;
    const page = await client.call('conversation_messages_list', {
      conversation_id,
      query: { agent_id, limit },
    });
    if (!page.ok) return page.failure;
    const { has_more } = page.value;
    const messages = page.value.messages.toReversed();
    const style = outStyle(io);
    if (json) sayJson(io, { messages, has_more });
    else {
      if (has_more) say(io, style.dim('… earlier messages: --limit shows more'));
      for (const message of messages) for (const line of messageLines(message, style)) say(io, line);
    }
    return 0;
  });
}

export const create = ({ id, agent, json, ...reach }: Of & { readonly id?: string | undefined }, io: Io) =>
  attached(reach, io, async ({ client, folder }): Promise<Outcome> => {
    const settled = await settle(client, { agent, conversation: id, new: true }, {}, folder);
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

function lineOf({ id, agent_id, updated_at, summary }: Fields, style: Style): string {
  const when = (textOf(updated_at) ?? '').slice(0, 16).replace('T', ' ');
  const rest = style.dim(`${when}  ${textOf(agent_id) ?? ''}`);
  return `${style.bold(textOf(id) ?? '')}  ${rest}  ${oneLine(textOf(summary) ?? '', 60)}`.trimEnd();
}
