import type { Variables } from '../../runtime/models/handles.ts';
import type { Io } from '../program/io.ts';

export const discoverArg = {
  'no-discover': {
    type: 'boolean',
    description: 'Do not look for Ollama or LM Studio on this machine where no model is chosen',
  },
} as const;

/** A model server on this machine is looked for unless `FARHAND_DISCOVER` is 0. */
export const mayDiscover = (env: Variables): boolean =>
  !/^(0|no|off|false)$/i.test(env.FARHAND_DISCOVER?.trim() ?? '');

/** What `--no-discover` says holds for whatever the command does; citty reads it as `discover: false`. */
export const withDiscovery = (args: object, io: Io): Io =>
  'discover' in args && args.discover === false ? { ...io, env: { ...io.env, FARHAND_DISCOVER: '0' } } : io;
