import type { Atom } from './atoms.ts';

/** One unquoted character, or something that braces do not look into. */
type Item = string | Exclude<Atom, { readonly raw: string }>;

const mostBraces = 32;
const mostWords = 256;

/** `a{b,c}` is `ab` and `ac`, before anything else is expanded. Null where it would be too many words. */
export function expandBraces(atoms: readonly Atom[]): readonly (readonly Atom[])[] | null {
  const items = atoms.flatMap((atom): readonly Item[] => ('raw' in atom ? [...atom.raw] : [atom]));
  if (items.filter((item) => item === '{').length > mostBraces) return null;
  const words = expand(items);
  return words ? words.map(packed) : null;
}

function expand(items: readonly Item[]): readonly (readonly Item[])[] | null {
  for (let at = items.indexOf('{'); at !== -1; at = items.indexOf('{', at + 1)) {
    const found = alternativesAt(items, at);
    if (!found) continue;
    const rest = expand(items.slice(found.end + 1));
    if (!rest) return null;
    const words: (readonly Item[])[] = [];
    for (const alternative of found.alternatives) {
      const inner = expand(alternative);
      if (!inner || words.length + inner.length * rest.length > mostWords) return null;
      for (const middle of inner)
        for (const tail of rest) words.push([...items.slice(0, at), ...middle, ...tail]);
    }
    return words;
  }
  return [items];
}

type Alternatives = { readonly end: number; readonly alternatives: readonly (readonly Item[])[] };

function alternativesAt(items: readonly Item[], start: number): Alternatives | null {
  const commas: number[] = [];
  let depth = 0;
  for (let at = start; at < items.length; at++) {
    const item = items[at];
    if (item === '{') depth += 1;
    else if (item === ',' && depth === 1) commas.push(at);
    else if (item === '}' && --depth === 0) {
      const alternatives =
        commas.length > 0
          ? [...commas, at].map((comma, n) => items.slice((commas[n - 1] ?? start) + 1, comma))
          : sequence(items.slice(start + 1, at));
      return alternatives && { end: at, alternatives };
    }
  }
  return null;
}

const numbers = /^([+-]?\d{1,9})\.\.([+-]?\d{1,9})(?:\.\.([+-]?\d{1,9}))?$/;
const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.([+-]?\d{1,9}))?$/;

/** `1..5`, `a..e..2` */
function sequence(items: readonly Item[]): readonly (readonly Item[])[] | null {
  if (!items.every((item) => typeof item === 'string')) return null;
  const text = items.join('');
  const [, from = '', to = '', by] = numbers.exec(text) ?? letters.exec(text) ?? [];
  if (from === '') return null;
  const isNumber = numbers.test(text);
  const [first, last] = isNumber ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  const step = Math.abs(Number(by ?? 1)) || 1;
  const width = [from, to].some((end) => /^-?0\d/.test(end)) ? Math.max(from.length, to.length) : 0;
  const made: (readonly Item[])[] = [];
  for (let n = first; first <= last ? n <= last : n >= last; n += first <= last ? step : -step) {
    if (made.length > mostWords) break;
    const sign = n < 0 && isNumber ? '-' : '';
    const shown = isNumber
      ? sign + String(Math.abs(n)).padStart(width - sign.length, '0')
      : String.fromCharCode(n);
    made.push([...shown]);
  }
  return made;
}

function packed(items: readonly Item[]): readonly Atom[] {
  const atoms: Atom[] = [];
  let raw = '';
  for (const item of items) {
    if (typeof item === 'string') {
      raw += item;
      continue;
    }
    if (raw !== '') atoms.push({ raw });
    raw = '';
    atoms.push(item);
  }
  if (raw !== '') atoms.push({ raw });
  return atoms;
}
