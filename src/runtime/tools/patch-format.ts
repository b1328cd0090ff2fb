/** A line that stays, goes or comes. */
export type PatchLine = { readonly sign: ' ' | '-' | '+'; readonly text: string };

/** One place in a file. */
export type PatchHunk = {
  /** A line above the place, from behind `@@`; empty: none. */
  readonly anchor: string;
  readonly lines: readonly PatchLine[];
  /** The old lines are the last of the file. */
  readonly isEnd: boolean;
};

export type PatchSection =
  | { readonly kind: 'add'; readonly path: string; readonly content: string }
  | { readonly kind: 'delete'; readonly path: string }
  | {
      readonly kind: 'update';
      readonly path: string;
      readonly moveTo: string | null;
      readonly hunks: readonly PatchHunk[];
    };

export type Wrong = { readonly wrong: string };

const header = /^\*\*\* (Add|Delete|Update) File: (.+)$/;
const isMarker = (line: string): boolean => line.startsWith('*** ');

/** Reads the patch format of the Codex models, from `*** Begin Patch` to `*** End Patch`. */
export function parsePatch(input: string): readonly PatchSection[] | Wrong {
  const lines = input.replace(/\r\n/g, '\n').split('\n');
  const begin = lines.findIndex((line) => line.trim() === '*** Begin Patch');
  const end = lines.findLastIndex((line) => line.trim() === '*** End Patch');
  if (begin === -1) return { wrong: 'The patch does not begin with a line "*** Begin Patch".' };
  if (end <= begin) return { wrong: 'The patch does not end with a line "*** End Patch".' };
  const body = lines.slice(begin + 1, end);
  const sections: PatchSection[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body[at] ?? '';
    const [, kind, path = ''] = header.exec(line.trimEnd()) ?? [];
    const next = body.findIndex((other, index) => index > at && header.test(other.trimEnd()));
    const own = body.slice(at + 1, next === -1 ? body.length : next);
    if (kind === undefined && line.trim() !== '')
      return {
        wrong: `This line belongs to no file: ${line}. A file begins with "*** Update File: <path>" (or Add, Delete).`,
      };
    if (kind !== undefined) {
      const section = sectionOf(kind, path.trim(), own);
      if ('wrong' in section) return section;
      sections.push(section);
    }
    at = kind === undefined ? at + 1 : at + 1 + own.length;
  }
  return sections.length > 0 ? sections : { wrong: 'The patch changes no file.' };
}

function sectionOf(kind: string, path: string, lines: readonly string[]): PatchSection | Wrong {
  if (kind === 'Update') return updateOf(path, lines);
  const isBlank = (line: string) => line.trim() === '';
  if (kind === 'Delete') {
    const extra = lines.find((line) => !isBlank(line));
    return extra === undefined
      ? { kind: 'delete', path }
      : { wrong: `${path} is to be deleted, so no line can follow: ${extra}` };
  }
  const stray = lines.find(
    (line, index) => !line.startsWith('+') && !(isBlank(line) && lines.slice(index).every(isBlank)),
  );
  if (stray !== undefined)
    return { wrong: `${path} is new, so each of its lines begins with "+"; this one does not: ${stray}` };
  const added = lines.filter((line) => line.startsWith('+')).map((line) => `${line.slice(1)}\n`);
  return { kind: 'add', path, content: added.join('') };
}

function updateOf(path: string, lines: readonly string[]): PatchSection | Wrong {
  const [, target] = /^\*\*\* Move to: (.+)$/.exec(lines[0]?.trimEnd() ?? '') ?? [];
  const hunks: { anchor: string; lines: PatchLine[]; isEnd: boolean }[] = [];
  // Empty lines before the next file are there for the eye; one of the file would have its sign.
  const until = lines.findLastIndex((line) => line !== '') + 1;
  for (const line of lines.slice(target === undefined ? 0 : 1, until)) {
    const last = hunks.at(-1);
    const open = last && !last.isEnd ? last : null;
    if (line === '@@' || line.startsWith('@@ ')) {
      hunks.push({ anchor: line.slice(3).trimEnd(), lines: [], isEnd: false });
      continue;
    }
    if (line.trimEnd() === '*** End of File') {
      if (open) open.isEnd = true;
      continue;
    }
    if (isMarker(line)) return { wrong: `${path}: this line is no part of a change: ${line}` };
    // Before the first @@ a change may begin at once; a line without a sign is an empty line of the file.
    const hunk = open ?? { anchor: '', lines: [], isEnd: false };
    if (!open && line === '') continue;
    if (!open) hunks.push(hunk);
    const sign = signOf(line);
    if (!sign)
      return {
        wrong: `${path}: a line of a change begins with a space, "+" or "-"; this one does not: ${line}`,
      };
    hunk.lines.push({ sign, text: line.slice(1) });
  }
  const made = hunks.filter(({ lines: changed }) => changed.length > 0);
  if (made.length === 0 && target === undefined) return { wrong: `${path}: the update changes nothing.` };
  return { kind: 'update', path, moveTo: target?.trim() ?? null, hunks: made };
}

/** A line without anything is an empty line that stays. */
const signOf = (line: string): PatchLine['sign'] | undefined =>
  line === '' ? ' ' : ([' ', '-', '+'] as const).find((sign) => line.startsWith(sign));
