import type { Closed } from '../pipe.ts';

/**
 * One JSON text per line. An object is a frame as it is; a string is the text of a frame that cannot be a line by itself
 * (it contains a newline, or is no object); an array `[code, reason]` is the end. Every text arrives exactly as it was sent.
 */
export function frameLine(text: string): string {
  return text.startsWith('{') && !text.includes('\n') ? `${text}\n` : `${JSON.stringify(text)}\n`;
}

export function closeLine({ code, reason }: Closed): string {
  return `${JSON.stringify([code, reason])}\n`;
}

export type Line = { readonly text: string } | { readonly closed: Closed };

/** A line that is none of the three is a text, for the reader of frames to refuse; an empty line is nothing. */
export function readLine(line: string): Line | undefined {
  if (line === '') return undefined;
  if (!line.startsWith('"') && !line.startsWith('[')) return { text: line };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { text: line };
  }
  if (typeof value === 'string') return { text: value };
  if (Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string') {
    return { closed: { code: value[0], reason: value[1] } };
  }
  return { text: line };
}

const NEWLINE = 0x0a;
const KEPT_BYTES = 64 * 1024;

/**
 * Cuts a byte stream into lines; characters split over chunks stay whole. Takes time linear in the bytes, however small the
 * chunks. A line of more than `maxBytes` calls `onTooLong`; after that nothing is read.
 */
export function lineSplitter(
  maxBytes: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): (chunk: Buffer) => void {
  let held = Buffer.alloc(0);
  let length = 0;
  let dead = false;

  function hold(chunk: Buffer): void {
    const needed = length + chunk.length;
    if (needed > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * held.length));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    chunk.copy(held, length);
    length = needed;
  }
  function take(): string {
    const line = held.toString('utf8', 0, length);
    length = 0;
    if (held.length > KEPT_BYTES) held = Buffer.alloc(0);
    return line;
  }
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0 && !dead) {
      const at = rest.indexOf(NEWLINE);
      const piece = at < 0 ? rest : rest.subarray(0, at);
      if (length + piece.length > maxBytes) {
        dead = true;
        held = Buffer.alloc(0);
        onTooLong();
      } else if (at < 0) {
        hold(piece);
        return;
      } else if (length === 0) {
        onLine(piece.toString());
      } else {
        hold(piece);
        onLine(take());
      }
      rest = rest.subarray(piece.length + 1);
    }
  };
}
