import { type Client, type ClientState, createClient } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import { Member } from '../home/member.ts';
import { homePaths } from '../home/paths.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { printable } from '../show/printable.ts';

/** Takes this process's place in its home. */
export async function joinHome(io: Io): Promise<Member | Failure> {
  const paths = homePaths(io.env);
  if ('code' in paths) return paths;
  const trouble = (what: string, error: unknown) =>
    note(io, errStyle(io).red(`farhand: ${what}: ${error instanceof Error ? error.message : String(error)}`));
  const member = new Member(paths, { cwd: io.cwd, trouble });
  return (await member.join()) ?? member;
}

/** This process in its home, and a client of whoever owns it: a command is a client like any other. */
export type Attached = { readonly client: Client; readonly member: Member };

export async function attach(
  io: Io,
  onState?: (state: ClientState, member: Member) => void,
): Promise<Attached | Failure> {
  const member = await joinHome(io);
  if ('code' in member) return member;
  const client = createClient({
    open: () => member.open(),
    name: 'farhand',
    onTrouble: ({ message }) => note(io, errStyle(io).yellow(`farhand: ${printable(message)}`)),
    ...(onState && { onState: (state) => onState(state, member) }),
  });
  return { client, member };
}

/** For a command that asks something and ends: attaches, works, leaves. */
export async function attached<T>(io: Io, work: (attached: Attached) => Promise<T>): Promise<T | Failure> {
  const here = await attach(io);
  if ('code' in here) return here;
  try {
    return await work(here);
  } finally {
    here.client.close();
    await here.member.leave();
  }
}
