import type { Failure } from '../../protocol/errors.ts';
import { printable } from '../show/printable.ts';
import { errStyle, type Io, note, sayJson } from './io.ts';

/** Wrong usage: the command line itself cannot be followed. */
export type Misuse = { readonly code: 'usage'; readonly message: string };

/** How a command ended: an exit code of its own, or what went wrong. */
export type Outcome = 0 | 1 | 130 | Failure | Misuse;

export const misuse = (message: string): Misuse => ({ code: 'usage', message });

export const isProblem = <T>(value: T | Failure | Misuse): value is Failure | Misuse =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value;

/** Shown by every help page: scripts rely on it. */
export const exitCodes = '0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C';

/** The exit code; a problem is told first, to people on stderr, to programs as the one JSON document of stdout. */
export function conclude(outcome: Outcome, io: Io, json: boolean): number {
  if (typeof outcome === 'number') return outcome;
  const { code, message } = outcome;
  if (json) sayJson(io, { error: { code, message } });
  else note(io, `${errStyle(io).red('farhand:')} ${printable(message)}`);
  return code === 'usage' ? 2 : 1;
}
