import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';

const brokerArgs = {
  url: {
    type: 'string',
    valueHint: 'url',
    description: 'The broker (else FARHAND_URL; default http://127.0.0.1:8283)',
  },
  token: {
    type: 'string',
    valueHint: 'token',
    description:
      'Its client token; better in FARHAND_TOKEN or LETTA_API_KEY (default: the one saved for the URL)',
  },
  insecure: { type: 'boolean', description: 'Let the token cross the network unencrypted' },
  ...jsonArg,
  ...commonArgs,
} as const;
const runs = () => import('../run/environments.ts');

const ls = command({
  about: 'List the machines of a broker, those online first',
  args: { online: { type: 'boolean', description: 'Only those that are there now' }, ...brokerArgs },
  examples: [['farhand environments --url https://agents.example.org', 'who is there']],
  run: async (args, io) => (await runs()).list(args, io),
});

const show = command({
  about: 'Show one of them',
  args: {
    environment: {
      type: 'positional',
      required: true,
      description: 'Its name, its device id, or one of its connection ids',
    },
    ...brokerArgs,
  },
  examples: [['farhand environments show work-laptop --json', 'for scripts']],
  run: async (args, io) => (await runs()).show(args, io),
});

export const environments: Group = {
  about: 'See the machines of a broker',
  standard: 'ls',
  commands: { ls, show },
  examples: [['farhand environments', 'those of the broker on this machine']],
};
