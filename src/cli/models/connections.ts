import { addressOf } from '../../runtime/models/endpoint.ts';
import { type ModelFinder, storedIn } from '../../runtime/models/finder.ts';
import { isNoModel, keyVariableIn } from '../../runtime/models/handles.ts';
import { type Provider, providers } from '../../runtime/models/providers.ts';
import { type Io, outStyle, say, sayJson } from '../program/io.ts';
import type { Outcome } from '../program/outcome.ts';

type Connection = {
  readonly id: string;
  readonly name: string;
  /** Null: not connected. `none`: connected, and it needs no key. */
  readonly key: 'keyring' | 'file' | 'environment' | 'none' | null;
  readonly variable: string;
  readonly base_url: string | null;
  /** What is wrong with it. */
  readonly problem: string | null;
};

/** Every provider and what is known of it here. Sends nothing. */
export async function listConnections(finder: ModelFinder, json: boolean, io: Io): Promise<Outcome> {
  const named = finder.named();
  const found = await Promise.all(providers.map((one) => connectionOf(one, named.includes(one), finder)));
  if (json) sayJson(io, { providers: found });
  else for (const line of linesOf(found, io)) say(io, line);
  return 0;
}

async function connectionOf(provider: Provider, isNamed: boolean, finder: ModelFinder): Promise<Connection> {
  const { prefix: id, name, keyVariables, baseUrl } = provider;
  const { env } = finder.sources;
  const settings = finder.settings();
  const stored = isNoModel(settings) ? undefined : storedIn(settings, provider);
  const variable = keyVariableIn(provider, env);
  const row = { id, name, variable: variable ?? keyVariables[0], base_url: baseUrl, problem: null };
  if (!isNamed) return { ...row, key: null };
  const key = variable !== undefined ? 'environment' : (stored?.key ?? 'none');
  const endpoint = await finder.endpoint(provider);
  if (isNoModel(endpoint)) return { ...row, key, problem: endpoint.message };
  return { ...row, key, base_url: addressOf(endpoint) };
}

function linesOf(found: readonly Connection[], io: Io): string[] {
  const { dim, green, red } = outStyle(io);
  const width = Math.max(...found.map(({ id }) => id.length));
  return found.map(({ id, key, variable, base_url: address, problem }) => {
    const left = id.padEnd(width);
    if (problem !== null) return `${red('wrong     ')}  ${left}  ${problem}`;
    if (key === null) return dim(`-           ${left}  ${address ?? ''}`);
    const where = {
      keyring: 'key in the keyring',
      file: 'key in a file',
      environment: `key in ${variable}`,
      none: 'no key',
    };
    return `${green('connected ')}  ${left}  ${address ?? ''}  ${where[key]}`;
  });
}
