import type { Frame } from '../protocol/frames.ts';

/**
 * A frame of a peer that this side chose: its device, or the server it dialled. Null when it is none. There are no limits here, since
 * what a model made up may be nested however deep; `readFrame` is for peers that nobody knows.
 */
export function parseTrusted(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isFrame(value) ? value : null;
}

const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
