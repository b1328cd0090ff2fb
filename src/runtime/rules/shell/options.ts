import type { Reach } from '../../../core/permission.ts';
import { reachOf } from './paths.ts';
import { anything, type Field, mayBeOption, plainField, textOf } from './pieces.ts';
import { type Shell, worse } from './shell.ts';

/**
 * What an option takes. `''` nothing, `:` a value, `?` a value joined to it or none, `<` a file that is read, `>` one that is changed,
 * `!` nothing, but it follows links to elsewhere.
 */
type Kind = '' | ':' | '?' | '<' | '>' | '!';

export type Options = {
  readonly short: ReadonlyMap<string, Kind>;
  readonly long: ReadonlyMap<string, Kind>;
  /** `-20` */
  readonly numbers: boolean;
};

/** Options as in `-abc -n: --color? --file<`; `-#` is a number. Whatever is not listed is not understood. */
export function options(text: string): Options {
  const short = new Map<string, Kind>();
  const long = new Map<string, Kind>();
  for (const [, dashes, names = '', kind = ''] of text.matchAll(/(--?)([\w#+-]+)([:?<>!]?)/g)) {
    if (dashes === '--') long.set(names, kind as Kind);
    else for (const letter of names) short.set(letter, kind as Kind);
  }
  return { short, long, numbers: short.delete('#') };
}

export type Given = { readonly option: string; readonly kind: Kind; readonly value: Field | null };

export type Parsed = {
  readonly operands: readonly Field[];
  readonly given: readonly Given[];
  /** How many of the words were options, their values, or `--`, where `stopsEarly`. */
  readonly taken: number;
  /** All options are known ones. */
  readonly clear: boolean;
  /** A word that is not known may be an option. */
  readonly vague: boolean;
};

/** Reads words as GNU programs do. `stopsEarly`: the first operand ends the options, as where a command follows. */
export function parseOptions(words: readonly Field[], known: Options, stopsEarly = false): Parsed {
  const operands: Field[] = [];
  const given: Given[] = [];
  let clear = true;
  let vague = false;
  let at = 0;
  const take = (option: string, kind: Kind, joined: string | null) => {
    if (kind === '' || kind === '!' || kind === '?') {
      if (joined !== null && kind !== '?') clear = false;
      given.push({ option, kind, value: joined === null ? null : plainField(joined) });
      return;
    }
    const value = joined === null ? words[++at] : plainField(joined);
    if (!value || value.splits || (kind === ':' && isUnknownValue(value))) clear = false;
    given.push({ option, kind, value: value ?? null });
  };
  for (; at < words.length; at++) {
    const word = words[at];
    if (!word) break;
    const text = textOf(word);
    if (text === null ? !mayBeOption(word) : text === '-' || text === '' || !text.startsWith('-')) {
      if (stopsEarly) break;
      operands.push(word);
    } else if (text === null) {
      vague = true;
      operands.push(word);
    } else if (text === '--') {
      at += 1;
      if (!stopsEarly) operands.push(...words.slice(at));
      break;
    } else if (text.startsWith('--')) {
      const [, name = '', joined] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
      const kind = known.long.get(name);
      if (kind === undefined) clear = false;
      else take(`--${name}`, kind, joined ?? null);
    } else if (!(known.numbers && /^-\d+$/.test(text)))
      cluster(text.slice(1), known, take, () => (clear = false));
  }
  return { operands, given, taken: at, clear, vague };
}

const isUnknownValue = ({ pieces }: Field): boolean => pieces.includes(anything);

function cluster(
  letters: string,
  known: Options,
  take: (option: string, kind: Kind, joined: string | null) => void,
  unclear: () => void,
): void {
  for (let n = 0; n < letters.length; n++) {
    const letter = letters[n] ?? '';
    const kind = known.short.get(letter);
    if (kind === undefined) return unclear();
    const rest = letters.slice(n + 1);
    if (kind === '' || kind === '!') {
      take(`-${letter}`, kind, null);
      continue;
    }
    return take(`-${letter}`, kind, rest === '' ? null : rest);
  }
}

/** What the options alone reach for: files that they name, links that they follow. */
export function reachOfOptions({ given, clear, vague }: Parsed, shell: Shell): Reach {
  return given.reduce<Reach>(
    (reach, { kind, value }) => {
      if (kind === '!') return worse(reach, 'read-outside');
      if (kind === '<' && value) return worse(reach, reachOf('read', value, shell));
      if (kind === '>' && value) return worse(reach, reachOf('edit', value, shell));
      return reach;
    },
    clear && !vague ? 'read-inside' : 'execute',
  );
}

export const has = ({ given }: Parsed, ...names: readonly string[]): boolean =>
  given.some(({ option }) => names.includes(option));
