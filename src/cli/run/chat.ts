import { ulid } from '../../runtime/ulid.ts';
import { Chat } from '../chat/chat.ts';
import { readHistory } from '../chat/history.ts';
import { PipedScreen } from '../chat/piped-screen.ts';
import type { Screen } from '../chat/screen.ts';
import { TerminalScreen } from '../chat/terminal-screen.ts';
import { type Io, note, outStyle } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import { ownerNews } from '../talk/owner-news.ts';
import type { PlaceArgs } from '../talk/place.ts';
import { type SettingsArgs, settingsOf, settle } from '../talk/settle.ts';
import { stay } from '../talk/stay.ts';

export async function runChat(args: PlaceArgs & SettingsArgs, io: Io): Promise<Outcome> {
  const settings = settingsOf(args, io.cwd);
  if (isProblem(settings)) return settings;
  let tell = (text: string): void => note(io, text);
  return stay(
    io,
    async ({ client, interrupts }): Promise<Outcome> => {
      const settled = await settle(client, args, settings, io.cwd);
      if (isProblem(settled)) return settled;
      const { place } = settled;
      const history = await readHistory(client, place.scope);
      if (isProblem(history)) return history;
      const screen: Screen = io.in.isTTY && io.out.isTTY ? new TerminalScreen(io) : new PipedScreen(io);
      const mint = () => ulid(Date.now());
      const style = outStyle(io);
      const chat = new Chat({ client, place, history, screen, style, env: io.env, folder: io.cwd, mint });
      tell = (text) => chat.warn(text);
      interrupts.first.addEventListener('abort', () => chat.leave());
      const why = await chat.run();
      screen.close();
      return why ?? 0;
    },
    ownerNews((text) => tell(text)),
  );
}
