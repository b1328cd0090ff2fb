import type { ArgsDef } from 'citty';
import { commonArgs, jsonArg } from '../program/command.ts';
import type { Program } from '../program/run.ts';
import { talkArgs } from '../talk/args.ts';

/** Each command is loaded when it is called: what `agents` needs must not slow down `--help`. */
export const entries: Program['entries'] = {
  chat: { about: 'Talk with an agent in this folder', load: async () => (await import('./chat.ts')).chat },
  print: {
    about: 'Send one prompt, print the answer, end (farhand -p)',
    load: async () => (await import('./print.ts')).print,
  },
  remote: {
    about: 'Offer this machine at a server',
    aliases: ['server'],
    load: async () => (await import('./remote.ts')).remote,
  },
  'app-server': {
    about: 'Let other programs talk with your agents',
    load: async () => (await import('./app-server.ts')).appServer,
  },
  serve: {
    about: 'Run a broker: agents of many machines, reachable from anywhere',
    load: async () => (await import('./serve.ts')).serve,
  },
  environments: {
    about: 'See the machines of a broker',
    load: async () => (await import('./environments.ts')).environments,
  },
  tokens: {
    about: 'Make, list and revoke tokens of the broker of this home',
    load: async () => (await import('./tokens.ts')).tokens,
  },
  connect: {
    about: 'Connect a provider of models',
    load: async () => (await import('./connect.ts')).connect,
  },
  disconnect: {
    about: 'Forget the key and the address of a provider',
    load: async () => (await import('./connect.ts')).disconnect,
  },
  models: {
    about: 'List models, and choose the default',
    load: async () => (await import('./models.ts')).models,
  },
  approvals: {
    about: 'See and decide what waits for approval',
    load: async () => (await import('./approvals.ts')).approvals,
  },
  rules: {
    about: 'See and change what agents may do without asking',
    load: async () => (await import('./rules.ts')).rules,
  },
  conversations: {
    about: 'List, show and create conversations',
    load: async () => (await import('./conversations.ts')).conversations,
  },
  agents: { about: 'List, create and delete agents', load: async () => (await import('./agents.ts')).agents },
  doctor: {
    about: 'Check what farhand needs on this machine',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  completions: {
    about: 'Print a completion script for bash, zsh or fish',
    load: async () => (await import('./completions.ts')).completions,
  },
  shim: {
    about: 'Install or remove a `letta` command that runs farhand',
    load: async () => (await import('./shim.ts')).shim,
  },
};

/** Flags with a value that may stand before a command's name, so that the name is not taken for the value. */
const leading: ArgsDef = { ...talkArgs, ...jsonArg, ...commonArgs };

export const program: Program = {
  entries,
  leading,
  examples: [
    ['farhand', 'talk; without any model of yours with the built-in demo'],
    ['farhand connect', 'bring a model of your own'],
    ['farhand -p "run npm test" --mode unrestricted', 'one turn that may do everything without asking'],
    ['farhand approvals', 'what waits for you, from a second terminal'],
  ],
};
