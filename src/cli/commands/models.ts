import { discoverArg } from '../models/discovery.ts';
import { command, commonArgs, type Group, jsonArg } from '../program/command.ts';

const runs = () => import('../run/models.ts');

const ls = command({
  about: 'List the models that can be used now',
  details:
    'Asks every provider that is connected or whose variables are set, and a model server on this machine. Shows how many tokens a\n' +
    'model reads at once, what a million of them cost (in and out, in dollars), and what it takes beside text. * is the default.',
  args: {
    provider: { type: 'positional', required: false, description: 'Only those of this provider' },
    all: {
      type: 'boolean',
      description: 'Also what cannot be talked with, and what providers offer that are not connected',
    },
    ...discoverArg,
    ...jsonArg,
    ...commonArgs,
  },
  examples: [
    ['farhand models', 'everything'],
    ['farhand models openrouter', 'of one provider'],
  ],
  run: async (args, io) => (await runs()).list(args, io),
});

const use = command({
  about: 'Choose the model of whoever chooses none',
  args: {
    model: { type: 'positional', required: true, description: 'provider/model, or demo' },
    ...jsonArg,
    ...commonArgs,
  },
  examples: [['farhand models use ollama/qwen3-coder', 'for everything that begins from now on']],
  run: async (args, io) => (await runs()).use(args, io),
});

export const models: Group = {
  about: 'List models, and choose the default',
  standard: 'ls',
  commands: { ls, use },
  examples: [
    ['farhand models', 'what can be used now'],
    ['farhand models groq', 'of one provider'],
    ['farhand models use anthropic/claude-sonnet-5', 'the model of whoever chooses none'],
  ],
};
