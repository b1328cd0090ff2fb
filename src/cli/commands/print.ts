import { text as readAll } from 'node:stream/consumers';
import type { Client } from '../../client/client.ts';
import type { Format } from '../print/output.ts';
import { command } from '../program/command.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { talkArgs } from '../talk/args.ts';
import type { Attached } from '../talk/attach.ts';
import type { Before } from '../talk/configure.ts';
import type { Interrupts } from '../talk/interrupts.ts';
import type { Place } from '../talk/place.ts';
import type { SettledArgs } from '../talk/settle.ts';

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
  async run(args, io) {
    const timeoutMs = args.timeout === undefined ? null : Number(args.timeout) * 1000;
    if (timeoutMs !== null && !(timeoutMs > 0 && timeoutMs < 2 ** 31))
      return misuse(`--timeout must be a number of seconds above 0, not "${args.timeout}".`);
    const prompt = await promptOf(args.prompt, args.stdin === true, io);
    if (prompt === '') return misuse('There is no prompt. Write farhand -p "<prompt>", or pipe one in.');
    const { approve, 'output-format': format } = args;
    return printTurn(
      { ...args, prompt, approve: approve === 'wait' ? 'wait' : 'deny', timeoutMs, format: format as Format },
      io,
    );
  },
});

/** Without a prompt, standard input is all of it. With one it is read only on request: it may be a pipe that never ends. */
async function promptOf(given: string | undefined, stdin: boolean, io: Io): Promise<string> {
  const typed = given?.trim() ?? '';
  const reads = stdin || (typed === '' && !io.in.isTTY);
  const piped = reads ? (await readAll(io.in)).trim() : '';
  return [typed, piped].filter((part) => part !== '').join('\n\n');
}

type Options = SettledArgs & {
  readonly prompt: string;
  readonly approve: 'deny' | 'wait';
  readonly timeoutMs: number | null;
  readonly format: Format;
};

async function printTurn(options: Options, io: Io): Promise<Outcome> {
  const { attach } = await import('../talk/attach.ts');
  const { leave } = await import('../talk/leave.ts');
  const { hearInterrupts } = await import('../talk/interrupts.ts');
  const { ownerNews } = await import('../talk/owner-news.ts');
  const news = ownerNews((text) => note(io, errStyle(io).yellow(text)));
  const attached = await attach(io, news);
  if (isProblem(attached)) return attached;
  const interrupts = hearInterrupts(io);
  try {
    return await turnIn(attached, options, interrupts, io);
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}

async function turnIn(
  { client }: Attached,
  options: Options,
  interrupts: Interrupts,
  io: Io,
): Promise<Outcome> {
  const { settle } = await import('../talk/settle.ts');
  const settled = await settle(client, options, io.cwd);
  if (isProblem(settled)) return settled;
  const { place, before } = settled;
  const { exitCodeOf, outputOf } = await import('../print/output.ts');
  const { OneTurn } = await import('../print/one-turn.ts');
  const { Spinner } = await import('../show/spinner.ts');
  const { ulid } = await import('../../runtime/ulid.ts');
  const output = outputOf(options.format, io);
  const spinner = io.err.isTTY ? new Spinner(io.err, errStyle(io)) : null;
  const { scope, agent } = place;
  output.tell({
    type: 'init',
    agentId: scope.agent_id,
    sessionId: `${scope.agent_id}:${scope.conversation_id}`,
    conversationId: scope.conversation_id,
    model: agent.model,
  });
  const turn = new OneTurn({
    ...options,
    client,
    place,
    stop: interrupts.first,
    stopNow: interrupts.second,
    clientMessageId: `cm-${ulid(Date.now())}`,
    tell(message) {
      spinner?.hide();
      output.tell(message);
    },
    note(text) {
      spinner?.hide();
      note(io, errStyle(io).yellow(text));
    },
  });
  spinner?.start(
    () => (output.fresh ? turn.progress() : null),
    () => '',
  );
  const result = await turn.run();
  spinner?.stop();
  await restoreMode(client, place, options.mode, before);
  return exitCodeOf(result, interrupts.first.reason === 'SIGINT');
}

/** The mode was asked for one turn; who comes next must not find it still there. */
async function restoreMode(
  client: Client,
  { scope }: Place,
  asked: string | undefined,
  before: Before | null,
): Promise<void> {
  if (asked === undefined || before === null || before.mode === null) return;
  await client.call('change_device_state', { runtime: { ...scope }, payload: { mode: before.mode } });
}
