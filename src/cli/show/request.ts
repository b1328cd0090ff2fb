import type { Style } from '../program/style.ts';
import { indented } from './block.ts';
import { diffLines } from './diff.ts';
import { type Fields, fieldsOf, isObject, listOf, textOf } from './fields.ts';
import { oneLine, printable } from './printable.ts';

/** A tool call that waits for a person, as the frames tell of it. */
export type Request = {
  readonly requestId: string;
  readonly callId: string;
  readonly tool: string;
  readonly input: Fields;
  readonly diffs: readonly unknown[];
  /** What an answer must name, so that it can only mean this very input (APR-2). */
  readonly inputHash: string | null;
  /** Why it is asked for. */
  readonly reason: string | null;
  /** What of the decision may be remembered. */
  readonly suggestions: readonly { readonly id: string; readonly text: string }[];
};

/** From a `control_request`, or an entry of `pending_control_requests` or of `approvals_list`; null when it is none. */
export function readRequest(frame: Fields): Request | null {
  const requestId = textOf(frame.request_id);
  const request = fieldsOf(frame.request);
  const callId = textOf(request.tool_call_id);
  const tool = textOf(request.tool_name);
  if (requestId === undefined || callId === undefined || tool === undefined) return null;
  const inputHash = textOf(frame.input_hash) ?? null;
  return {
    requestId,
    callId,
    tool,
    input: fieldsOf(request.input),
    diffs: listOf(request.diffs),
    inputHash,
    reason: textOf(request.reason) ?? null,
    suggestions: suggestionsOf(request.permission_suggestions),
  };
}

const suggestionsOf = (value: unknown): Request['suggestions'] =>
  listOf(value)
    .filter(isObject)
    .flatMap((one) => {
      const [id, text] = [textOf(one.id), textOf(one.text)];
      return id === undefined || text === undefined ? [] : [{ id, text }];
    });

const mostLines = 30;

/** Everything a person decides about. `whole`: however long it is. */
export function requestLines(
  { tool, input, diffs, reason }: Request,
  style: Style,
  whole = false,
): readonly string[] {
  const lines = inputLines(input);
  const shown = whole || lines.length <= mostLines ? lines : lines.slice(0, mostLines);
  const hidden = lines.length - shown.length;
  const more = hidden > 0 ? [style.yellow(`… ${hidden} more lines that you have not seen: v shows all`)] : [];
  return [
    `${style.yellow('?')} ${style.bold(oneLine(tool, 60))} waits for your approval`,
    ...indented([
      ...(reason === null ? [] : [style.dim(printable(reason))]),
      ...shown,
      ...more,
      ...diffLines(diffs, style),
    ]),
  ];
}

/** The answers beside yes and no that a person may give by a number. */
export const suggestionLines = ({ suggestions }: Request, style: Style): readonly string[] =>
  suggestions.map(({ text }, n) => `  ${style.cyan(`${n + 1}`)} ${printable(text)}`);

/** A command is shown as it would be typed; any other input field by field. */
function inputLines(input: Fields): readonly string[] {
  return Object.entries(input).flatMap(([name, value]) => {
    const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
    const [first = '', ...rest] = text.split('\n');
    return rest.length === 0
      ? [`${printable(name)}: ${first}`]
      : [`${printable(name)}:`, ...indented([first, ...rest])];
  });
}

export type Question = {
  readonly question: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  readonly several: boolean;
};

/** The questions of an AskUserQuestion call; null for every other request. */
export function questionsOf({ tool, input }: Request): readonly Question[] | null {
  if (tool !== 'AskUserQuestion') return null;
  return listOf(input.questions)
    .filter(isObject)
    .map((one) => ({
      question: textOf(one.question) ?? '',
      options: listOf(one.options)
        .filter(isObject)
        .map(({ label, description }) => ({
          label: textOf(label) ?? '',
          description: textOf(description) ?? '',
        })),
      several: one.multiSelect === true,
    }));
}

export function questionLines({ question, options, several }: Question, style: Style): readonly string[] {
  const how = several ? 'numbers with commas, or your own words' : 'a number, or your own words';
  return [
    `${style.yellow('?')} ${style.bold(printable(question))}`,
    ...options.map(({ label, description }, n) => {
      const more = description === '' ? '' : `  ${style.dim(oneLine(description, 90))}`;
      return `  ${style.cyan(`${n + 1}`)} ${oneLine(label, 60)}${more}`;
    }),
    style.dim(`  ${how}`),
  ];
}
