import { command } from '../program/command.ts';
import { type Io, note, outStyle } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { talkArgs } from '../talk/args.ts';
import type { Attached } from '../talk/attach.ts';
import type { Interrupts } from '../talk/interrupts.ts';
import type { SettledArgs } from '../talk/settle.ts';

export const chat = command({
  about: 'Talk with an agent in this folder (the same as farhand alone)',
  details:
    "Goes on with the agent's main conversation, or begins another with --new. Any number of terminals may be on one\n" +
    'conversation. Lines that are piped in are worked one after the other, as if they had been typed.',
  args: talkArgs,
  examples: [
    ['farhand', 'the main conversation of the default agent'],
    ['farhand --new --mode acceptEdits', 'a new conversation whose edits in this folder need no approval'],
    [`printf 'run npm test\\ny\\n' | farhand chat`, 'from a script: a message, then the approval'],
  ],
  run: (args, io) => talk(args, io),
});

async function talk(args: SettledArgs, io: Io): Promise<Outcome> {
  const { attach } = await import('../talk/attach.ts');
  const { leave } = await import('../talk/leave.ts');
  const { hearInterrupts } = await import('../talk/interrupts.ts');
  const { ownerNews } = await import('../talk/owner-news.ts');
  let tell = (text: string): void => note(io, text);
  const attached = await attach(
    io,
    ownerNews((text) => tell(text)),
  );
  if (isProblem(attached)) return attached;
  const interrupts = hearInterrupts(io);
  try {
    return await talkOn(attached, args, interrupts, io, (told) => {
      tell = told;
    });
  } finally {
    await leave(attached, io, interrupts.second);
    interrupts.stop();
  }
}

async function talkOn(
  { client }: Attached,
  args: SettledArgs,
  interrupts: Interrupts,
  io: Io,
  newsTo: (tell: (text: string) => void) => void,
): Promise<Outcome> {
  const { settle } = await import('../talk/settle.ts');
  const { readHistory } = await import('../chat/history.ts');
  const settled = await settle(client, args, io.cwd);
  if (isProblem(settled)) return settled;
  const { place } = settled;
  const history = await readHistory(client, place.scope);
  if (isProblem(history)) return history;
  const { Chat } = await import('../chat/chat.ts');
  const { ulid } = await import('../../runtime/ulid.ts');
  const screen = await screenOf(io);
  const here = new Chat({
    client,
    place,
    history,
    screen,
    style: outStyle(io),
    env: io.env,
    folder: io.cwd,
    mint: () => ulid(Date.now()),
  });
  newsTo((text) => here.warn(text));
  interrupts.first.addEventListener('abort', () => here.leave());
  const why = await here.run();
  screen.close();
  return why ?? 0;
}

async function screenOf(io: Io) {
  if (io.in.isTTY && io.out.isTTY) {
    const { TerminalScreen } = await import('../chat/terminal-screen.ts');
    return new TerminalScreen(io);
  }
  const { PipedScreen } = await import('../chat/piped-screen.ts');
  return new PipedScreen(io);
}
