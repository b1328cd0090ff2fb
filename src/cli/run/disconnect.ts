import { failure } from '../../protocol/errors.ts';
import { storedIn } from '../../runtime/models/finder.ts';
import { isNoModel, keyVariableIn } from '../../runtime/models/handles.ts';
import { findProvider } from '../../runtime/models/providers.ts';
import { changeSettings } from '../models/change-settings.ts';
import { modelsOf } from '../models/models-of.ts';
import { type Io, say, sayJson } from '../program/io.ts';
import type { Outcome } from '../program/outcome.ts';

type Args = { readonly provider: string; readonly json?: boolean | undefined };

export async function runDisconnect({ provider: given, json }: Args, io: Io): Promise<Outcome> {
  const finder = modelsOf(io);
  const settings = finder.settings();
  if (isNoModel(settings)) return settings;
  const provider = findProvider(given.trim().toLowerCase());
  const stored = provider && typeof provider !== 'string' ? storedIn(settings, provider) : undefined;
  if (!provider || typeof provider === 'string' || !stored) {
    const variable = provider && typeof provider !== 'string' ? keyVariableIn(provider, io.env) : undefined;
    const advice = variable
      ? `It is used because ${variable} is set: unset that.`
      : 'See farhand connect --list for those that are.';
    return failure('not_found', `"${given}" is not connected. ${advice}`);
  }
  const { prefix, name } = provider;
  const { keys, settings: file } = finder.sources;
  try {
    if (stored.key) await keys.remove(prefix, stored.key);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('home_unwritable', `${why}, so ${name} stays connected. Unlock it, and try again.`);
  }
  const loses = settings.model?.startsWith(`${prefix}/`) ?? false;
  const refused = changeSettings(file, ({ model, ...before }) => {
    const { [prefix]: _, ...rest } = before.providers ?? {};
    return { ...before, ...(model !== undefined && !loses && { model }), providers: rest };
  });
  if (refused) return refused;
  if (json) sayJson(io, { disconnected: prefix, model: loses ? null : (settings.model ?? null) });
  else {
    say(io, `${name} is disconnected, and its key is forgotten.`);
    if (loses)
      say(
        io,
        `${settings.model} is no longer the model of whoever chooses none: farhand models use <model>.`,
      );
  }
  return 0;
}
