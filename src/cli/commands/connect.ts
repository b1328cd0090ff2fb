import { type Command, command, commonArgs, jsonArg } from '../program/command.ts';
import { isProblem, misuse } from '../program/outcome.ts';
import { readArgs } from '../program/read-args.ts';

const args = {
  provider: { type: 'positional', required: false, description: 'Such as anthropic, openai, groq, ollama' },
  'key-stdin': { type: 'boolean', description: 'Read the key from standard input' },
  'base-url': {
    type: 'string',
    valueHint: 'url',
    description: 'Its address, where that is not the usual one',
  },
  model: {
    type: 'string',
    alias: 'm',
    valueHint: 'model',
    description: 'Let this be the model of whoever chooses none',
  },
  'no-test': { type: 'boolean', description: 'Store the key without trying it' },
  list: { type: 'boolean', description: 'Show which providers there are and which are connected' },
  ...jsonArg,
  ...commonArgs,
} as const;

export const connect: Command = {
  about: 'Connect a provider of models',
  details:
    'Tries the key with a real request before it is stored, in the keyring of the system where there is one, else in a file that\n' +
    "only you can read. A key in the provider's usual variable needs no connecting and goes before a stored one.",
  args,
  examples: [
    ['farhand connect', 'asks for everything'],
    ['farhand connect openrouter --key-stdin < key.txt', 'from a script'],
    ['farhand connect openai-compatible --base-url http://127.0.0.1:8000/v1', 'a model server of your own'],
    ['farhand connect --list', 'what is connected'],
  ],
  async run(raw, io) {
    const read = readArgs(args, raw);
    // It would be repeated here, where others may read it.
    if (isProblem(read) && / one word too many/.test(read.message))
      return misuse(
        'A key is no argument: other programs could read it there. Type it when you are asked, or pipe it in with --key-stdin.',
      );
    if (isProblem(read)) return read;
    const { 'key-stdin': keyStdin, 'base-url': baseUrl, test, ...rest } = read;
    const { runConnect } = await import('../run/connect.ts');
    // `--no-x` is read as `x: false`.
    return runConnect({ ...rest, keyStdin, baseUrl, test: test !== false }, io);
  },
};

export const disconnect = command({
  about: 'Forget the key and the address of a provider',
  args: {
    provider: { type: 'positional', required: true, description: 'As farhand connect --list names it' },
    ...jsonArg,
    ...commonArgs,
  },
  examples: [['farhand disconnect groq', 'its key is gone from this machine']],
  run: async (given, io) => (await import('../run/disconnect.ts')).runDisconnect(given, io),
});
