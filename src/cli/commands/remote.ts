import { hostname } from 'node:os';
import { command, commonArgs } from '../program/command.ts';
import { errStyle, type Io, note, say, sayJson } from '../program/io.ts';
import type { Outcome } from '../program/outcome.ts';
import type { RemoteFlags } from '../remote/endpoint.ts';
import type { RemoteEvent } from '../remote/remote.ts';

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
      description: 'Its token; better in FARHAND_TOKEN or LETTA_API_KEY',
    },
    'env-name': {
      type: 'string',
      valueHint: 'name',
      description: 'How this machine is called there (default: its host name)',
    },
    'computer-name': { type: 'string', valueHint: 'name', description: 'The same' },
    direct: { type: 'boolean', description: 'Dial the URL itself, without registering' },
    insecure: { type: 'boolean', description: 'Let the token cross the network unencrypted' },
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
  run: (args, io) => start({ ...args, envName: args['env-name'], computerName: args['computer-name'] }, io),
});

type Flags = RemoteFlags & { readonly json?: boolean | undefined };

async function start(flags: Flags, io: Io): Promise<Outcome> {
  const { homePaths } = await import('../home/paths.ts');
  const { readEndpoint } = await import('../remote/endpoint.ts');
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  const endpoint = readEndpoint(flags, io.env, { hostname: hostname() });
  if ('code' in endpoint) return endpoint;
  const { attach } = await import('../talk/attach.ts');
  const { readHomeFile } = await import('../talk/home-file.ts');
  const { readIdentity } = await import('../remote/identity.ts');
  const attached = await attach(io);
  if ('code' in attached) return attached;
  const file = readHomeFile(paths);
  const identity = file && 'code' in file ? file : readIdentity(io.env, file?.deviceId ?? '');
  const { leave } = await import('../talk/leave.ts');
  const { hearInterrupts } = await import('../talk/interrupts.ts');
  const interrupts = hearInterrupts(io);
  try {
    if ('code' in identity) return identity;
    const { runRemote } = await import('../remote/remote.ts');
    const { systemClock } = await import('../../link/clock.ts');
    const { version } = await import('../version.ts');
    const running = runRemote({
      member: attached.member,
      endpoint,
      identity,
      version,
      clock: systemClock,
      random: Math.random,
      report: (event) => (flags.json ? sayJson(io, event) : tell(event, endpoint.base, io)),
    });
    interrupts.first.addEventListener('abort', () => running.stop());
    const refused = await running.done;
    // With --json the event `refused` has told it.
    if (refused) return flags.json ? 1 : refused;
    return interrupts.first.reason === 'SIGINT' ? 130 : 0;
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}

function tell(event: RemoteEvent, base: string, io: Io): void {
  switch (event.event) {
    case 'connected':
      return say(io, `Connected to ${base} (${event.mode}) as device ${event.deviceId}. Ctrl-C stops.`);
    case 'disconnected':
      return note(
        io,
        errStyle(io).yellow(`Disconnected (${event.code}${event.reason ? `: ${event.reason}` : ''}).`),
      );
    case 'retry':
      // The first attempt after a loss follows at once.
      if (event.delayMs === 0) return;
      return note(
        io,
        errStyle(io).yellow(`${event.message}. Trying again in ${Math.ceil(event.delayMs / 1000)} s.`),
      );
    case 'refused':
      // The command ends with it.
      return;
  }
}
