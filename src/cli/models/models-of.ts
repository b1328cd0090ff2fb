import { ModelFinder } from '../../runtime/models/finder.ts';
import { keyStore } from '../../runtime/models/keys.ts';
import { settingsFile } from '../../runtime/settings/settings-file.ts';
import { homeFolder } from '../home/paths.ts';
import type { Io } from '../program/io.ts';
import { mayDiscover } from './discovery.ts';

/** The models of the home, as a process that starts now finds them. Makes no home. */
export function modelsOf({ env }: Pick<Io, 'env'>): ModelFinder {
  const home = homeFolder(env);
  const [settings, keys] = [settingsFile(home), keyStore(home, env)];
  return new ModelFinder({ env, settings, keys, discover: mayDiscover(env) });
}

/** One line for a person whose words are answered by the demo because nothing better was found; null where that is not so. */
export async function demoHint(io: Io): Promise<string | null> {
  const chosen = await modelsOf(io).choose();
  return 'forWant' in chosen
    ? 'No model was found, so the built-in demo answers. To use a real one: farhand connect, or start Ollama or LM Studio.'
    : null;
}
