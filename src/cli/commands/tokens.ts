import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';

const common = { ...jsonArg, ...commonArgs } as const;
const runs = () => import('../run/tokens.ts');

const create = command({
  about: 'Make a token and print it, this once',
  details:
    'A client token reaches agents; --privileges, --device and --agent say how far. A device token brings in a machine.\n' +
    'Lists are separated by commas. A running farhand serve of this home takes the token at once.',
  args: {
    kind: { type: 'enum', options: ['client', 'device'], required: true, description: 'For whom it is' },
    name: { type: 'string', valueHint: 'name', required: true, description: 'What you will know it by' },
    privileges: {
      type: 'string',
      valueHint: 'list',
      description: 'What a client may do (default: everything that a client can)',
    },
    device: {
      type: 'string',
      valueHint: 'ids',
      description: 'The only devices that a client reaches; the only one that a device token registers',
    },
    agent: { type: 'string', valueHint: 'ids', description: 'The only agents that a client reaches' },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'How long it is good: 45m, 12h, 30d (default: always)',
    },
    ...common,
  },
  examples: [
    ['farhand tokens create --kind device --name build-server', 'for another machine'],
    [
      'farhand tokens create --kind client --name dashboard --privileges observe --expires 30d',
      'that only looks',
    ],
  ],
  run: async (args, io) => (await runs()).create(args, io),
});

const list = command({
  about: 'List the tokens; what they are themselves is kept nowhere',
  args: common,
  examples: [['farhand tokens list', 'all of them']],
  run: async (args, io) => (await runs()).list(args, io),
});

const revoke = command({
  about: 'Revoke a token; what it has opened is closed within a second',
  args: {
    id: { type: 'positional', required: true, description: 'Its id, see farhand tokens list' },
    ...common,
  },
  examples: [['farhand tokens revoke token-c4a1af4ff78a59de', 'for good']],
  run: async (args, io) => (await runs()).revoke(args, io),
});

export const tokens: Group = {
  about: 'Make, list and revoke the tokens of the broker of this home',
  standard: 'list',
  commands: { create, list, revoke },
  examples: [['farhand tokens', 'which there are']],
};
