import { discoverArg, withDiscovery } from '../models/discovery.ts';
import { type Command, commonArgs } from '../program/command.ts';
import { isProblem } from '../program/outcome.ts';
import { readArgs } from '../program/read-args.ts';

const args = {
  host: {
    type: 'string',
    valueHint: 'address',
    default: '127.0.0.1',
    description: 'Where to listen; 0.0.0.0 is every network of this machine',
  },
  port: { type: 'string', valueHint: 'number', default: '8283', description: '0 takes any that is free' },
  'public-url': {
    type: 'string',
    valueHint: 'url',
    description: 'How others reach this broker, when a proxy stands before it',
  },
  'allow-host': {
    type: 'string',
    valueHint: 'name[:port]',
    description: 'Another name of this broker; may be given several times',
  },
  'allow-origin': {
    type: 'string',
    valueHint: 'origin',
    description: 'Another web page that may use it; may be given several times',
  },
  'tls-cert': {
    type: 'string',
    valueHint: 'file',
    description: 'Certificate chain (PEM), for https and wss',
  },
  'tls-key': { type: 'string', valueHint: 'file', description: 'Its key (PEM)' },
  'no-runtime': { type: 'boolean', description: 'Only the broker, without the agents of this machine' },
  name: {
    type: 'string',
    valueHint: 'name',
    description: 'How this machine is called there (default: its host name)',
  },
  ...discoverArg,
  json: { type: 'boolean', description: 'Print what it listens at, and its log, as lines of JSON' },
  ...commonArgs,
} as const;

export const serve: Command = {
  about: 'Run a broker: agents of many machines, reachable from anywhere',
  details:
    'Devices and clients connect to it, each with a token; what clients send to a device that is away waits here until it is back.\n' +
    'The agents of this machine are offered too. The first start makes a token of each kind; farhand tokens makes more.',
  args,
  examples: [
    ['farhand serve', 'for this machine alone'],
    ['farhand serve --public-url https://agents.example.org --no-runtime', 'behind a proxy with TLS'],
    ['farhand serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem', 'for your network, encrypted'],
  ],
  async run(raw, io) {
    const read = readArgs(args, raw);
    if (isProblem(read)) return read;
    const { repeated } = await import('../serve/repeated.ts');
    const flags = {
      host: read.host,
      port: read.port,
      publicUrl: read['public-url'],
      allowHosts: repeated(raw, 'allow-host'),
      allowOrigins: repeated(raw, 'allow-origin'),
      tlsCert: read['tls-cert'],
      tlsKey: read['tls-key'],
      // `--no-x` is read as `x: false`.
      runtime: read.runtime !== false,
      name: read.name,
      json: read.json,
    };
    return (await import('../run/serve.ts')).runServe(flags, withDiscovery(read, io));
  },
};
