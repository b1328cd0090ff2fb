import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';

/**
 * The folder a person means, links followed. The runtime is on this machine, and of a folder that is missing it says only that the
 * old one stays.
 */
export function findFolder(from: string, asked: string): { readonly path: string } | Failure {
  const path = resolve(from, asked);
  try {
    if (statSync(path).isDirectory()) return { path: realpathSync(path) };
    return failure('path_not_directory', `${path} is not a folder.`);
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'There is no folder'
        : 'Farhand cannot read';
    return failure('path_not_directory', `${why} ${path}.`);
  }
}
