import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';
import { reachArgs } from '../talk/reach.ts';

const listing = { ...jsonArg, ...reachArgs, ...commonArgs } as const;
const which = {
  conversation: { type: 'string', alias: 'c', valueHint: 'id', description: 'Only of this conversation' },
} as const;
const idArg = { type: 'positional', description: 'Its id, or the beginning of it' } as const;
const runs = () => import('../run/approvals.ts');

const ls = command({
  about: 'List what waits for approval, in every conversation',
  args: { ...which, ...listing },
  examples: [['farhand approvals ls --json', 'for scripts']],
  run: async (args, io) => (await runs()).list(args, io),
});

const show = command({
  about: 'Show everything about one',
  args: { id: { ...idArg, required: true }, ...which, ...listing },
  examples: [['farhand approvals show call_8Q', 'by the beginning of its id']],
  run: async (args, io) => (await runs()).show(args, io),
});

const allow = command({
  about: 'Allow a tool call',
  args: {
    id: { ...idArg, required: false },
    all: { type: 'boolean', description: 'Allow all that wait now' },
    remember: {
      type: 'boolean',
      description: 'And do not ask for its like again: the first choice that it offers',
    },
    ...which,
    ...listing,
  },
  examples: [
    ['farhand approvals allow call_8Q', 'one of them; what is allowed is shown first'],
    ['farhand approvals allow --remember call_8Q', 'and its like from now on; see approvals show'],
    ['farhand approvals allow --all --conversation conv-1f', 'all of one conversation'],
  ],
  run: async (args, io) => (await runs()).allow(args, io),
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
  run: async (args, io) => (await runs()).deny(args, io),
});

export const approvals: Group = {
  about: 'See and decide what waits for approval',
  standard: 'ls',
  commands: { ls, show, allow, deny },
  examples: [['farhand approvals', 'what waits']],
};
