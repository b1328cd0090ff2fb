import type {
  ArithmeticExpansionPart,
  BraceExpansionPart,
  CommandExpansionPart,
  ParameterExpansionPart,
  ProcessSubstitutionPart,
  SimpleExpansionPart,
  Word,
  WordPart,
} from 'unbash';

export type Expansion =
  | ArithmeticExpansionPart
  | CommandExpansionPart
  | ParameterExpansionPart
  | ProcessSubstitutionPart
  | SimpleExpansionPart;

/** A piece of a word as it is written: `raw` may hold patterns, braces and tildes, `quoted` is text and nothing else. */
export type Atom =
  | { readonly raw: string }
  | { readonly quoted: string }
  | { readonly expansion: Expansion; readonly inQuotes: boolean }
  /** `!(a|b)` and the like; the words of its expansions. */
  | { readonly pattern: readonly Expansion[] };

export function atomsOf(word: Word): readonly Atom[] {
  return word.parts ? word.parts.flatMap(atomsOfPart) : unquoted(word.text);
}

/** The body of a here-document, in which only expansions mean something. */
export const atomsOfText = (parts: readonly WordPart[]): readonly Atom[] =>
  parts.flatMap((part) => (part.type === 'Literal' ? [{ quoted: part.value }] : atomsOfQuoted(part)));

function atomsOfPart(part: WordPart): readonly Atom[] {
  switch (part.type) {
    case 'Literal':
      return unquoted(part.text);
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [{ quoted: part.value }];
    case 'DoubleQuoted':
    case 'LocaleString':
      return [{ quoted: '' }, ...part.parts.flatMap(atomsOfQuoted)];
    case 'BraceExpansion':
      return atomsOfBraces(part);
    case 'Glob':
      return part.kind === 'bracket' ? [{ pattern: expansionsIn(part.parts) }] : [{ raw: part.text }];
    case 'ExtendedGlob':
      return [{ pattern: expansionsIn(part.parts ?? []) }];
    default:
      return [{ expansion: part, inQuotes: false }];
  }
}

/**
 * The parser gives what is quoted or expanded within braces, and leaves the braces out. What it leaves as text may hold patterns; the
 * set of a bracket is taken for any characters.
 */
function atomsOfBraces({ text, pos, parts = [] }: BraceExpansionPart): readonly Atom[] {
  const between = (from: number, to: number) =>
    unquoted(text.slice(from - pos, to - pos).replace(/\[[^\]]*\]/g, '*'));
  let at = pos;
  const atoms: Atom[] = [];
  for (const part of parts) {
    atoms.push(...between(at, part.pos), ...atomsOfPart(part));
    at = part.end;
  }
  return [...atoms, ...between(at, pos + text.length)];
}

const atomsOfQuoted = (part: WordPart): readonly Atom[] => {
  if (part.type === 'Literal') return [{ quoted: part.value }];
  return isExpansion(part) ? [{ expansion: part, inQuotes: true }] : atomsOfPart(part);
};

const expansionsIn = (parts: readonly WordPart[]): readonly Expansion[] =>
  parts.flatMap(atomsOfPart).flatMap((atom) => {
    if ('expansion' in atom) return [atom.expansion];
    return 'pattern' in atom ? atom.pattern : [];
  });

const isExpansion = (part: WordPart): part is Expansion =>
  part.type.endsWith('Expansion') && part.type !== 'BraceExpansion';

/** Takes the backslashes out of text without quotes. */
function unquoted(text: string): readonly Atom[] {
  if (!text.includes('\\')) return text === '' ? [] : [{ raw: text }];
  return [...text.matchAll(/\\\n|\\([\s\S])|([^\\]+|\\)/g)].flatMap(([, escaped, raw]): readonly Atom[] => {
    if (escaped !== undefined) return [{ quoted: escaped }];
    return raw === undefined ? [] : [{ raw }];
  });
}
