import type { Question } from '../show/request.ts';

/** What a person typed at an approval. */
export type Decision =
  | { readonly do: 'allow' }
  | { readonly do: 'deny'; readonly reason: string }
  /** `nth`: which of the choices, from 1. */
  | { readonly do: 'remember'; readonly nth: number }
  | { readonly do: 'edit' | 'view' }
  | { readonly do: 'unclear' };

/** What the model reads. */
export const deniedBecause = (why: string): string =>
  why.trim() === '' ? 'Denied by the person.' : `Denied by the person: ${why.trim()}`;

/** `y`, `1`, `n`, `n because it deletes too much`, `e`, `v`; anything else decides nothing. */
export function readDecision(line: string): Decision {
  const [, word = '', rest = ''] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
  switch (word.toLowerCase().replace(/[,:]$/, '')) {
    case 'y':
    case 'yes':
      return rest === '' ? { do: 'allow' } : { do: 'unclear' };
    case 'n':
    case 'no':
      return { do: 'deny', reason: deniedBecause(rest) };
    case 'e':
    case 'edit':
      return { do: 'edit' };
    case 'v':
    case 'view':
      return { do: 'view' };
    default:
      return rest === '' && /^[1-9]$/.test(word) ? { do: 'remember', nth: Number(word) } : { do: 'unclear' };
  }
}

/** The labels behind the numbers, else the words themselves; null when nothing was said. */
export function readAnswer(question: Question, line: string): string | readonly string[] | null {
  const text = line.trim();
  if (text === '') return null;
  const numbers = text.split(/[\s,]+/).map(Number);
  const labels = numbers.map((number) => question.options[number - 1]?.label);
  const known = labels.filter((label) => label !== undefined);
  if (known.length < labels.length) return text;
  return question.several ? known : known.length === 1 ? (known[0] ?? text) : text;
}
