import type { PatchHunk, PatchLine, Wrong } from './patch-format.ts';

type Line = { readonly text: string; readonly end: string };

/**
 * Puts the changes in, in their order, each behind the one before. Lines are compared exactly, then without the white space at their
 * ends. New lines end as their neighbours do; a file without a last line end stays so.
 */
export function applyHunks(text: string, hunks: readonly PatchHunk[]): { readonly text: string } | Wrong {
  const lines = split(text);
  const result: Line[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const { anchor } = hunk;
    const from = anchor === '' ? at : find(lines, [anchor], at, false) + 1;
    if (anchor !== '' && from === 0)
      return { wrong: `the line behind @@ does not occur${below(at)}: ${anchor}` };
    const old = hunk.lines.filter(({ sign }) => sign !== '+').map(({ text: line }) => line);
    const place = old.length === 0 ? emptyPlace(lines, hunk, from) : find(lines, old, from, hunk.isEnd);
    if (place === -1) return { wrong: `these lines do not occur${below(from)}:\n${old.join('\n')}` };
    result.push(...lines.slice(at, place), ...changed(lines, place, hunk.lines));
    at = place + old.length;
  }
  result.push(...lines.slice(at));
  return {
    text: closed(result, text)
      .map(({ text: line, end }) => line + end)
      .join(''),
  };
}

const below = (line: number): string => (line === 0 ? '' : ` below line ${line}`);

/** Where lines come that replace none: behind the anchor, else at the end. */
const emptyPlace = (lines: readonly Line[], { anchor, isEnd }: PatchHunk, from: number): number =>
  anchor === '' || isEnd ? lines.length : from;

function find(lines: readonly Line[], wanted: readonly string[], from: number, isEnd: boolean): number {
  const last = lines.length - wanted.length;
  const first = isEnd ? Math.max(from, last) : from;
  for (const as of [(line: string) => line, (line: string) => line.trimEnd()]) {
    const sought = wanted.map(as);
    for (let at = first; at <= last; at += 1)
      if (sought.every((line, index) => as(lines[at + index]?.text ?? '') === line)) return at;
  }
  return -1;
}

/** Lines that stay are taken from the file: white space that was compared loosely stays, too. */
function changed(lines: readonly Line[], place: number, patch: readonly PatchLine[]): Line[] {
  const made: Line[] = [];
  let at = place;
  let end = (lines[at] ?? lines[at - 1])?.end || endOf(lines);
  for (const { sign, text } of patch) {
    const there = sign === '+' ? undefined : lines[at++];
    // What comes ends as the line did that it replaces or follows.
    end = there?.end || end;
    if (sign === '+') made.push({ text, end });
    else if (sign === ' ' && there) made.push(there);
  }
  return made;
}

const endOf = (lines: readonly Line[]): string => lines.find(({ end }) => end !== '')?.end ?? '\n';

/** Every line but the last has an end, and the last has one if the file's last line had. */
function closed(lines: readonly Line[], before: string): readonly Line[] {
  const end = endOf(lines);
  const isOpen = before !== '' && !before.endsWith('\n');
  return lines.map((line, index) => {
    if (index === lines.length - 1) return isOpen ? { ...line, end: '' } : { ...line, end: line.end || end };
    return { ...line, end: line.end || end };
  });
}

function split(text: string): readonly Line[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)].flatMap(([whole, line = '', end = '']) =>
    whole === '' ? [] : [{ text: line, end }],
  );
}
