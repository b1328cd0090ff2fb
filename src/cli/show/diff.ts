import type { Style } from '../program/style.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './fields.ts';
import { oneLine, printable } from './printable.ts';

const mostLines = 40;

/** The changes that come with a request to edit, as lines with `+` and `-`. */
export function diffLines(diffs: readonly unknown[], style: Style): readonly string[] {
  const several = diffs.length > 1;
  return diffs.map(fieldsOf).flatMap((diff) => {
    const name = textOf(diff.path) ?? textOf(diff.fileName);
    // Of one file the arguments say which.
    return [
      ...(several && name !== undefined ? [style.bold(oneLine(name, 200))] : []),
      ...fileLines(diff, style),
    ];
  });
}

/** What an edit that nobody was asked about does, from its arguments alone. */
export function editLines(name: string, input: Fields, style: Style): readonly string[] {
  if (writing.includes(name)) return shortened(marked(textOf(input.content), '+', style.green), style);
  if (!editing.includes(name)) return [];
  const edits = Array.isArray(input.edits) ? input.edits.map(fieldsOf) : [input];
  const lines = edits.flatMap((one) => [
    ...marked(textOf(one.old_string), '-', style.red),
    ...marked(textOf(one.new_string), '+', style.green),
  ]);
  return shortened(lines, style);
}

/** Under each of their names. */
const writing = ['Write', 'WriteFileGemini', 'write_file'];
const editing = ['Edit', 'MultiEdit', 'Replace', 'replace'];

function fileLines(diff: Fields, style: Style): readonly string[] {
  if (diff.mode !== 'advanced') {
    const reason = textOf(diff.reason);
    return reason === undefined ? [] : [style.dim(`no preview: ${printable(reason)}`)];
  }
  const lines = listOf(diff.hunks)
    .map(fieldsOf)
    .flatMap((hunk) => [
      style.cyan(`@@ line ${numberOf(hunk.newStart) ?? '?'} @@`),
      ...listOf(hunk.lines).map((line) => diffLine(fieldsOf(line), style)),
    ]);
  return shortened(lines, style);
}

function diffLine({ type, content }: Fields, style: Style): string {
  const text = printable(textOf(content) ?? '').replaceAll('\n', '');
  if (type === 'add') return style.green(`+${text}`);
  return type === 'remove' ? style.red(`-${text}`) : ` ${text}`;
}

const marked = (text: string | undefined, mark: string, paint: (text: string) => string): string[] =>
  text === undefined || text === ''
    ? []
    : printable(text)
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => paint(`${mark}${line}`));

const shortened = (lines: readonly string[], style: Style): readonly string[] =>
  lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines - 1), style.dim(`… ${lines.length - mostLines + 1} more lines`)];
