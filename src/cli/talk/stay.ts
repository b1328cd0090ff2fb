import type { ClientState } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Member } from '../home/member.ts';
import type { Io } from '../program/io.ts';
import { type Attached, attach } from './attach.ts';
import { hearInterrupts, type Interrupts } from './interrupts.ts';
import { leave } from './leave.ts';

export type Here = Attached & { readonly interrupts: Interrupts };

/** For a command that stays for a while: attaches, works, and leaves in good order, whatever comes of the work. */
export async function stay<T>(
  io: Io,
  work: (here: Here) => Promise<T>,
  onState?: (state: ClientState, member: Member) => void,
): Promise<T | Failure> {
  const attached = await attach(io, onState);
  if ('code' in attached) return attached;
  const interrupts = hearInterrupts(io);
  try {
    return await work({ ...attached, interrupts });
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}
