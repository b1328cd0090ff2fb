import type { Word } from 'unbash';
import { type Atom, atomsOf, type Expansion } from './atoms.ts';
import { expandBraces } from './braces.ts';
import { type Expanded, expand } from './expansions.ts';
import {
  anything,
  type Field,
  field,
  joined,
  literal,
  oneCharacter,
  type Piece,
  plainField,
  someName,
  someNumber,
} from './pieces.ts';
import { type Shell, TooMuch } from './shell.ts';

/** What the shell may take for more than itself. */
const plain = /^[\w./:,@%+^-]+$/;

/** The words that a word is, evaluated as the shell would. What stands in its substitutions is judged on the way. */
export function fieldsOf(word: Word, shell: Shell): readonly Field[] {
  if (!word.parts && plain.test(word.text)) return [plainField(word.text)];
  const atoms = atomsOf(word);
  const once = rememberingExpand(shell);
  const isBraced = atoms.some((atom) => 'raw' in atom && atom.raw.includes('{'));
  const words = isBraced ? expandBraces(atoms) : [atoms];
  if (!words) return [manyNumbers(atoms, once)];
  return words.flatMap((each) => split(each, shell, once));
}

/** `{1..9999}`: what stands around it stays known. Other braces with so many words are nobody's. */
function manyNumbers(atoms: readonly Atom[], once: Expand): Field {
  const pieces = atoms.flatMap((atom): readonly Piece[] => {
    if ('quoted' in atom) return [atom.quoted];
    if (!('raw' in atom)) return expansionsOf(atom).flatMap((each) => once(each).pieces);
    const parts = atom.raw.split(/\{-?\d+\.\.-?\d+(?:\.\.-?\d+)?\}/);
    if (parts.length > 2 || parts.some((part) => /[{}]/.test(part))) throw new TooMuch('braces');
    return parts.flatMap((part, n) => (n === 0 ? [part] : [someNumber, part]));
  });
  return field(joined(pieces), { splits: true });
}

/** A word that stays one: the value of an assignment, what a redirection names within `[[`, a here-string. */
export function wordOf(word: Word, shell: Shell, isAssignment = false): Field {
  return oneField(atomsOf(word), shell, isAssignment);
}

export function oneField(atoms: readonly Atom[], shell: Shell, isAssignment = false): Field {
  const pieces: Piece[] = [];
  let isExpanded = false;
  for (const [n, atom] of atoms.entries()) {
    for (const expansion of expansionsOf(atom)) {
      pieces.push(...expand(expansion, shell).pieces);
      isExpanded = true;
    }
    if ('quoted' in atom) pieces.push(atom.quoted);
    if ('raw' in atom) pieces.push(...tildes(atom.raw, n === 0, shell, isAssignment));
    if ('pattern' in atom) pieces.push(anything);
  }
  return field(joined(pieces.length > 0 ? pieces : ['']), { expanded: isExpanded });
}

type Expand = (expansion: Expansion) => Expanded;

/** With braces a word stands for several; what it substitutes is judged once. */
function rememberingExpand(shell: Shell): Expand {
  const known = new Map<Expansion, Expanded>();
  return (expansion) => {
    const found = known.get(expansion) ?? expand(expansion, shell);
    known.set(expansion, found);
    return found;
  };
}

const expansionsOf = (atom: Atom): readonly Expansion[] => {
  if ('expansion' in atom) return [atom.expansion];
  return 'pattern' in atom ? atom.pattern : [];
};

/** A field that is being put together. */
type Draft = { pieces: Piece[]; kept: boolean; splits: boolean; glob: boolean; expanded: boolean };

const emptyDraft = (): Draft => ({ pieces: [], kept: false, splits: false, glob: false, expanded: false });

