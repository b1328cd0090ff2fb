import type { Transcript } from '../../client/transcript.ts';
import type { Style } from '../program/style.ts';
import { oneLine } from '../show/printable.ts';
import type { Place } from '../talk/place.ts';
import { version } from '../version.ts';

export type Header = Pick<Transcript, 'cwd' | 'mode'> & {
  readonly place: Place;
  /** Of this terminal; null where the conversation is on another machine. */
  readonly folder: string | null;
  /** The name of that other machine. */
  readonly machine: string | null;
};

/** The first lines of a chat: with whom, where, and what may happen without asking. */
export function headerLines({ place, cwd, mode, folder, machine }: Header, style: Style): readonly string[] {
  const { agent, scope } = place;
  const demo = agent.model === 'demo';
  const model = `model ${oneLine(agent.model, 60) || '?'}${demo ? ' (built in, not an AI)' : ''}`;
  const lines = [
    `${style.bold(`farhand ${version}`)} · ${oneLine(agent.name, 40)} · ${scope.conversation_id} · ${demo ? style.yellow(model) : model}`,
    style.dim(
      `${machine === null ? '' : `${machine}: `}${oneLine(cwd || folder || '?', 200)} · mode ${mode ?? '?'} · /help lists commands, Ctrl-C stops a turn, twice leaves`,
    ),
  ];
  if (cwd && folder !== null && cwd !== folder)
    lines.push(
      style.yellow(
        `This conversation works there, not in ${oneLine(folder, 200)}: /cd . changes that, --new begins one here.`,
      ),
    );
  if (demo)
    lines.push(
      style.dim('Type anything to see what the demo model can do; farhand connect adds a real one.'),
    );
  return lines;
}
