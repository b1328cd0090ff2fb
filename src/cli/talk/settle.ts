import type { Client } from '../../client/client.ts';
import type { Failure } from '../../protocol/errors.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import { modeOf } from './args.ts';
import { type Before, configure, type Settings } from './configure.ts';
import { findFolder } from './folder.ts';
import { awayPlace, findPlace, type Place, type PlaceArgs } from './place.ts';

export type SettingsArgs = {
  readonly mode?: string | undefined;
  readonly cwd?: string | undefined;
  readonly model?: string | undefined;
  readonly effort?: string | undefined;
};

/**
 * What the flags ask for, checked on this side; `from` is the folder of whoever asks. Null: it is about another machine, whose folders
 * only that one knows.
 */
export function settingsOf(args: SettingsArgs, from: string | null): Settings | Failure | Misuse {
  if (args.effort !== undefined && args.model === undefined)
    return misuse('--effort is about a model: say which with --model.');
  const mode = modeOf(args.mode);
  if (typeof mode === 'object') return mode;
  const folder = args.cwd === undefined ? null : folderOf(args.cwd, from);
  if (folder && 'code' in folder) return folder;
  return { ...(mode !== undefined && { mode }), ...(folder && { cwd: folder.path }) };
}

function folderOf(asked: string, from: string | null): { readonly path: string } | Failure | Misuse {
  if (from !== null) return findFolder(from, asked);
  if (/^(\/|[A-Za-z]:[\\/])/.test(asked)) return { path: asked };
  return misuse(`"${asked}" could be anywhere on the other machine. Write the whole path of the folder.`);
}

/** `before`: what was changed, null where nothing was. */
export type Settled = { readonly place: Place; readonly before: Before | null };

/**
 * The conversation that the flags name, in the mode and the folder that they ask for. A new one works in the folder of the person who
 * began it, where they sit at the same machine; any other keeps its own.
 */
export async function settle(
  client: Client,
  args: PlaceArgs & Pick<SettingsArgs, 'model' | 'effort'>,
  asked: Settings,
  from: string | null,
): Promise<Settled | Failure | Misuse> {
  const found = await findPlace(client, args);
  const { model, effort } = args;
  const wishes = { ...asked, ...(model !== undefined && { model }) };
  const there = awayPlace(found, args, wishes, client.state().device.agentId) ?? found;
  if ('code' in there) return there;
  const place = model === undefined ? there : await withModel(client, there, model, effort);
  if ('code' in place) return place;
  const settings = place.fresh && from !== null ? { cwd: from, ...asked } : asked;
  if (Object.keys(settings).length === 0) return { place, before: null };
  const before = await configure(client, place.scope, settings);
  return 'code' in before ? before : { place, before };
}

async function withModel(
  client: Client,
  place: Place,
  model: string,
  effort: string | undefined,
): Promise<Place | Failure> {
  const payload = { model_handle: model, ...(effort !== undefined && { reasoning_effort: effort }) };
  const changed = await client.call('update_model', { runtime: { ...place.scope }, payload });
  return changed.ok ? { ...place, agent: { ...place.agent, model } } : changed.failure;
}
