import { withDiscovery } from '../models/discovery.ts';
import { command } from '../program/command.ts';
import { talkArgs } from '../talk/args.ts';

export const print = command({
  about: 'Send one prompt, print the answer, end (the same as farhand -p)',
  details:
    'Without a prompt it is read from standard input. What the turn wants to do and its mode does not allow is denied,\n' +
    'since nobody is there to be asked; --approve wait leaves it to other terminals (farhand approvals).\n' +
    'A --mode holds for this turn only.',
  args: {
    prompt: { type: 'positional', required: false, description: 'The prompt, in quotes' },
    print: {
      type: 'boolean',
      alias: 'p',
      description: 'Says that a prompt follows, where no command is named',
    },
    stdin: { type: 'boolean', description: 'Put standard input behind the prompt; alone it is read anyway' },
    'output-format': {
      type: 'enum',
      options: ['text', 'json', 'stream-json'],
      default: 'text',
      description: 'Text, the result as JSON, or each message of the turn as a line of JSON',
    },
    approve: {
      type: 'enum',
      options: ['deny', 'wait'],
      default: 'deny',
      description: 'What becomes of tool calls that need approval',
    },
    timeout: { type: 'string', valueHint: 'seconds', description: 'Stop the turn after so long' },
    ...talkArgs,
  },
  examples: [
    ['farhand -p "what changed since the last tag?"', 'a question about this folder'],
    ['git diff | farhand -p "review this" --stdin --new', 'the prompt, then what is piped in'],
    ['farhand -p "fix the tests" --mode acceptEdits --output-format stream-json', 'for a program'],
  ],
  run: async ({ 'output-format': format, ...args }, io) =>
    (await import('../run/print.ts')).runPrint({ ...args, format }, withDiscovery(args, io)),
});
