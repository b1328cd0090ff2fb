/** Where a part of a word is not written out. `name`: any characters but slashes; `one`: a single such; `number`: digits, maybe signed. */
export type Wild = { readonly wild: 'anything' | 'name' | 'one' | 'number' };

export type Piece = string | Wild;

export const anything: Wild = { wild: 'anything' };
export const someName: Wild = { wild: 'name' };
export const oneCharacter: Wild = { wild: 'one' };
export const someNumber: Wild = { wild: 'number' };

/** One word as a program gets it, as far as it can be known. */
export type Field = {
  readonly pieces: readonly Piece[];
  /** It may be any number of words, also none. */
  readonly splits: boolean;
  /** A pattern for file names stands in it. */
  readonly glob: boolean;
  /** A part of it comes from a variable or a substitution. */
  readonly expanded: boolean;
};

export const field = (pieces: readonly Piece[], marks: Partial<Omit<Field, 'pieces'>> = {}): Field => ({
  pieces,
  splits: marks.splits ?? false,
  glob: marks.glob ?? false,
  expanded: marks.expanded ?? false,
});

export const plainField = (text: string): Field => field([text]);

/** A word, or several, of which nothing is known. */
export const unknownField: Field = field([anything], { splits: true, expanded: true });

/** The word where all of it is known. */
export function textOf({ pieces, splits }: Field): string | null {
  if (splits) return null;
  return literal(pieces);
}

export function literal(pieces: readonly Piece[]): string | null {
  if (pieces.length === 1 && typeof pieces[0] === 'string') return pieces[0];
  let text = '';
  for (const piece of pieces) {
    if (typeof piece !== 'string') return null;
    text += piece;
  }
  return text;
}

/** What a word surely begins with. */
export const beginning = ({ pieces }: Field): string => (typeof pieces[0] === 'string' ? pieces[0] : '');

export const isUnknown = ({ pieces, splits }: Field): boolean =>
  splits || pieces.some((piece) => piece === anything || piece === someNumber);

/** Whether a program may take it for an option. */
export const mayBeOption = (word: Field): boolean =>
  word.splits || (beginning(word) === '' && literal(word.pieces) !== '') || beginning(word).startsWith('-');

export const isNumeric = (pieces: readonly Piece[]): boolean => {
  const text = literal(pieces);
  return text === null ? pieces.length === 1 && pieces[0] === someNumber : /^-?\d{1,18}$/.test(text);
};

export function samePieces(a: readonly Piece[], b: readonly Piece[]): boolean {
  return a === b || (a.length === b.length && a.every((piece, n) => piece === b[n]));
}

/** Joins neighbouring literals, so that the first piece is all that the word is known to begin with. */
export function joined(pieces: readonly Piece[]): readonly Piece[] {
  const whole: Piece[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') whole[whole.length - 1] = last + piece;
    else if (piece !== '' || pieces.length === 1) whole.push(piece);
  }
  return whole;
}

/** The names of a path, each with its pieces; the first is empty for an absolute one. */
export function namesOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const names: Piece[][] = [[]];
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      names.at(-1)?.push(piece);
      continue;
    }
    for (const [n, name] of piece.split('/').entries()) {
      if (n > 0) names.push([]);
      if (name !== '') names.at(-1)?.push(name);
    }
  }
  return names;
}

const mostPieces = 200;

/** Whether the pieces of one name may stand for `name`, upper and lower case being the same. Steps: pieces × letters. */
export function mayBeName(pieces: readonly Piece[], name: string): boolean {
  if (pieces.length > mostPieces) return true;
  const wanted = name.toLowerCase();
  if (wanted.startsWith('.') && typeof pieces[0] !== 'string' && pieces[0] !== anything) return false;
  let reached = new Set([0]);
  for (const piece of pieces) {
    const next = new Set<number>();
    for (const at of reached) {
      if (typeof piece === 'string') {
        if (wanted.startsWith(piece.toLowerCase(), at)) next.add(at + piece.length);
      } else if (piece === oneCharacter) {
        if (at < wanted.length) next.add(at + 1);
      } else for (let end = at; end <= wanted.length; end++) next.add(end);
    }
    reached = next;
  }
  return reached.has(wanted.length);
}
