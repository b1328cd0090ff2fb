/** One exact replacement in a text. */
export type Replacement = {
  readonly old_string: string;
  readonly new_string: string;
  readonly replace_all?: boolean | undefined;
  readonly expected_replacements?: number | undefined;
};

export type Replaced = { readonly text: string; readonly count: number };

type Match = { readonly at: number; readonly length: number; readonly ending: string | null };

/**
 * Replaces, or says what is wrong. A line end in either text stands for the one that the file has in that place, CR LF or LF: Read shows
 * both alike.
 */
export function replaceIn(text: string, call: Replacement): Replaced | { readonly wrong: string } {
  if (call.old_string === call.new_string)
    return { wrong: 'old_string and new_string are the same, so there is nothing to change.' };
  const matches = matchesIn(text, call.old_string);
  const wrong = wrongCount(matches.length, call);
  if (wrong) return { wrong };
  const crlf = withCrLf(call.new_string);
  const isOneLine = crlf === call.new_string;
  const pieces: string[] = [];
  let from = 0;
  for (const { at, length, ending } of matches) {
    const isCrLf = !isOneLine && (ending ?? lineEndAt(text, at + length)) === '\r\n';
    pieces.push(text.slice(from, at), isCrLf ? crlf : call.new_string);
    from = at + length;
  }
  pieces.push(text.slice(from));
  return { text: pieces.join(''), count: matches.length };
}

function wrongCount(found: number, call: Replacement): string | null {
  const { replace_all: all, expected_replacements: expected } = call;
  if (found === 0)
    return 'old_string does not occur. Read the file and copy the text exactly, with its white space.';
  if (expected !== undefined)
    return found === expected ? null : `old_string occurs ${found} times, not ${expected} as expected.`;
  if (found === 1 || all) return null;
  return `old_string occurs ${found} times. Add lines around it to make it unique, or set replace_all.`;
}

function matchesIn(text: string, old: string): readonly Match[] {
  const crlf = withCrLf(old);
  const isOneLine = !old.includes('\n');
  const variants = [{ wanted: old, ending: isOneLine ? null : old === crlf ? '\r\n' : '\n' }];
  if (crlf !== old && text.includes('\r\n')) variants.push({ wanted: crlf, ending: '\r\n' });
  const matches: Match[] = [];
  const next = variants.map((variant) => ({ ...variant, at: text.indexOf(variant.wanted) }));
  for (;;) {
    const [first] = next.filter(({ at }) => at !== -1).sort((a, b) => a.at - b.at);
    if (!first) return matches;
    const { at, ending, wanted } = first;
    matches.push({ at, ending, length: wanted.length });
    const from = at + wanted.length;
    for (const one of next) if (one.at !== -1 && one.at < from) one.at = text.indexOf(one.wanted, from);
  }
}

const withCrLf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

/** How the line ends that holds `at`, or the one before it where the text ends first. */
function lineEndAt(text: string, at: number): string {
  const after = text.indexOf('\n', at);
  const end = after === -1 ? text.lastIndexOf('\n') : after;
  return end > 0 && text.charAt(end - 1) === '\r' ? '\r\n' : '\n';
}
