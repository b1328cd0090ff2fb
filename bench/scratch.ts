import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const here = join(import.meta.dirname, 'scratch');
/** A disk of memory, where a flush costs nothing. */
const inMemory = '/dev/shm';

/** `disk`: where the project lies. `memory`: on a disk of memory, where the system has one. */
export type Medium = 'disk' | 'memory';

export const hasMemoryDisk = (): boolean => existsSync(inMemory);

/** Lends a folder that is gone afterwards. */
export async function withFolder<Result>(
  medium: Medium,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const parent = medium === 'disk' ? here : inMemory;
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'farhand-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
