import type { Failure } from '../../protocol/errors.ts';
import type { Io } from '../program/io.ts';
import type { Misuse } from '../program/outcome.ts';
import { type Attached, attach } from './attach.ts';
import { hearInterrupts, type Interrupts } from './interrupts.ts';
import { leave } from './leave.ts';
import type { ReachFlags } from './reach.ts';

export type Here = Attached & { readonly interrupts: Interrupts };

/** For a command that stays for a while: attaches, works, and leaves in good order, whatever comes of the work. */
export async function stay<T>(
  flags: ReachFlags,
  io: Io,
  work: (here: Here) => Promise<T>,
  tell?: (text: string) => void,
): Promise<T | Failure | Misuse> {
  const attached = await attach(flags, io, tell);
  if ('code' in attached) return attached;
  const interrupts = hearInterrupts(io);
  try {
    return await work({ ...attached, interrupts });
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}
