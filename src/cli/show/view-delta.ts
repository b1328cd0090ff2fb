import type { CallItem } from '../../client/transcript.ts';
import type { Style } from '../program/style.ts';
import { type Block, block, indented, nothing } from './block.ts';
import { callsOf, isProgress, resultsOf } from './delta.ts';
import { editLines } from './diff.ts';
import { excerpt } from './excerpt.ts';
import { contentText, type Fields, numberOf, textOf, textsOf } from './fields.ts';
import { oneLine, printable } from './printable.ts';
import { callIn, callLine, inputOf } from './tool-call.ts';
import type { View } from './view.ts';

/** A piece of a turn as text; `view` knows of it already. */
export function showDelta(view: View, delta: Fields, style: Style): Block {
  switch (delta.message_type) {
    case 'assistant_message':
      return streamed(view, `assistant ${textOf(delta.id)}`, contentText(delta.content), (text) => text);
    case 'reasoning_message': {
      const text = textOf(delta.reasoning) ?? contentText(delta.content);
      return streamed(view, `reasoning ${textOf(delta.id)}`, text, style.dim);
    }
    case 'user_message':
      return block(userLines(delta.content, style));
    case 'tool_call_message':
    case 'approval_request_message':
      return showCalls(view, delta, style);
    case 'approval_classification_end':
      return showAllowed(view, delta, style);
    case 'tool_return_message':
      return isProgress(delta) ? nothing : showResults(view, delta, style);
    case 'retry':
      return showRetry(delta, style);
    case 'status':
      return block([style.dim(oneLine(textOf(delta.message) ?? '', 200))]);
    case 'loop_error':
    case 'error_message': {
      const text = printable(textOf(delta.message) ?? 'something failed without saying why');
      return block([
        delta.is_terminal === false ? style.yellow(text) : style.red(`The turn failed: ${text}`),
      ]);
    }
    default:
      return nothing;
  }
}

export const userLines = (content: unknown, style: Style): readonly string[] =>
  printable(contentText(content))
    .split('\n')
    .map((line, n) => style.cyan(`${n === 0 ? '›' : ' '} ${line}`));

function streamed(view: View, open: string, text: string, paint: (text: string) => string): Block {
  // Painted line by line, so that no colour is open at a line's end.
  const painted = printable(text).split('\n').map(paint).join('\n');
  return { text: painted, inline: view.open === open, change: { open } };
}

/** A call may come in pieces: it is shown once, by the first one. */
function showCalls(view: View, delta: Fields, style: Style): Block {
  const ids = callsOf(delta).flatMap(({ tool_call_id: id, name }) =>
    typeof id === 'string' && name !== undefined ? [id] : [],
  );
  const calls = ids.flatMap((id) => callIn(view.transcript, id) ?? []);
  return block(
    calls.map((call) => headerOf(call, style)),
    { lastCall: ids.at(-1) ?? view.lastCall },
  );
}

export function headerOf({ name, args }: CallItem, style: Style): string {
  const [tool = '', ...rest] = callLine(name, inputOf(args)).split(' ');
  return `${style.cyan('●')} ${style.bold(tool)} ${rest.join(' ')}`.trimEnd();
}

/** What an edit changes is shown with the question, else here. */
function showAllowed(view: View, delta: Fields, style: Style): Block {
  const calls = textsOf(delta.auto_allowed_tool_call_ids).flatMap((id) => callIn(view.transcript, id) ?? []);
  return block(indented(calls.flatMap(({ name, args }) => editLines(name, inputOf(args), style))));
}

function showResults(view: View, delta: Fields, style: Style): Block {
  let { lastCall } = view;
  const lines = resultsOf(delta).flatMap((result) => {
    const id = textOf(result.tool_call_id) ?? '';
    const call = callIn(view.transcript, id);
    const again = call && id !== lastCall ? [headerOf(call, style)] : [];
    lastCall = id;
    return [...again, ...resultLines(contentText(result.tool_return), result.status === 'error', style)];
  });
  return block(lines, { lastCall });
}

export function resultLines(output: string, failed: boolean, style: Style): readonly string[] {
  const lines = excerpt(output);
  return indented((lines.length === 0 ? ['(no output)'] : lines).map(failed ? style.red : style.dim));
}

function showRetry(delta: Fields, style: Style): Block {
  const seconds = Math.ceil((numberOf(delta.delay_ms) ?? 0) / 1000);
  const attempts = `attempt ${numberOf(delta.attempt)} of ${numberOf(delta.max_attempts)} failed`;
  const when = seconds > 0 ? ` Trying again in ${seconds} s (${attempts}).` : '';
  const lines = [`↻ ${printable(textOf(delta.message) ?? '')}${when}`];
  if (textsOf(delta.voided_message_ids).length > 0)
    lines.push('  The unfinished text above no longer counts.');
  return block(lines.map(style.yellow));
}
