import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { reachArgs } from '../talk/reach.ts';

const listing = { ...jsonArg, ...reachArgs, ...commonArgs } as const;
const agentArg = {
  agent: { type: 'positional', required: true, description: 'Id, beginning of an id, or name' },
} as const;
const runs = () => import('../run/agents.ts');

const ls = command({
  about: 'List the agents',
  args: listing,
  examples: [['farhand agents ls --json', 'for scripts']],
  run: async (args, io) => (await runs()).list(args, io),
});

const show = command({
  about: 'Show one agent',
  args: { ...agentArg, ...listing },
  examples: [['farhand agents show Farhand', 'by name']],
  run: async (args, io) => (await runs()).show(args, io),
});

const prompt = command({
  about: 'Show what the model of an agent reads before a conversation',
  args: {
    ...agentArg,
    conversation: {
      type: 'string',
      alias: 'c',
      valueHint: 'id',
      description: 'The conversation (default: the main one)',
    },
    ...listing,
  },
  examples: [['farhand agents prompt Farhand', 'section by section, in the order in which it is sent']],
  run: async (args, io) => (await runs()).prompt(args, io),
});

const create = command({
  about: 'Create an agent',
  args: {
    name: { type: 'positional', required: true, description: 'Its name' },
    model: {
      type: 'string',
      alias: 'm',
      valueHint: 'provider/model',
      description: 'Its model (default: the one of whoever chooses none)',
    },
    ...listing,
  },
  examples: [['farhand agents create reviewer --model ollama/llama3.1', 'an agent with a model of its own']],
  run: async (args, io) => (await runs()).create(args, io),
});

const remove = command({
  about: 'Delete an agent with all its conversations',
  args: { ...agentArg, yes: { type: 'boolean', alias: 'y', description: 'Do not ask' }, ...listing },
  examples: [['farhand agents delete agent-3f2a --yes', 'without being asked']],
  run: async (args, io) => (await runs()).remove(args, io),
});

export const agents: Group = {
  about: 'List, create and delete agents',
  standard: 'ls',
  commands: { ls, show, prompt, create, delete: remove },
  examples: [['farhand agents', 'those on this machine']],
};
