import { discoverArg, withDiscovery } from '../models/discovery.ts';
import { command, commonArgs } from '../program/command.ts';

export const appServer = command({
  about: 'Let programs on this machine, or elsewhere with a token, talk with your agents',
  details:
    'Listens for WebSockets of the App Server protocol, which the Agent SDK and stock clients speak, and prints two lines: its base URL\n' +
    'and its WebSocket URL. /readyz, /healthz and /app-server-info answer plain HTTP. What agents do goes on when clients leave.',
  args: {
    listen: {
      type: 'string',
      valueHint: 'url',
      default: 'ws://127.0.0.1:0',
      description: 'Where: ws://host:port/path; port 0 takes any that is free',
    },
    'ws-auth': {
      type: 'string',
      valueHint: 'mode',
      description:
        'Who may connect: capability-token; without it every program on this machine, and no other',
    },
    'ws-token-file': {
      type: 'string',
      valueHint: 'file',
      description: 'Absolute path of a file with the token',
    },
    'ws-token-sha256': {
      type: 'string',
      valueHint: 'hex',
      description: 'Or its SHA-256, so that the token itself stands nowhere here',
    },
    cwd: {
      type: 'string',
      valueHint: 'folder',
      description: 'Where new conversations work (default: this folder)',
    },
    'exit-with-parent': {
      type: 'boolean',
      description: 'End when standard input ends, as it does with the program that started this one',
    },
    ...discoverArg,
    json: { type: 'boolean', description: 'Print the two URLs as one line of JSON' },
    ...commonArgs,
  },
  examples: [
    ['farhand app-server --listen ws://127.0.0.1:4500', 'for the programs of this machine'],
    [
      'farhand app-server --listen ws://0.0.0.0:4500 --ws-auth capability-token --ws-token-file /etc/farhand/token',
      'for other machines; put TLS before it',
    ],
    ['farhand app-server --json --exit-with-parent', 'started by a program, which reads the address'],
  ],
  run: async (
    {
      'ws-auth': wsAuth,
      'ws-token-file': wsTokenFile,
      'ws-token-sha256': wsTokenSha256,
      'exit-with-parent': exitWithParent,
      ...args
    },
    io,
  ) =>
    (await import('../run/app-server.ts')).runAppServer(
      { ...args, wsAuth, wsTokenFile, wsTokenSha256, exitWithParent },
      withDiscovery(args, io),
    ),
});
