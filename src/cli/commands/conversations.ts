import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { reachArgs } from '../talk/reach.ts';

const listing = { ...jsonArg, ...reachArgs, ...commonArgs } as const;
const agentFlag = {
  agent: { type: 'string', alias: 'a', valueHint: 'id or name', description: 'Of this agent' },
} as const;
const runs = () => import('../run/conversations.ts');

const ls = command({
  about: 'List conversations, the last used first',
  args: { ...agentFlag, ...listing },
  examples: [['farhand conversations --agent reviewer', 'those of one agent']],
  run: async (args, io) => (await runs()).list(args, io),
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
  run: async (args, io) => (await runs()).show(args, io),
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
  run: async (args, io) => (await runs()).create(args, io),
});

export const conversations: Group = {
  about: 'List, show and create conversations',
  standard: 'ls',
  commands: { ls, show, create },
  examples: [['farhand conversations', 'all of them']],
};
