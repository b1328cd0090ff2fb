import type { Client } from '../../client/client.ts';
import { columns } from '../program/help.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { oneLine, printable } from '../show/printable.ts';
import { attached } from '../talk/attach.ts';
import { type Agent, chooseAgent, listAgents } from '../talk/place.ts';
import type { ReachFlags } from '../talk/reach.ts';

type Json = ReachFlags & { readonly json?: boolean | undefined };
type One = Json & { readonly agent: string };

export const list = ({ json, ...reach }: Json, io: Io): Promise<Outcome> =>
  attached(reach, io, async ({ client }): Promise<Outcome> => {
    const found = await listAgents(client);
    if (isProblem(found)) return found;
    const style = outStyle(io);
    if (json) sayJson(io, { agents: found });
    else
      for (const { id, name, model } of found)
        say(io, `${id}  ${style.bold(oneLine(name, 40))}  ${style.dim(oneLine(model, 60))}`);
    return 0;
  });

export const show = ({ json, ...one }: One, io: Io): Promise<Outcome> =>
  withAgent(one, io, async (client, { id }) => {
    const got = await client.call('agent_retrieve', { agent_id: id });
    if (!got.ok) return got.failure;
    const fields = Object.entries(got.value.agent).map(
      ([name, value]) =>
        [name, oneLine(typeof value === 'string' ? value : JSON.stringify(value), 300)] as const,
    );
    if (json) sayJson(io, got.value.agent);
    else for (const line of columns(fields)) say(io, line);
    return 0;
  });

export const prompt = (
  { json, conversation, ...one }: One & { readonly conversation?: string | undefined },
  io: Io,
): Promise<Outcome> =>
  withAgent(one, io, async (client, { id }) => {
    const in_ = conversation === undefined ? {} : { conversation_id: conversation };
    const got = await client.call('agent_prompt', { agent_id: id, ...in_ });
    if (!got.ok) return got.failure;
    const { model, sections } = got.value;
    if (json) sayJson(io, { model, sections });
    else {
      const style = outStyle(io);
      for (const { name, text } of sections)
        say(
          io,
          `${style.dim(`--- ${name} (about ${Math.ceil(text.length / 4)} tokens)`)}\n${printable(text)}\n`,
        );
      say(io, style.dim(`For ${oneLine(model, 80)}.`));
    }
    return 0;
  });

export const create = (args: Json & { readonly name: string; readonly model?: string | undefined }, io: Io) =>
  attached(args, io, async ({ client }): Promise<Outcome> => {
    const { name, model } = args;
    const made = await client.call('agent_create', { body: { name, ...(model !== undefined && { model }) } });
    if (!made.ok) return made.failure;
    const { agent } = made.value;
    if (args.json) sayJson(io, agent);
    else
      say(io, `Created ${oneLine(agent.name, 40)} as ${agent.id}. Talk with it: farhand --agent ${agent.id}`);
    return 0;
  });

export const remove = ({ yes, json, ...one }: One & { readonly yes?: boolean | undefined }, io: Io) =>
  withAgent(one, io, async (client, { id, name }) => {
    const named = `${oneLine(name, 40)} (${id})`;
    if (!yes && !(io.in.isTTY && io.out.isTTY))
      return misuse(`Deleting ${named} cannot be undone. Add --yes if you mean it.`);
    if (!yes && !(await confirmed(`Delete ${named} and all its conversations? This cannot be undone.`)))
      return 1;
    const gone = await client.call('agent_delete', { agent_id: id });
    if (!gone.ok) return gone.failure;
    if (json) sayJson(io, { deleted: id });
    else say(io, `Deleted ${named}.`);
    return 0;
  });

const withAgent = (
  { agent: asked, ...reach }: One,
  io: Io,
  work: (client: Client, agent: Agent) => Promise<Outcome>,
): Promise<Outcome> =>
  attached(reach, io, async ({ client }): Promise<Outcome> => {
    const found = await listAgents(client);
    if (isProblem(found)) return found;
    const chosen = chooseAgent(found, asked);
    return isProblem(chosen) ? chosen : work(client, chosen);
  });

async function confirmed(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false });
  return !isCancel(answer) && answer;
}
