import type { Client } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Misuse } from '../program/outcome.ts';
import { modeOf } from './args.ts';
import { type Before, configure } from './configure.ts';
import { findFolder } from './folder.ts';
import { findPlace, type Place, type PlaceArgs } from './place.ts';

export type SettledArgs = PlaceArgs & {
  readonly mode?: string | undefined;
  readonly cwd?: string | undefined;
};

/**
 * The conversation that the flags name, in the mode and the folder that they ask for. A new one works in the folder of the person who
 * began it; any other keeps its own. `before`: what was changed, null where nothing was.
 */
export async function settle(
  client: Client,
  args: SettledArgs,
  folder: string,
): Promise<{ readonly place: Place; readonly before: Before | null } | Failure | Misuse> {
  const mode = modeOf(args.mode);
  if (typeof mode === 'object') return mode;
  const asked = args.cwd === undefined ? null : findFolder(folder, args.cwd);
  if (asked && 'code' in asked) return asked;
  const place = await findPlace(client, args);
  if ('code' in place) return place;
  const cwd = asked?.path ?? (place.fresh ? folder : undefined);
  if (mode === undefined && cwd === undefined) return { place, before: null };
  const settings = { ...(mode !== undefined && { mode }), ...(cwd !== undefined && { cwd }) };
  const before = await configure(client, place.scope, settings);
  return 'code' in before ? before : { place, before };
}
