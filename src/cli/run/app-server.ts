import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../../link/clock.ts';
import { startAppServer } from '../app-server/app-server.ts';
import { type AuthFlags, readAuth } from '../app-server/capability-token.ts';
import { readListenUrl } from '../app-server/listen-url.ts';
import { errStyle, type Io, note, say, sayJson } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { printable } from '../show/printable.ts';
import { joinHome } from '../talk/attach.ts';
import { hearInterrupts } from '../talk/interrupts.ts';
import { leave } from '../talk/leave.ts';

export type AppServerFlags = AuthFlags & {
  readonly listen: string;
  readonly cwd?: string | undefined;
  readonly exitWithParent?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** How long tools may run on when the program that started this one has ended. */
const orphanedMs = 10_000;

export async function runAppServer(flags: AppServerFlags, io: Io): Promise<Outcome> {
  const listen = readListenUrl(flags.listen);
  if (isProblem(listen)) return listen;
  const checkToken = readAuth(flags);
  if (isProblem(checkToken)) return checkToken;
  // [SEC-1]
  if (!checkToken && !listen.isLoopback)
    return misuse(
      `${listen.host} can be reached from other machines, and every client may do all that you may. Add --ws-auth capability-token, or listen at 127.0.0.1.`,
    );
  const cwd = resolve(io.cwd, flags.cwd ?? '.');
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    return misuse(`--cwd ${flags.cwd} is no folder.`);

  const member = await joinHome({ ...io, cwd });
  if ('code' in member) return member;
  const interrupts = hearInterrupts(io);
  const orphaned = flags.exitWithParent ? parentGone(io) : null;
  const over = AbortSignal.any(orphaned ? [interrupts.first, orphaned] : [interrupts.first]);
  const warn = (text: string): void => note(io, errStyle(io).yellow(text));
  const server = await startAppServer({
    listen,
    checkToken,
    member,
    clock: systemClock,
    random: Math.random,
    ownerAway: (delayMs, message) =>
      warn(`${printable(message)}. Trying again in ${Math.ceil(delayMs / 1000)} s.`),
  });
  if ('code' in server) {
    await member.leave();
    interrupts.stop();
    return server;
  }
  const { url, wsUrl } = server;
  if (!checkToken)
    warn(
      'Any program on this machine may connect. With --ws-auth capability-token only those that have a token.',
    );
  if (!member.owner && flags.cwd !== undefined)
    warn('Another process runs this home: new conversations begin in its folder, not in that of --cwd.');
  if (flags.json) sayJson(io, { event: 'listening', url, wsUrl });
  else for (const line of [url, wsUrl]) say(io, line);

  await aborted(over);
  server.close();
  const hurried = orphaned?.aborted ? AbortSignal.timeout(orphanedMs) : interrupts.second;
  await leave({ member }, io, AbortSignal.any([hurried, interrupts.second]));
  server.end();
  interrupts.stop();
  return interrupts.first.reason === 'SIGINT' ? 130 : 0;
}

/** The other end of standard input is the program that started this one: it ends with it. */
function parentGone(io: Io): AbortSignal {
  const gone = new AbortController();
  const end = (): void => gone.abort();
  io.in.once('end', end).once('close', end).once('error', end);
  io.in.resume();
  return gone.signal;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
