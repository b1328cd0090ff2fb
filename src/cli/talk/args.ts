import type { ArgsDef } from 'citty';
import { modes, readMode } from '../../protocol/modes.ts';
import { discoverArg } from '../models/discovery.ts';
import { commonArgs } from '../program/command.ts';
import { type Misuse, misuse } from '../program/outcome.ts';
import { reachArgs } from './reach.ts';

/** Which conversation, and how it works. */
export const talkArgs = {
  agent: {
    type: 'string',
    alias: 'a',
    valueHint: 'id or name',
    description: 'The agent (default: the default agent)',
  },
  conversation: {
    type: 'string',
    alias: 'c',
    valueHint: 'id',
    description: "The conversation (default: the agent's main one)",
  },
  new: {
    type: 'boolean',
    description: 'Begin a new conversation in this folder; with --conversation, under that id',
  },
  mode: {
    type: 'string',
    valueHint: modes.join('|'),
    description: 'Permission mode: what is done without asking',
  },
  model: {
    type: 'string',
    alias: 'm',
    valueHint: 'provider/model',
    description: 'Let this model work the conversation, now and later',
  },
  effort: {
    type: 'enum',
    options: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    description: 'With --model: how hard it thinks',
  },
  cwd: { type: 'string', valueHint: 'folder', description: 'Let the conversation work in this folder' },
  ...discoverArg,
  ...reachArgs,
  ...commonArgs,
} as const satisfies ArgsDef;

/** The mode's one name, undefined where none was given. */
export function modeOf(given: string | undefined): string | undefined | Misuse {
  if (given === undefined) return undefined;
  return readMode(given) ?? misuse(`There is no permission mode "${given}". Modes: ${modes.join(', ')}.`);
}
