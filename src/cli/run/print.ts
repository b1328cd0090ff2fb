import { text as readAll } from 'node:stream/consumers';
import type { Client } from '../../client/client.ts';
import { ulid } from '../../runtime/ulid.ts';
import { demoHint } from '../models/models-of.ts';
import { OneTurn } from '../print/one-turn.ts';
import { exitCodeOf, type Format, outputOf } from '../print/output.ts';
import { errStyle, type Io, note } from '../program/io.ts';
import { isProblem, misuse, type Outcome } from '../program/outcome.ts';
import { printable } from '../show/printable.ts';
import { Spinner } from '../show/spinner.ts';
import { type Before, configure, type Settings } from '../talk/configure.ts';
import type { Place, PlaceArgs } from '../talk/place.ts';
import { isElsewhere, type ReachFlags, wayFlags } from '../talk/reach.ts';
import { type SettingsArgs, settingsOf, settle } from '../talk/settle.ts';
import { type Here, stay } from '../talk/stay.ts';
import { whenThere } from '../talk/when-there.ts';

type PrintArgs = PlaceArgs &
  SettingsArgs &
  ReachFlags & {
    readonly prompt?: string | undefined;
    readonly stdin?: boolean | undefined;
    readonly format: Format;
    readonly approve: 'deny' | 'wait';
    /** Seconds. */
    readonly timeout?: string | undefined;
  };

type Turn = {
  readonly args: PrintArgs;
  readonly settings: Settings;
  readonly prompt: string;
  readonly timeoutMs: number | null;
  readonly spinner: Spinner | null;
  readonly warn: (text: string) => void;
};

export async function runPrint(args: PrintArgs, io: Io): Promise<Outcome> {
  const timeoutMs = args.timeout === undefined ? null : Number(args.timeout) * 1000;
  if (timeoutMs !== null && !(timeoutMs > 0 && timeoutMs < 2 ** 31))
    return misuse(`--timeout must be a number of seconds above 0, not "${args.timeout}".`);
  const settings = settingsOf(args, isElsewhere(args, io.env) ? null : io.cwd);
  if (isProblem(settings)) return settings;
  const prompt = await promptOf(args, io);
  if (prompt === '') return misuse('There is no prompt. Write farhand -p "<prompt>", or pipe one in.');
  const style = errStyle(io);
  const spinner = io.err.isTTY ? new Spinner(io.err, style) : null;
  const warn = (text: string) => {
    spinner?.hide();
    note(io, style.yellow(printable(text)));
  };
  const turn = { args, settings, prompt, timeoutMs, spinner, warn };
  return stay(args, io, (here) => turnIn(here, turn, io), warn);
}

/** Without a prompt, standard input is all of it. With one it is read only on request: it may be a pipe that never ends. */
async function promptOf({ prompt, stdin }: PrintArgs, io: Io): Promise<string> {
  const typed = prompt?.trim() ?? '';
  const reads = stdin === true || (typed === '' && !io.in.isTTY);
  const piped = reads ? (await readAll(io.in)).trim() : '';
  return [typed, piped].filter((part) => part !== '').join('\n\n');
}

async function turnIn(here: Here, turn: Turn, io: Io): Promise<Outcome> {
  const { client, interrupts, folder } = here;
  const { args, settings, prompt, timeoutMs, spinner, warn } = turn;
  const late = timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)];
  const settled = await whenThere(here, AbortSignal.any([interrupts.first, ...late]), warn, () =>
    settle(client, args, settings, folder),
  );
  if (isProblem(settled)) return interrupts.first.reason === 'SIGINT' ? 130 : settled;
  const { place, before } = settled;
  const hint = place.agent.model === 'demo' && !isElsewhere(args, io.env) ? await demoHint(io) : null;
  if (hint !== null) warn(hint);
  const { agent_id: agentId, conversation_id: conversationId } = place.scope;
  const output = outputOf(args.format, io);
  const sessionId = `${agentId}:${conversationId}`;
  output.tell({ type: 'init', agentId, sessionId, conversationId, model: place.agent.model });
  const oneTurn = new OneTurn({
    client,
    place,
    prompt,
    timeoutMs,
    approve: args.approve,
    wayFlags: wayFlags(args),
    stop: interrupts.first,
    stopNow: interrupts.second,
    clientMessageId: `cm-${ulid(Date.now())}`,
    tell(message) {
      spinner?.hide();
      output.tell(message);
    },
    note: warn,
  });
  spinner?.start(
    () => (output.fresh ? oneTurn.progress() : null),
    () => '',
  );
  const result = await oneTurn.run();
  spinner?.stop();
  await restoreMode(client, place, settings.mode, before, warn);
  return exitCodeOf(result, interrupts.first.reason === 'SIGINT');
}

/** The mode was asked for one turn; who comes next must not find it still there. */
async function restoreMode(
  client: Client,
  { scope }: Place,
  asked: string | undefined,
  before: Before | null,
  warn: (text: string) => void,
): Promise<void> {
  if (asked === undefined || !before?.mode || before.mode === asked) return;
  const restored = await configure(client, scope, { mode: before.mode });
  if ('code' in restored) warn(`The conversation stays in mode ${asked}: ${restored.message}`);
}
