import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { columns } from '../program/help.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { oneLine } from '../show/printable.ts';
import type { Agent } from '../talk/place.ts';

const listing = { ...jsonArg, ...commonArgs } as const;
const agentArg = {
  agent: { type: 'positional', required: true, description: 'Id, beginning of an id, or name' },
} as const;

const ls = command({
  about: 'List the agents',
  args: listing,
  examples: [['farhand agents ls --json', 'for scripts']],
  run: ({ json }, io) => withAgents(io, (agents) => show(agents, json === true, io)),
});

const showOne = command({
  about: 'Show one agent',
  args: { ...agentArg, ...listing },
  examples: [['farhand agents show Farhand', 'by name']],
  run: ({ agent, json }, io) =>
    withChosen(io, agent, async (client, { id }) => {
      const got = await client.call('agent_retrieve', { agent_id: id });
      if (!got.ok) return got.failure;
      if (json) sayJson(io, got.value.agent);
      else
        for (const line of columns(
          Object.entries(got.value.agent).map(([name, value]) => [
            name,
            oneLine(typeof value === 'string' ? value : JSON.stringify(value), 300),
          ]),
        ))
          say(io, line);
      return 0;
    }),
});

const create = command({
  about: 'Create an agent',
  args: {
    name: { type: 'positional', required: true, description: 'Its name' },
    model: {
      type: 'string',
      alias: 'm',
      valueHint: 'provider/model',
      description: 'Its model (default: FARHAND_MODEL)',
    },
    ...listing,
  },
  examples: [['farhand agents create reviewer --model ollama/llama3.1', 'an agent with a model of its own']],
  async run({ name, model, json }, io) {
    const { attached } = await import('../talk/attach.ts');
    return attached(io, async ({ client }) => {
      const body = { name, ...(model !== undefined && { model }) };
      const made = await client.call('agent_create', { body });
      if (!made.ok) return made.failure;
      const { agent } = made.value;
      if (json) sayJson(io, agent);
      else say(io, `Created ${agent.name} as ${agent.id}. Talk with it: farhand --agent ${agent.id}`);
      return 0;
    });
  },
});

const remove = command({
  about: 'Delete an agent with all its conversations',
  args: {
    ...agentArg,
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
    ...listing,
  },
  examples: [['farhand agents delete agent-3f2a --yes', 'without being asked']],
  run: ({ agent, yes, json }, io) =>
    withChosen(io, agent, async (client, { id, name }) => {
      const { misuse } = await import('../program/outcome.ts');
      if (!yes && !(io.in.isTTY && io.out.isTTY))
        return misuse(`Deleting ${id} cannot be undone. Add --yes if you mean it.`);
      if (
        !yes &&
        !(await confirmed(`Delete ${name} (${id}) and all its conversations? This cannot be undone.`))
      )
        return 1;
      const gone = await client.call('agent_delete', { agent_id: id });
      if (!gone.ok) return gone.failure;
      if (json) sayJson(io, { deleted: id });
      else say(io, `Deleted ${name} (${id}).`);
      return 0;
    }),
});

export const agents: Group = {
  about: 'List, create and delete agents',
  standard: 'ls',
  commands: { ls, show: showOne, create, delete: remove },
  examples: [['farhand agents', 'those on this machine']],
};

async function withAgents(io: Io, work: (agents: readonly Agent[]) => Outcome): Promise<Outcome> {
  const { attached } = await import('../talk/attach.ts');
  const { listAgents } = await import('../talk/place.ts');
  return attached(io, async ({ client }): Promise<Outcome> => {
    const found = await listAgents(client);
    return isProblem(found) ? found : work(found);
  });
}

async function withChosen(
  io: Io,
  asked: string,
  work: (client: import('../../client/client.ts').Client, agent: Agent) => Promise<Outcome>,
): Promise<Outcome> {
  const { attached } = await import('../talk/attach.ts');
  const { chooseAgent, listAgents } = await import('../talk/place.ts');
  return attached(io, async ({ client }): Promise<Outcome> => {
    const found = await listAgents(client);
    if (isProblem(found)) return found;
    const chosen = chooseAgent(found, asked);
    return isProblem(chosen) ? chosen : work(client, chosen);
  });
}

function show(found: readonly Agent[], json: boolean, io: Io): Outcome {
  if (json) sayJson(io, { agents: found });
  const style = outStyle(io);
  if (!json)
    for (const { id, name, model } of found)
      say(io, `${id}  ${style.bold(oneLine(name, 40))}  ${style.dim(oneLine(model, 60))}`);
  return 0;
}

async function confirmed(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false });
  return !isCancel(answer) && answer;
}
