import { type Client, createClient } from '../../client/client.ts';
import type { ClientState } from '../../client/state.ts';
import type { Failure } from '../../protocol/errors.ts';
import { Member } from '../home/member.ts';
import { homePaths } from '../home/paths.ts';
import { mayDiscover } from '../models/discovery.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { isProblem, type Misuse } from '../program/outcome.ts';
import { ownerNews } from './owner-news.ts';
import { type ReachFlags, readReach } from './reach.ts';
import { stateWatch } from './state-watch.ts';
import { troubleTo } from './trouble.ts';

/** Takes this process's place in its home. */
export async function joinHome(io: Io): Promise<Member | Failure> {
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  const trouble = (what: string, error: unknown) =>
    note(io, errStyle(io).red(`farhand: ${what}: ${error instanceof Error ? error.message : String(error)}`));
  const member = new Member(paths, { cwd: io.cwd, discover: mayDiscover(io.env), trouble });
  return (await member.join()) ?? member;
}

/** A command is a client like any other: of whoever owns this home, as a process in it, or of another machine. */
export type Attached = {
  readonly client: Client;
  /** Null: the command is about another machine, and this home is left alone. */
  readonly member: Member | null;
  /** The folder that a new conversation works in; null: what the machine itself chooses. */
  readonly folder: string | null;
  /** Resolves with true as soon as the client's state is so, with false when it is given up before. */
  until(is: (state: ClientState) => boolean, giveUp: AbortSignal): Promise<boolean>;
};

/** `tell` hears what a person should know about the way to the machine; without it only the way to another one is told of. */
export async function attach(
  flags: ReachFlags,
  io: Io,
  tell?: (text: string) => void,
): Promise<Attached | Failure | Misuse> {
  const reach = readReach(flags, io.env);
  if (isProblem(reach)) return reach;
  if (!reach) return attachHome(io, tell);
  // Only who goes elsewhere pays for the way there.
  const { attachFar } = await import('./attach-far.ts');
  return attachFar(reach, io, tell ?? ((text) => note(io, errStyle(io).yellow(text))));
}

async function attachHome(io: Io, tell?: (text: string) => void): Promise<Attached | Failure> {
  const member = await joinHome(io);
  if ('code' in member) return member;
  const states = stateWatch();
  const news = tell && ownerNews(tell);
  const client = createClient({
    open: () => member.open(),
    name: 'farhand',
    onTrouble: troubleTo(io),
    onState(state) {
      news?.(state, member);
      states.changed(state);
    },
  });
  const until: Attached['until'] = (is, giveUp) => states.until(client, is, giveUp);
  return { client, member, folder: io.cwd, until };
}

/** For a command that asks something and ends: attaches, works, leaves. */
export async function attached<T>(
  flags: ReachFlags,
  io: Io,
  work: (attached: Attached) => Promise<T>,
): Promise<T | Failure | Misuse> {
  const here = await attach(flags, io);
  if ('code' in here) return here;
  try {
    return await work(here);
  } finally {
    here.client.close();
    await here.member?.leave();
  }
}
