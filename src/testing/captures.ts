import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from '../protocol/frames.ts';

/** One line of a recording: a frame that went one way or the other, or a note about the lines that follow. */
export type CaptureLine = {
  readonly t_ms: number;
  readonly dir: string;
  readonly socket?: string;
  readonly frame?: Frame;
  readonly event?: string;
  readonly note?: string;
};

/** Recordings of stock programs, in the corpus that `FARHAND_CORPUS` names, or in the one that lies beside the checkout. */
const folder = path.resolve(process.env.FARHAND_CORPUS ?? '../shared', 'captures');

/** False, with one line that says so, where the recordings are not at hand. */
export function haveCaptures(): boolean {
  const here = existsSync(folder);
  if (!here)
    console.warn(`No recordings at ${folder}; what compares with them is left out (FARHAND_CORPUS).`);
  return here;
}

/** @param name such as `0.32.18/03-text-turn` */
export function readCapture(name: string): CaptureLine[] {
  const text = readFileSync(path.join(folder, `${name}.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CaptureLine);
}

/** The recordings of one version, such as `0.32.18/03-text-turn`. */
export const captureNames = (version: string): string[] =>
  readdirSync(path.join(folder, version))
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => `${version}/${file.slice(0, -'.jsonl'.length)}`)
    .sort();
