import type { Client } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import type { Misuse } from '../program/outcome.ts';
import { modeOf } from './args.ts';
import { type Before, configure, type Settings } from './configure.ts';
import { findFolder } from './folder.ts';
import { findPlace, type Place, type PlaceArgs } from './place.ts';

export type SettingsArgs = { readonly mode?: string | undefined; readonly cwd?: string | undefined };

/** What the flags ask for, checked on this side; `from` is the folder of whoever asks. */
export function settingsOf(args: SettingsArgs, from: string): Settings | Failure | Misuse {
  const mode = modeOf(args.mode);
  if (typeof mode === 'object') return mode;
  const folder = args.cwd === undefined ? null : findFolder(from, args.cwd);
  if (folder && 'code' in folder) return folder;
  return { ...(mode !== undefined && { mode }), ...(folder && { cwd: folder.path }) };
}

/** `before`: what was changed, null where nothing was. */
export type Settled = { readonly place: Place; readonly before: Before | null };

/**
 * The conversation that the flags name, in the mode and the folder that they ask for. A new one works in the folder of the person who
 * began it; any other keeps its own.
 */
export async function settle(
  client: Client,
  args: PlaceArgs,
  asked: Settings,
  from: string,
): Promise<Settled | Failure | Misuse> {
  const place = await findPlace(client, args);
  if ('code' in place) return place;
  const settings = place.fresh ? { cwd: from, ...asked } : asked;
  if (Object.keys(settings).length === 0) return { place, before: null };
  const before = await configure(client, place.scope, settings);
  return 'code' in before ? before : { place, before };
}
