import { stripVTControlCharacters } from 'node:util';

// Direction marks can make a command read differently from what it does.
const bidirectional = '\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069';
const unprintable = new RegExp(`[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f${bidirectional}]`, 'g');

/**
 * Text of a model, a tool or a peer as a terminal may show it: nothing in it can move the cursor, recolour or hide what a person
 * decides about (SEC-6). What cannot be shown stays visible as its code.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** Output of a command, which often colours itself and redraws its line: colours go, a redrawn line becomes lines. */
export const printableOutput = (text: string): string =>
  printable(stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replaceAll('\r', '\n'));

/** One line, at most `most` characters. */
export function oneLine(text: string, most: number): string {
  const line = printable(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
