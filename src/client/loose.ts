type Fields = Readonly<Record<string, unknown>>;

/** Readers for frames of peers that may leave anything out. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const recordOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(recordOf) : [];

/** The text of a message's content: a string, or the text parts of a list. */
export const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .map((part) => textOf(part.text))
        .join('');
