import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { codeOf } from '../tools/errno.ts';
import type { FoundRule } from './layers.ts';
import type { Rule } from './sandbox.ts';

/** What a path that cannot be followed fails with: nobody reaches anything through it. */
const unreachable = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'];

/** The rules for what exists, symbolic links followed. */
export function onDisk(rules: readonly Rule[]): readonly FoundRule[] {
  return rules.flatMap(({ path, access }) => {
    try {
      const real = realpathSync.native(path);
      return [{ path: real, access, folder: statSync(real).isDirectory() }];
    } catch (error) {
      if (unreachable.includes(codeOf(error))) return [];
      throw error;
    }
  });
}

/** Makes those whose parent folder is there. */
export function makeFolders(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path);
    } catch (error) {
      if (!['EEXIST', 'EROFS', 'EPERM', ...unreachable].includes(codeOf(error))) throw error;
    }
  }
}
