import { discoverArg, withDiscovery } from '../models/discovery.ts';
import { command, commonArgs } from '../program/command.ts';

export const remote = command({
  about: 'Offer this machine at a server, so that its agents can be reached from there',
  details:
    'Registers as the stock program does and stays connected until it is stopped. A server that answers 426 is dialled itself,\n' +
    'on this machine or with TLS; elsewhere --direct says that you want it. Without a URL it is http://127.0.0.1:8283.',
  args: {
    url: { type: 'string', valueHint: 'url', description: 'The server (else FARHAND_URL, LETTA_BASE_URL)' },
    token: {
      type: 'string',
      valueHint: 'token',
      description:
        'Its device token; better in FARHAND_TOKEN or LETTA_API_KEY (default: the one saved for the URL)',
    },
    'env-name': {
      type: 'string',
      valueHint: 'name',
      description: 'How this machine is called there (default: its host name)',
    },
    'computer-name': { type: 'string', valueHint: 'name', description: 'The same' },
    direct: { type: 'boolean', description: 'Dial the URL itself, without registering' },
    insecure: { type: 'boolean', description: 'Let the token cross the network unencrypted' },
    ...discoverArg,
    json: { type: 'boolean', description: 'Print each event as a line of JSON' },
    ...commonArgs,
  },
  examples: [
    [
      'farhand remote --url https://agents.example.org --env-name work-laptop',
      'offer this machine at a broker',
    ],
    ['LETTA_BASE_URL=http://localhost:8284 farhand remote --env-name local-dev', 'dial a server of your own'],
  ],
  run: async ({ 'env-name': envName, 'computer-name': computerName, ...args }, io) =>
    (await import('../run/remote.ts')).runRemoteCommand(
      { ...args, envName, computerName },
      withDiscovery(args, io),
    ),
});
