import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';

/** Where a home keeps its things. */
export type HomePaths = {
  readonly home: string;
  readonly database: string;
  /** The owner's private socket. */
  readonly socket: string;
  readonly scratch: string;
};

/** `FARHAND_HOME`, else `~/.farhand`. */
export const homeFolder = (env: Variables): string =>
  resolve(env.FARHAND_HOME || join(homedir(), '.farhand'));

/** The home, made when missing, for this user alone. */
export function homePaths(env: Variables): HomePaths | Failure {
  const home = homeFolder(env);
  const scratch = join(home, 'scratch');
  try {
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    accessSync(home, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure(
      'home_unwritable',
      `Farhand cannot write to its home ${home} (${why}). Make it writable, or set FARHAND_HOME to another folder.`,
    );
  }
  return {
    home,
    database: join(home, 'device.db'),
    socket: join(home, 'owner.sock'),
    scratch,
  };
}