function split(atoms: readonly Atom[], shell: Shell, once: Expand): readonly Field[] {
  const fields: Field[] = [];
  let draft = emptyDraft();
  const end = () => {
    if (draft.kept || draft.pieces.length > 0)
      fields.push(field(joined(draft.pieces.length > 0 ? draft.pieces : ['']), draft));
    draft = emptyDraft();
  };
  for (const [n, atom] of atoms.entries()) {
    if ('quoted' in atom) {
      draft.pieces.push(atom.quoted);
      draft.kept = true;
    } else if ('raw' in atom) {
      for (const piece of tildes(atom.raw, n === 0, shell, false)) {
        const patterns = typeof piece === 'string' ? patternsIn(piece) : [piece];
        draft.pieces.push(...patterns);
        draft.glob ||= patterns.some((each) => typeof each !== 'string');
      }
    } else if ('pattern' in atom) {
      atom.pattern.forEach(once);
      draft.pieces.push(someName);
      draft.glob = true;
    } else {
      const { pieces, splits } = once(atom.expansion);
      draft.expanded = true;
      if (atom.inQuotes) {
        draft.pieces.push(...pieces);
        draft.splits ||= splits;
        continue;
      }
      const text = literal(pieces);
      // A name that a pattern found may hold spaces; a number holds none.
      if (text === null) {
        draft.pieces.push(...pieces);
        draft.splits ||=
          splits || pieces.some((piece) => typeof piece !== 'string' && piece.wild !== 'number');
        continue;
      }
      const [first = '', ...others] = text.split(/[ \t\n]+/);
      if (first !== '') draft.pieces.push(...patternsIn(first, true));
      for (const other of others) {
        end();
        draft.expanded = true;
        if (other !== '') draft.pieces.push(...patternsIn(other, true));
      }
      draft.glob ||= draft.pieces.some((piece) => typeof piece !== 'string');
    }
  }
  end();
  return fields;
}

/** `*` and `?`, and in the value of a variable also brackets: in what is written out the parser has found those. */
function patternsIn(text: string, withBrackets = false): readonly Piece[] {
  const signs = withBrackets ? /(\*|\?|\[[^\]]*\]|\\)/ : /(\*|\?)/;
  if (!signs.test(text)) return [text];
  return text
    .split(signs)
    .filter((part) => part !== '')
    .map((part) => {
      if (part === '?') return oneCharacter;
      if (part === '\\') return anything;
      return part === '*' || (withBrackets && part.startsWith('[') && part.endsWith(']')) ? someName : part;
    });
}

/** Puts home folders in: at the beginning, and where something that looks like an assignment has its value. */
function tildes(raw: string, isFirst: boolean, shell: Shell, isAssignment: boolean): readonly Piece[] {
  if (!raw.includes('~')) return [raw];
  const before = isAssignment ? /(^|:)(?=~)/ : /(^|^[A-Za-z_]\w*=)(?=~)/;
  if (!before.test(raw) || (!isFirst && !isAssignment)) return [raw];
  const pieces: Piece[] = [];
  let rest = raw;
  for (let found = before.exec(rest); found; found = before.exec(rest)) {
    const start = found.index + found[0].length;
    const name = /^~[^/:]*/.exec(rest.slice(start))?.[0] ?? '~';
    pieces.push(rest.slice(0, start), homeOf(name.slice(1), shell));
    rest = rest.slice(start + name.length);
    if (!isAssignment) break;
    if (!rest.includes(':~')) break;
  }
  return [...pieces, rest].filter((piece) => piece !== '');
}

/** A folder that is nowhere below the working directory, and no other user's either. */
export const othersHome = '/~';

function homeOf(name: string, shell: Shell): Piece {
  const { home, user } = shell.run.situation;
  const { state } = shell;
  if (name === '' && !state.variables.has('HOME') && !state.lost) return home;
  if (name === '+') return state.cwd?.length === 1 ? (state.cwd[0] ?? anything) : anything;
  if (name === '' || /^[-+]?\d*$/.test(name)) return anything;
  return name === user ? home : `${othersHome}${name}`;
}
