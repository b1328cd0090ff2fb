import { printableOutput } from './printable.ts';

const first = 5;
const last = 3;
const widest = 160;

/** The beginning and the end of an output, with what is left out between them counted. */
export function excerpt(text: string): readonly string[] {
  const lines = printableOutput(text).replace(/\n+$/, '').split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  const shown = lines.map((line) => (line.length > widest ? `${line.slice(0, widest - 1)}…` : line));
  // One line less would be said with one line more.
  if (shown.length <= first + last + 1) return shown;
  const hidden = shown.length - first - last;
  return [...shown.slice(0, first), `… ${hidden} more lines …`, ...shown.slice(-last)];
}
