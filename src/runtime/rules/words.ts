/** `*` that stands alone and is not quoted: any one word. */
export const anyWord = Symbol('any word');

/** A word of a rule as it stands, or any one. */
export type PatternWord = string | typeof anyWord;

const operator = /[;&|<>()$`\n]/;
const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)|(.)/gsy;

/** Splits text into words as a shell does, without expanding anything. A string says what is wrong. */
export function splitWords(text: string): readonly PatternWord[] | string {
  const words: PatternWord[] = [];
  let word: string | null = null;
  let quoted = false;
  let starred = false;
  for (const [, single, double, escaped, bare, stray] of `${text} `.matchAll(piece)) {
    if (stray !== undefined) return `the ${stray} has no end`;
    const sign = bare && operator.exec(bare)?.[0];
    if (sign) return `${JSON.stringify(sign)} is the shell's own; a rule is about one simple command`;
    const literal = single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped;
    if (literal !== undefined || bare !== undefined) {
      word = (word ?? '') + (literal ?? bare);
      quoted ||= literal !== undefined;
      starred ||= bare?.includes('*') ?? false;
      continue;
    }
    if (starred && (quoted || word !== '*'))
      return `"${word}": a * stands for one whole word, and :* at the end for whatever follows`;
    if (word !== null) words.push(starred ? anyWord : word);
    word = null;
    quoted = false;
    starred = false;
  }
  return words;
}

const plain = /^[A-Za-z0-9_@%+=,./:-]+$/;

/** One word so that `splitWords` gives it back. */
const quoteWord = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');
