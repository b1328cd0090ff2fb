import { basename } from 'node:path';
import { structuredPatch } from 'diff';
import type { Problem } from './tool.ts';

/** One file of an edit as a person sees it before approving; the shape of stock clients. */
export type DiffPreview =
  | { readonly mode: 'advanced'; readonly fileName: string; readonly hunks: readonly DiffHunk[] }
  | { readonly mode: 'unpreviewable'; readonly fileName: string; readonly reason: string };

export type DiffHunk = {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly lines: readonly DiffLine[];
};

export type DiffLine = { readonly type: 'context' | 'add' | 'remove'; readonly content: string };

const largest = 512 * 1024;
/** Changed lines and milliseconds after which comparing is given up: it runs on the event loop. */
const maxChanges = 2_000;
const maxMillis = 150;

const kinds: Readonly<Record<string, DiffLine['type']>> = { ' ': 'context', '+': 'add', '-': 'remove' };

/** Compares two contents (null: no file) or says why there is nothing to show. */
export function diffPreview(
  path: string,
  change: { readonly before: Buffer | null; readonly after: Buffer } | Problem,
): DiffPreview {
  const fileName = basename(path);
  const unpreviewable = (reason: string): DiffPreview => ({ mode: 'unpreviewable', fileName, reason });
  if ('problem' in change) return unpreviewable(change.problem);
  const { before, after } = change;
  if ((before?.length ?? 0) > largest || after.length > largest)
    return unpreviewable('The file is too big to compare.');
  if (looksBinary(after) || (before && looksBinary(before))) return unpreviewable('The file is not text.');
  const patch = structuredPatch(
    fileName,
    fileName,
    before?.toString() ?? '',
    after.toString(),
    undefined,
    undefined,
    {
      context: 3,
      maxEditLength: maxChanges,
      timeout: maxMillis,
    },
  );
  if (!patch) return unpreviewable('Too much changes to compare it.');
  const hunks = patch.hunks.map(({ lines, ...position }) => ({
    ...position,
    lines: lines.flatMap(diffLine),
  }));
  return { mode: 'advanced', fileName, hunks };
}

/** By the same sign as git and ripgrep: a NUL byte near the start. */
export function looksBinary(start: Buffer): boolean {
  return start.subarray(0, 8_192).includes(0);
}

function diffLine(line: string): readonly DiffLine[] {
  const type = kinds[line.charAt(0)];
  // The only other kind is the note about a missing newline at the end, which is no line of the file.
  return type ? [{ type, content: line.slice(1) }] : [];
}
