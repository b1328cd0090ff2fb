import { withDiscovery } from '../models/discovery.ts';
import { command } from '../program/command.ts';
import { talkArgs } from '../talk/args.ts';

export const chat = command({
  about: 'Talk with an agent in this folder (the same as farhand alone)',
  details:
    "Goes on with the agent's main conversation, or begins another with --new. Any number of terminals may be on one\n" +
    'conversation. Lines that are piped in are worked one after the other, as if they had been typed.',
  args: talkArgs,
  examples: [
    ['farhand', 'the main conversation of the default agent'],
    ['farhand --model ollama/qwen3-coder', 'with that model from now on'],
    ['farhand --new --mode acceptEdits', 'a new conversation whose edits in this folder need no approval'],
    [`printf 'run npm test\\ny\\n' | farhand chat`, 'from a script: a message, then the approval'],
  ],
  run: async (args, io) => (await import('../run/chat.ts')).runChat(args, withDiscovery(args, io)),
});
