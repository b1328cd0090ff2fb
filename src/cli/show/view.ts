import { emptyTranscript, fold, type Transcript } from '../../client/transcript.ts';
import type { Frame } from '../../protocol/frames.ts';
import type { Style } from '../program/style.ts';
import { type Block, block, nothing } from './block.ts';
import { contentText, fieldsOf } from './fields.ts';
import { oneLine } from './printable.ts';
import { showDelta } from './view-delta.ts';

/** What a terminal has shown of a conversation, so that it knows what the next frame adds. */
export type View = {
  /** Its items are those of the turn under way. */
  readonly transcript: Transcript;
  /** The cursor stands at the beginning of a line. */
  readonly fresh: boolean;
  /** The message whose text is being written. */
  readonly open: string | null;
  /** The call that was shown last; the result of another one names its call again. */
  readonly lastCall: string | null;
};

export const emptyView: View = { transcript: emptyTranscript, fresh: true, open: null, lastCall: null };

export type Shown = { readonly view: View; readonly text: string };

/** The view after a frame, and what to write for it. */
export function showFrame(view: View, frame: Frame, style: Style): Shown {
  const transcript = fold(view.transcript, frame);
  const next = { ...view, transcript };
  // A snapshot says how things are, which is not news.
  const added = frame.snapshot === true ? nothing : blockOf(frame, view.transcript, next, style);
  const shown = write(next, added);
  if (frame.type !== 'turn_finished') return shown;
  return { ...shown, view: { ...shown.view, lastCall: null, transcript: { ...transcript, items: [] } } };
}

/** Lines that do not come from a frame, such as what this program has to say. */
export const showLines = (view: View, lines: readonly string[]): Shown => write(view, block(lines));

function blockOf(frame: Frame, before: Transcript, view: View, style: Style): Block {
  switch (frame.type) {
    case 'stream_delta':
      return frame.subagent_id === undefined ? showDelta(view, fieldsOf(frame.delta), style) : nothing;
    case 'update_device_status':
      return block(settingsLines(before, view.transcript).map(style.dim));
    case 'update_queue':
      return block(queueLines(before, view.transcript).map(style.dim));
    case 'turn_finished':
      // A turn that was stopped is told by its last delta, a failed one by the error that follows.
      return frame.stop_reason === 'max_tokens_exceeded'
        ? block([style.yellow('The model stopped at its limit of tokens: the answer is not complete.')])
        : nothing;
    default:
      return nothing;
  }
}

function settingsLines(before: Transcript, { mode, cwd }: Transcript): string[] {
  return [
    ...(before.mode !== null && mode !== before.mode ? [`Permission mode: ${oneLine(mode ?? '', 40)}`] : []),
    ...(before.cwd && cwd !== before.cwd ? [`Working folder: ${oneLine(cwd ?? '', 200)}`] : []),
  ];
}

function queueLines(before: Transcript, { queue }: Transcript): string[] {
  const known = new Set(before.queue.map(({ id }) => id));
  const parked = queue.filter(({ paused }) => paused === true).length;
  return [
    ...queue
      .filter(({ id }) => !known.has(id))
      .map(({ content }) => `queued (${queue.length} waiting): ${oneLine(contentText(content), 80)}`),
    ...(parked > 0 ? [`${parked} waiting, kept until you send something or type /resume`] : []),
  ];
}

/** Puts a block behind what is on the screen: on a line of its own unless it goes on with the open text. */
function write(view: View, { text, inline, change }: Block): Shown {
  const after = { ...view, ...change };
  if (text === '') return { view: after, text: '' };
  const start = inline || view.fresh ? '' : '\n';
  const open = inline ? view.open : (change.open ?? null);
  return { view: { ...after, open, fresh: text.endsWith('\n') }, text: start + text };
}
