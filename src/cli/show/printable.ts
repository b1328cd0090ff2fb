import { stripVTControlCharacters } from 'node:util';

// Marks of direction and characters without a shape can make a command read differently from what it does. The joiners U+200C and
// U+200D stay: scripts and emoji need them.
const misleading = '\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff\\u{e0000}-\\u{e007f}';
const unprintable = new RegExp(`[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f${misleading}]`, 'gu');

/**
 * Text of a model, a tool or a peer as a terminal may show it: nothing in it can move the cursor, recolour or hide what a person
 * decides about (SEC-6). What cannot be shown stays visible as its code.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16)}` : `\\u{${code.toString(16)}}`;
  });
}

/** Output of a command, which often colours itself and redraws its line: colours go, a redrawn line becomes lines. */
export const printableOutput = (text: string): string =>
  printable(stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replaceAll('\r', '\n'));

/** Closed by one full stop, however it came. */
export const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);

/** One line, at most `most` characters. */
export function oneLine(text: string, most: number): string {
  const line = printable(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
