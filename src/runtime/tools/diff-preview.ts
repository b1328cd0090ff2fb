import { basename } from 'node:path';
import { structuredPatch } from 'diff';
import { commonEnd, commonStart } from './common-ends.ts';
import { decodeFile } from './file-text.ts';
import type { Problem } from './tool.ts';

/** One file of an edit as a person sees it before approving; the shape of stock clients, and with `path` where there is one. */
export type DiffPreview = { readonly fileName: string; readonly path: string } & (
  | { readonly mode: 'advanced'; readonly hunks: readonly DiffHunk[] }
  | { readonly mode: 'unpreviewable'; readonly reason: string }
);

export type DiffHunk = {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly DiffLine[];
};

export type DiffLine = { readonly type: 'context' | 'add' | 'remove'; readonly content: string };

/** A file before and after; null: no file. */
export type Versions = { readonly before: Buffer | null; readonly after: Buffer | null };

/** Most characters, changed lines and milliseconds: comparing runs on the event loop. */
const largest = 512 * 1024;
const maxChanges = 2_000;
const maxMillis = 150;
/** Lines shown around a change. */
const around = 3;
const shortText = { lines: 60, characters: 4_000 };

const signs = { context: ' ', add: '+', remove: '-' } as const;
const kinds: Readonly<Record<string, DiffLine['type']>> = { ' ': 'context', '+': 'add', '-': 'remove' };

/** What a person decides about, or why there is nothing to show. */
export function diffPreview(path: string, change: Versions | Problem): DiffPreview {
  const named = { fileName: basename(path), path };
  const hunks = 'problem' in change ? change.problem : compare(change);
  return typeof hunks === 'string'
    ? { mode: 'unpreviewable', ...named, reason: hunks }
    : { mode: 'advanced', ...named, hunks };
}

/** The difference for a result, from `@@` on; only its beginning when it is long, empty when it cannot be told. */
export function diffText(change: Versions): string {
  const hunks = compare(change);
  if (typeof hunks === 'string') return '';
  const lines = hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines.map(({ type, content }) => `${signs[type]}${content}`),
  ]);
  const text = lines.slice(0, shortText.lines).join('\n').slice(0, shortText.characters);
  const shown = text.split('\n').length;
  return shown < lines.length ? `${text}\n[${lines.length - shown} more lines of the difference]` : text;
}

/** The hunks, or why there are none. */
function compare({ before, after }: Versions): readonly DiffHunk[] | string {
  const [old, next] = [before, after].map((bytes) => (bytes ? decodeFile(bytes)?.text : ''));
  if (old === undefined || next === undefined) return 'The file is not text.';
  const window = changed(old, next);
  if (Math.max(window.old.length, window.next.length) > largest) return 'The file is too big to compare.';
  const options = { context: around, maxEditLength: maxChanges, timeout: maxMillis };
  const patch = structuredPatch('', '', window.old, window.next, undefined, undefined, options);
  if (!patch) return 'Too much changes to compare it.';
  // A carriage return at the end of a line says something only where it comes or goes.
  const isEnding = old === '' || next === '' || old.includes('\r\n') === next.includes('\r\n');
  const line = (text: string) => diffLine(isEnding ? text.replace(/\r$/, '') : text);
  return patch.hunks.map(({ oldStart, newStart, oldLines, newLines, lines }) => ({
    oldStart: oldStart + window.above,
    oldLines,
    newStart: newStart + window.above,
    newLines,
    lines: lines.flatMap(line),
  }));
}

/** The part that changes, in whole lines with those around it: most of a big file is not worth comparing. */
function changed(old: string, next: string) {
  const same = commonStart(old, next);
  const tail = commonEnd(old, next, Math.min(old.length, next.length) - same);
  const start = linesBack(old, same, around);
  const more = linesOn(old, old.length - tail, around) - (old.length - tail);
  return {
    old: old.slice(start, old.length - tail + more),
    next: next.slice(start, next.length - tail + more),
    above: countLineEnds(old, start),
  };
}

/** Where the line of `at` begins, or that of so many lines before it. */
function linesBack(text: string, at: number, lines: number): number {
  let start = at;
  for (let left = lines; start > 0; left -= 1) {
    start = text.lastIndexOf('\n', start - 1);
    if (left === 0 || start === -1) return start + 1;
  }
  return 0;
}

/** Behind the end of the line of `at`, or of so many lines after it. */
function linesOn(text: string, at: number, lines: number): number {
  let end = at;
  for (let left = lines; left >= 0; left -= 1) {
    const next = text.indexOf('\n', end);
    if (next === -1) return text.length;
    end = next + 1;
  }
  return end;
}

export function countLineEnds(text: string, until: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < until; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function diffLine(line: string): readonly DiffLine[] {
  const type = kinds[line.charAt(0)];
  // The only other kind is the note about a missing newline at the end, which is no line of the file.
  return type ? [{ type, content: line.slice(1) }] : [];
}
