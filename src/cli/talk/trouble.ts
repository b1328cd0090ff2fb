import type { Failure } from '../../protocol/errors.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { printable } from '../show/printable.ts';

/** Tells what no caller is there to hear. */
export const troubleTo =
  (io: Io) =>
  ({ message }: Failure): void =>
    note(io, errStyle(io).yellow(`farhand: ${printable(message)}`));
