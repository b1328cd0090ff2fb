import { ulid } from '../../runtime/ulid.ts';
import { Chat } from '../chat/chat.ts';
import { readHistory } from '../chat/history.ts';
import { PipedScreen } from '../chat/piped-screen.ts';
import type { Screen } from '../chat/screen.ts';
import { TerminalScreen } from '../chat/terminal-screen.ts';
import { type Io, note, outStyle } from '../program/io.ts';
import { isProblem, type Outcome } from '../program/outcome.ts';
import type { Place, PlaceArgs } from '../talk/place.ts';
import { isElsewhere, type ReachFlags, wayFlags } from '../talk/reach.ts';
import { type SettingsArgs, settingsOf, settle } from '../talk/settle.ts';
import { stay } from '../talk/stay.ts';
import { whenThere } from '../talk/when-there.ts';

export async function runChat(args: PlaceArgs & SettingsArgs & ReachFlags, io: Io): Promise<Outcome> {
  const settings = settingsOf(args, isElsewhere(args, io.env) ? null : io.cwd);
  if (isProblem(settings)) return settings;
  let tell = (text: string): void => note(io, text);
  return stay(
    args,
    io,
    async (here): Promise<Outcome> => {
      const { client, interrupts, folder } = here;
      const settled = await whenThere(here, interrupts.first, tell, () =>
        settle(client, args, settings, folder),
      );
      if (isProblem(settled)) return settled;
      const { place } = settled;
      const history = await readHistory(client, place.scope);
      if (isProblem(history)) return history;
      const screen: Screen = io.in.isTTY && io.out.isTTY ? new TerminalScreen(io) : new PipedScreen(io);
      const mint = () => ulid(Date.now());
      const style = outStyle(io);
      const chat = new Chat({
        client,
        place,
        history,
        showCommand: showCommand(place, args),
        screen,
        style,
        env: io.env,
        folder,
        mint,
      });
      tell = (text) => chat.warn(text);
      interrupts.first.addEventListener('abort', () => chat.leave());
      const why = await chat.run();
      screen.close();
      return why ?? 0;
    },
    (text) => tell(text),
  );
}

function showCommand({ scope: { conversation_id: id } }: Place, args: PlaceArgs & ReachFlags): string {
  const agent = args.agent === undefined ? '' : ` --agent "${args.agent}"`;
  return `farhand conversations show${id === 'default' ? agent : ` ${id}`}${wayFlags(args)}`;
}
