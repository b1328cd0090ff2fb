import { hostname } from 'node:os';
import { systemClock } from '../../link/clock.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { type HomePaths, homePaths } from '../home/paths.ts';
import { errStyle, type Io, note, say, sayJson } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { type RemoteFlags, readEndpoint } from '../remote/endpoint.ts';
import { type Identity, readIdentity } from '../remote/identity.ts';
import { type RemoteEvent, runRemote } from '../remote/remote.ts';
import { printable, sentence } from '../show/printable.ts';
import { joinHome } from '../talk/attach.ts';
import { readHomeFile } from '../talk/home-file.ts';
import { hearInterrupts } from '../talk/interrupts.ts';
import { leave } from '../talk/leave.ts';
import { savedToken } from '../talk/saved-tokens.ts';
import { version } from '../version.ts';

export async function runRemoteCommand(
  flags: RemoteFlags & { readonly json?: boolean | undefined },
  io: Io,
): Promise<Outcome> {
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  const endpoint = readEndpoint(flags, io.env, {
    hostname: hostname(),
    token: (base) => savedToken(io.env, base, 'device'),
  });
  if ('code' in endpoint) return endpoint;
  const member = await joinHome(io);
  if ('code' in member) return member;
  const interrupts = hearInterrupts(io);
  try {
    const identity = identityOf(paths, io);
    if (isProblem(identity)) return identity;
    const running = runRemote({
      member,
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
    await leave({ member }, io, interrupts.second);
    interrupts.stop();
  }
}

/** The device's id stands in the home, whoever runs it now. */
function identityOf(paths: HomePaths, io: Io): Identity | Failure {
  const file = readHomeFile(paths);
  if (file && 'code' in file) return file;
  if (!file?.deviceId) return failure('store_failed', `${paths.database} has no device id. Start again.`);
  return readIdentity(io.env, file.deviceId);
}

function tell(event: RemoteEvent, base: string, io: Io): void {
  const warn = (text: string) => note(io, errStyle(io).yellow(printable(text)));
  switch (event.event) {
    case 'connected':
      return say(io, `Connected to ${base} (${event.mode}) as device ${event.deviceId}. Ctrl-C stops.`);
    case 'disconnected':
      return warn(`Disconnected (${event.code}${event.reason ? `: ${event.reason}` : ''}).`);
    case 'retry':
      // The first attempt after a loss follows at once.
      if (event.delayMs === 0) return;
      return warn(`${sentence(event.message)} Trying again in ${Math.ceil(event.delayMs / 1000)} s.`);
    case 'refused':
      // The command ends with it.
      return;
  }
}
